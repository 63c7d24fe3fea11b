"""PDF papers, put together anew: their pages, without anything that acts, hides or tells of their author."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Name, Pdf

from bot.files.errors import NotKept, Reason

_MOST_PAGES = 500
# What a page needs to be shown (ISO 32000-2, table 31); everything else in it acts or describes.
_OF_A_PAGE = frozenset(
    {"/Type", "/Parent", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit",
     "/Contents", "/Resources", "/Group"}
)  # fmt: skip
# Wherever in the drawing they stand: actions, attached files, and what describes instead of showing.
_NOWHERE = (
    "/A", "/AA", "/AF", "/Alternates", "/EF", "/JS", "/JavaScript", "/LastModified", "/Metadata", "/OpenAction",
    "/OPI", "/PieceInfo", "/Ref",
)  # fmt: skip
_MARKER, _SCAN, _END = 0xFF, 0xDA, 0xD9
# Of the segments that are an application's own, Adobe's alone changes how a picture in a paper looks.
_ADOBE, _COMMENT = 0xEE, 0xFE
_SEGMENTS = range(0xE0, 0xF0)
# Where the data of a scan end: a marker that is neither stuffing nor a restart (ISO 10918-1, B.1.1).
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def rewrite(data: bytes) -> bytes:
    """The pages of a PDF in a new one.

    Forms keep what is filled in, as a part of the page; links lead nowhere any more. Raises NotKept for
    one that asks for a password or has too many pages, and what pikepdf raises for a broken one.
    """
    with Pdf.open(BytesIO(data)) as given, Pdf.new() as paper:
        if given.is_encrypted:
            raise NotKept(Reason.UNREADABLE)
        if not 0 < len(given.pages) <= _MOST_PAGES:
            raise NotKept(Reason.TOO_LARGE if len(given.pages) else Reason.UNREADABLE)
        given.generate_appearance_streams()
        given.flatten_annotations("all")
        paper.pages.extend(given.pages)
        for page in paper.pages:
            for name in [each for each in page.obj.keys() if each not in _OF_A_PAGE]:  # noqa: SIM118 - a PDF object is no dict
                del page.obj[name]
        for each in list(paper.objects):
            _clean(each)
        written = BytesIO()
        paper.save(written, linearize=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return written.getvalue()


def _clean(each: Any) -> None:
    if isinstance(each, pikepdf.Stream):
        for name in _NOWHERE:
            if name in each:
                del each[name]
        if each.get("/Filter") in (Name.DCTDecode, [Name.DCTDecode]):
            each.write(_bare(each.read_raw_bytes()), filter=Name.DCTDecode)
    elif isinstance(each, pikepdf.Dictionary):
        for name in _NOWHERE:
            if name in each:
                del each[name]


def _bare(jpeg: bytes) -> bytes:
    """A JPEG up to its end, without the segments that say where, when and by what it was taken."""
    kept, at = bytearray(jpeg[:2]), 2
    while at + 4 <= len(jpeg) and jpeg[at] == _MARKER and jpeg[at + 1] != _END:
        marker = jpeg[at + 1]
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == _SCAN:
            following = _NEXT_MARKER.search(jpeg, end)
            end = following.start() if following else len(jpeg)
        if marker == _ADOBE or not (marker in _SEGMENTS or marker == _COMMENT):
            kept += jpeg[at:end]
        at = end
    return bytes(kept) + bytes((_MARKER, _END))
