"""The octets of an SMS in SMPP: alphabets by data_coding, and the user data header in front of a part.

Sources: SMPP 3.4, 5.2.19; 3GPP TS 23.038, sections 4 and 6.2.1; 3GPP TS 23.040, section 9.2.3.24.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.text.gsm import BASIC, EXTENSION, is_gsm
from bot.text.parts import split

Alphabet = Literal["gsm", "latin-1"]

DEFAULT, LATIN, UCS2 = 0x00, 0x03, 0x08
_FLASH = 0x10
ESCAPE = "\x1b"
_EXTENSION_CODES = (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65)
_DECODED = BASIC[:0x1B] + ESCAPE + BASIC[0x1B:]
_ENCODED = {character: bytes((code,)) for code, character in enumerate(_DECODED)} | {
    character: b"\x1b" + bytes((code,)) for character, code in zip(EXTENSION, _EXTENSION_CODES, strict=True)
}
_ESCAPED = {_DECODED[code]: character for character, code in zip(EXTENSION, _EXTENSION_CODES, strict=True)}
_ESCAPE_PAIR = re.compile(f"{ESCAPE}(.?)", re.DOTALL)
_NAMED = {
    0x01: "ascii",
    0x02: "latin-1",
    0x03: "latin-1",
    0x04: "latin-1",
    0x06: "iso8859-5",
    0x07: "iso8859-8",
}
_JOINED_8, _JOINED_16 = 0x00, 0x08
_UNITS, _JOINED_UNITS = 70, 67


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a part stands: `number` counts from 0; `reference` is common to the parts of one message."""

    reference: int
    number: int
    total: int


def cut(text: str, alphabet: Alphabet) -> tuple[int, Sequence[str]]:
    """The data_coding of a text and its parts.

    Where the SMSC's default alphabet is Latin-1, the few GSM characters that it lacks make a text UCS-2.
    """
    found = split(text)
    whole = "".join(found.parts)
    if found.encoding == "UCS-2":
        return UCS2, found.parts
    if alphabet == "gsm" or _is_latin(whole):
        return DEFAULT, found.parts
    return UCS2, _cut_ucs2(whole)


def encode(text: str, data_coding: int, alphabet: Alphabet) -> bytes:
    """The octets of a part; what the alphabet lacks becomes a question mark."""
    if data_coding == UCS2:
        return text.encode("utf-16-be", "surrogatepass")
    if alphabet == "latin-1":
        return text.encode("latin-1", "replace")
    return b"".join([_ENCODED.get(character, b"?") for character in text])


def decode(octets: bytes, data_coding: int, alphabet: Alphabet) -> str:
    """The text of a message or of a part, whose last character may go on in the next: see `joined`."""
    coding = _plain(data_coding)
    if coding == UCS2:
        return octets.decode("utf-16-be", "surrogatepass") if len(octets) % 2 == 0 else _odd_ucs2(octets)
    if coding in _NAMED:
        return octets.decode(_NAMED[coding], "replace")
    if alphabet == "latin-1":
        return octets.decode("latin-1")
    return "".join([_DECODED[octet] if octet < len(_DECODED) else "\ufffd" for octet in octets])


def joined(parts: Sequence[str]) -> str:
    """The whole text: characters that a cut tore in two are mended, what is left torn is U+FFFD."""
    text = _ESCAPE_PAIR.sub(lambda found: _ESCAPED.get(found[1], found[1]), "".join(parts))
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def flash(data_coding: int) -> int:
    """The data_coding that shows the text at once and keeps it nowhere (message class 0)."""
    return data_coding | _FLASH


def header(place: Place) -> bytes:
    """The user data header of a part: concatenation with a reference of eight bits."""
    return bytes((5, _JOINED_8, 3, place.reference & 0xFF, place.total, place.number + 1))


def read_header(octets: bytes) -> tuple[Place | None, bytes]:
    """The place that a user data header names, if any, and the octets behind it.

    Raises ValueError for a header that is longer than the message or ends within an element.
    """
    end = 1 + octets[0] if octets else 1
    if end > len(octets):
        raise ValueError("header")
    at, place = 1, None
    while at < end:
        if at + 2 > end or at + 2 + octets[at + 1] > end:
            raise ValueError("element")
        element, value = octets[at], octets[at + 2 : at + 2 + octets[at + 1]]
        place = _place(element, value) or place
        at += 2 + len(value)
    return place, octets[end:]


def _place(element: int, value: bytes) -> Place | None:
    """Raises ValueError for one that cannot be."""
    if (element, len(value)) not in ((_JOINED_8, 3), (_JOINED_16, 4)):
        if element in (_JOINED_8, _JOINED_16):
            raise ValueError("element")
        return None
    return place_of(int.from_bytes(value[:-2], "big"), value[-2], value[-1])


def place_of(reference: int, total: int, number: int) -> Place | None:
    """The place of the part with this number, from 1; None for a message of one part. Raises ValueError."""
    if not 1 <= number <= total:
        raise ValueError("place")
    return Place(reference=reference, number=number - 1, total=total) if total > 1 else None


def _plain(data_coding: int) -> int:
    """The alphabet of a data_coding that also says a message class (TS 23.038, section 4)."""
    if data_coding >= 0xF0:  # noqa: PLR2004 - coding group "data coding and message class"
        return 0x02 if data_coding & 0x04 else DEFAULT
    if data_coding in (_FLASH, *range(_FLASH + 1, _FLASH + 4)):
        return DEFAULT
    if data_coding in range(_FLASH | UCS2, (_FLASH | UCS2) + 4):
        return UCS2
    return data_coding


def _odd_ucs2(octets: bytes) -> str:
    return octets[:-1].decode("utf-16-be", "surrogatepass") + "\ufffd"


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return is_gsm(text)


def _cut_ucs2(text: str) -> Sequence[str]:
    """GSM characters have one UTF-16 unit each: nothing can be torn."""
    if len(text) <= _UNITS:
        return (text,)
    return [text[at : at + _JOINED_UNITS] for at in range(0, len(text), _JOINED_UNITS)]
