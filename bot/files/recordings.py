"""Recordings, sound and film: their tracks stay as they were made, what tells of place, time and maker goes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from bot.files.errors import NotKept, Reason
from bot.files.frames import mpeg

# --- Ogg (RFC 3533) with Opus (RFC 7845): what messengers record in.
_PAGE = struct.Struct("<4sBBqIIIB")
_CRC_AT = 22
_FULL = 255
_TAGS = b"OpusTags"
_POLYNOMIAL = 0x04C11DB7

# --- MP4 (ISO 14496-12): boxes in boxes. What is not listed becomes free space of the same length.
_TOP = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"free"})
_WITHIN = {
    b"moov": frozenset({b"mvhd", b"trak", b"mvex"}),
    b"mvex": frozenset({b"mehd", b"trex"}),
    b"trak": frozenset({b"tkhd", b"edts", b"tref", b"mdia"}),
    b"edts": frozenset({b"elst"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset(
        {b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"cslg", b"sdtp",
         b"sgpd", b"sbgp"}
    ),
    b"moof": frozenset({b"mfhd", b"traf"}),
    b"traf": frozenset({b"tfhd", b"tfdt", b"trun", b"saiz", b"saio"}),
}  # fmt: skip
_DATED = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_HEADER, _LONG_HEADER = 8, 16
_DEEPEST = 8
_MOST_BOXES = 20_000

# --- MP3: the tags before the frames.
_ID3, _ID3_BYTES, _FOOTER = b"ID3", 10, 0x10


def untagged_ogg(data: bytes) -> bytes:
    """An Opus recording with an empty comment header; what follows its last page is cut off. Raises NotKept."""
    pages = list(_pages(data))
    if len(pages) < 2 or not _body(pages[0]).startswith(b"OpusHead"):  # noqa: PLR2004 - its two headers
        raise NotKept(Reason.UNREADABLE)
    # The header fills pages of its own, up to the first that ends with an end (RFC 7845, 3).
    last = next((n for n, page in enumerate(pages[1:], 1) if page[_PAGE.size - 1 + page[26]] < _FULL), 0)
    comments = pages[1 : last + 1]
    length = sum(len(_body(page)) for page in comments)
    if not last or not _body(pages[1]).startswith(_TAGS) or length < len(_TAGS) + 8:
        raise NotKept(Reason.UNREADABLE)
    empty = _TAGS.ljust(length, b"\0")
    for number, page in enumerate(comments, 1):
        body = len(_body(page))
        pages[number] = _sealed(page[: len(page) - body] + empty[:body])
        empty = empty[body:]
    return b"".join(pages)


def untagged_mp4(data: bytes) -> tuple[bytes, bool]:
    """A film or a sound without the boxes that describe it, and whether it has pictures. Raises NotKept."""
    kept = bytearray(data)
    box = _Boxes(kept)
    end = box.blank(0, len(kept), _TOP, 0)
    if not box.tracks:
        raise NotKept(Reason.UNREADABLE)
    return bytes(kept[:end]), b"vide" in box.tracks


def untagged_mp3(data: bytes) -> bytes:
    """MPEG audio without the tags before and behind its frames. Raises NotKept."""
    while data.startswith(_ID3) and len(data) > _ID3_BYTES:
        size = 0
        for each in data[6:_ID3_BYTES]:
            size = size << 7 | each & 0x7F
        data = data[_ID3_BYTES + size + (_ID3_BYTES if data[5] & _FOOTER else 0) :]
    return mpeg(data)


def _pages(data: bytes) -> Iterator[bytes]:
    """The pages of the first stream; the reading ends where no page of its own begins."""
    at, stream = 0, None
    while at + _PAGE.size <= len(data):
        mark, version, _, _, serial, _, _, segments = _PAGE.unpack_from(data, at)
        table = data[at + _PAGE.size : at + _PAGE.size + segments]
        end = at + _PAGE.size + segments + sum(table)
        if mark != b"OggS" or version or len(table) < segments or end > len(data) or not segments:
            return
        stream = serial if stream is None else stream
        if serial == stream:
            yield data[at:end]
        at = end


def _body(page: bytes) -> bytes:
    return page[_PAGE.size + page[_PAGE.size - 1] :]


def _sealed(page: bytes) -> bytes:
    """The page with the checksum that belongs to it."""
    blank = page[:_CRC_AT] + bytes(4) + page[_CRC_AT + 4 :]
    crc, table = 0, _crc_table()
    for each in blank:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ each]
    return blank[:_CRC_AT] + crc.to_bytes(4, "little") + blank[_CRC_AT + 4 :]


def _crc_table() -> list[int]:
    table = []
    for number in range(256):
        crc = number << 24
        for _ in range(8):
            crc = (crc << 1 & 0xFFFFFFFF) ^ (_POLYNOMIAL if crc & 0x80000000 else 0)
        table.append(crc)
    return table


class _Boxes:
    """A walk through boxes that blanks what is not to be kept; `tracks` are the kinds of those that are."""

    def __init__(self, data: bytearray) -> None:
        self.tracks: list[bytes] = []
        self._data = data
        self._count = 0

    def blank(self, at: int, end: int, wanted: frozenset[bytes], depth: int) -> int:
        """Look at the boxes between two offsets; where the last whole one ends."""
        while at + _HEADER <= end:
            kind, start, stop = self._box(at, end)
            if stop == at:
                break
            self._count += 1
            if self._count > _MOST_BOXES or depth > _DEEPEST:
                raise NotKept(Reason.UNREADABLE)
            if kind not in wanted or kind == b"free" or (kind == b"trak" and not self._is_shown(start, stop)):
                self._data[at + 4 : at + 8] = b"free"
                self._data[start:stop] = bytes(stop - start)
            elif kind in _WITHIN:
                self.blank(start, stop, _WITHIN[kind], depth + 1)
            elif kind in _DATED:
                self._undate(start, stop)
            at = stop
        return at

    def _box(self, at: int, end: int) -> tuple[bytes, int, int]:
        """The kind of the box at an offset, where its content begins, and where it ends; `at` if it is none."""
        size, start = int.from_bytes(self._data[at : at + 4], "big"), at + _HEADER
        if size == 1:
            size, start = int.from_bytes(self._data[at + 8 : at + 16], "big"), at + _LONG_HEADER
        stop = end if size == 0 else at + size
        return bytes(self._data[at + 4 : at + 8]), start, stop if start <= stop <= end else at

    def _is_shown(self, start: int, stop: int) -> bool:
        """Whether a track is pictures or sound: others hold what a camera noted, places among it."""
        found = self._data.find(b"hdlr", start, stop)
        kind = bytes(self._data[found + 12 : found + 16]) if found >= 0 else b""
        if kind not in (b"vide", b"soun"):
            return False
        self.tracks.append(kind)
        return True

    def _undate(self, start: int, stop: int) -> None:
        """Put zero in the place of the moments at which it was made and changed."""
        wide = 16 if start < stop and self._data[start] else 8
        if start + 4 + wide <= stop:
            self._data[start + 4 : start + 4 + wide] = bytes(wide)
