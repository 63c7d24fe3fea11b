"""What a person sent, without the characters that nobody types and that hide or reorder others."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

# Marks that one letter keeps. Composing takes time with the square of their number, so that a
# long run would stop the process: 40,000 of them take two seconds.
MOST_MARKS = 8

_LINE_ENDS = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control
    "\u00ad\u200b-\u200d\u2060-\u2065\ufeff\U000e0000-\U000e0fff"  # invisible, and tags that can smuggle text
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional and deprecated format controls
    "\u180e\ufff0-\ufffb"  # Mongolian vowel separator, interlinear annotation
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical format controls
    "\ud800-\udfff"  # lone surrogates: a pair is one code point here
    "\ufdd0-\ufdef"  # no characters, as are the last two of every plane
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_DENSE = re.compile(rf"[^\w\s]{{{MOST_MARKS + 1},}}")


def clean(text: str) -> str:
    """Give `text` in composed form (NFC), line ends as line feeds, without control and invisible characters.

    Takes out controls, bidirectional and zero-width characters, tags, lone surrogates and code
    points that are no characters; a tab becomes a space. Joined emoji come apart into their
    members. Never raises; letters of any script stay.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    return composed(_UNWANTED.sub("", text))


def composed(text: str) -> str:
    """Give `text` in NFC in a time that grows with its length alone; a ninth mark on a letter goes."""
    if text.isascii():
        return text
    thin = _DENSE.sub(_thinned, text)
    result = unicodedata.normalize("NFC", thin)
    # A few code points decompose even here, and may bring marks of their own.
    return result if len(result) <= len(thin) else _DENSE.sub(_thinned, result)


def _thinned(dense: re.Match[str]) -> str:
    """Leave of each run of combining marks the first few."""
    runs = groupby(dense[0], key=_is_mark)
    return "".join("".join(run)[: MOST_MARKS if marks else None] for marks, run in runs)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Mc")
