"""Sound without a container: a row of frames, each of which says how long it is; what follows the last one goes."""

from __future__ import annotations

from collections.abc import Callable

from bot.files.errors import NotKept, Reason

# Bytes of a frame's content by its type (RFC 4867, 5.3; 3GPP TS 26.101 and 26.201); 15 is silence.
_NARROW, _NARROW_MARK = (12, 13, 15, 17, 19, 20, 26, 31, 5), b"#!AMR\n"
_WIDE, _WIDE_MARK = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5), b"#!AMR-WB\n"
_NO_DATA, _LOST = 15, 14
_ADTS_HEADER = 7
# Kilobits a second and samples a second (ISO 11172-3, 2.4.2.3; ISO 13818-3): by layer of version 1, then later ones.
_KILOBITS = {
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLES = (44_100, 48_000, 32_000)
_VERSIONS = {3: (1, 1), 2: (2, 2), 0: (2, 4)}  # which tables, and by how much its sampling is slower
_LAYERS = {1: 3, 2: 2}
_HEADER = 4
_FREE, _BAD = 0, 15

Length = Callable[[bytes, int], int]


def amr(data: bytes) -> bytes:
    """Adaptive Multi-Rate, narrow or wide. Raises NotKept."""
    mark, sizes = (_WIDE_MARK, _WIDE) if data.startswith(_WIDE_MARK) else (_NARROW_MARK, _NARROW)

    def length(data: bytes, at: int) -> int:
        kind = data[at] >> 3 & 0x0F
        if data[at] & 0x83:
            return 0
        if kind in (_NO_DATA, _LOST):
            return 1
        return 1 + sizes[kind] if kind < len(sizes) else 0

    return _whole(data, len(mark), length)


def adts(data: bytes) -> bytes:
    """AAC in ADTS (ISO 13818-7, 6.2). Raises NotKept."""
    return _whole(data, 0, _adts_length)


def mpeg(data: bytes) -> bytes:
    """MPEG audio of layers 2 and 3, which begins with a frame. Raises NotKept."""
    return _whole(data, 0, _mpeg_length)


def _whole(data: bytes, start: int, length: Length) -> bytes:
    """The data up to the end of the last whole frame."""
    at = start
    while at < len(data) and (step := length(data, at)) and at + step <= len(data):
        at += step
    if at == start:
        raise NotKept(Reason.UNREADABLE)
    return data[:at]


def _adts_length(data: bytes, at: int) -> int:
    head = data[at : at + _ADTS_HEADER]
    if len(head) < _ADTS_HEADER or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - its sync word
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > _ADTS_HEADER else 0


def _mpeg_length(data: bytes, at: int) -> int:
    head = data[at : at + _HEADER]
    if len(head) < _HEADER or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - its sync word
        return 0
    version, layer = _VERSIONS.get(head[1] >> 3 & 3), _LAYERS.get(head[1] >> 1 & 3)
    rate, sampling, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version is None or layer is None or rate in (_FREE, _BAD) or sampling == len(_SAMPLES):
        return 0
    table, slower = version
    bits = _KILOBITS[table, layer][rate - 1] * 1000
    # Of the slower versions a frame of layer 3 has half as many samples.
    samples = 72 if (table, layer) == (2, 3) else 144
    return samples * bits * slower // _SAMPLES[sampling] + padding
