"""Bodies that come packed, unpacked up to a limit: a thousand times as much may be in them as came."""

from __future__ import annotations

import zlib

from bot.errors import PatouError

PLAIN, ENCODINGS = ("", "identity"), frozenset({"", "identity", "gzip", "deflate"})
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
# Its lower half in the first byte of data in zlib's format (RFC 1950, 2.2); some who say "deflate" leave that out.
_METHOD = 8


class NotUnpacked(PatouError):
    """A body that is packed in another way than it says, or in none."""


class TooMuch(PatouError):
    """There is more in a body than is taken."""


def encoding_of(header: str) -> str:
    """The name of a Content-Encoding, as `ENCODINGS` has it."""
    return header.strip().lower()


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body before it was packed, as far as it came. Raises NotUnpacked, TooMuch for one of over `limit` bytes."""
    if encoding in PLAIN:
        return body
    bits = _GZIP if encoding == "gzip" else _ZLIB if body[:1] and body[0] & 0x0F == _METHOD else _RAW
    try:
        found = zlib.decompressobj(bits).decompress(body, limit + 1)
    except zlib.error:
        raise NotUnpacked from None
    if len(found) > limit:
        raise TooMuch
    return found
