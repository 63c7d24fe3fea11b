"""Looks for what must not be found: a secret in any encoding, in any file."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

_PARTS = ("base64", "base64 from the second byte", "base64 from the third byte")


def found(canaries: Iterable[str], files: Iterable[Path]) -> list[str]:
    """Where which canary stands, and how it is written."""
    content = {file.name: file.read_bytes() for file in files}
    return [
        f"{canary!r} as {encoding} in {name}"
        for canary in canaries
        for encoding, spelling in _spellings(canary)
        for name, data in content.items()
        if _holds(data, spelling, whole=encoding not in _PARTS)
    ]


def files_below(folder: Path) -> list[Path]:
    """Every file that the server wrote, without the models that tests share."""
    return [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]


def _spellings(canary: str) -> Iterator[tuple[str, bytes]]:
    plain = canary.encode()
    yield "text", plain
    yield "UTF-16", canary.encode("utf-16-le")
    yield "UTF-16 big-endian", canary.encode("utf-16-be")
    yield "hex", plain.hex().encode()
    yield "capital hex", plain.hex().upper().encode()
    yield "URL", quote(canary, safe="").encode()
    yield "JSON", canary.encode("ascii", "backslashreplace")
    yield "reversed", plain[::-1]
    for shift in range(3):
        # The letters of base64 depend on what stands before; those at its ends on its neighbours.
        yield _PARTS[shift], base64.b64encode(b"\0" * shift + plain)[(shift * 8 + 5) // 6 : -4]


def _holds(data: bytes, spelling: bytes, *, whole: bool) -> bool:
    """`whole`: not inside a longer number or id, as six digits stand in some hash by chance."""
    if spelling not in data:
        return False
    return not whole or bool(re.search(rb"(?<![0-9A-Za-z])%b(?![0-9A-Za-z])" % re.escape(spelling), data))
