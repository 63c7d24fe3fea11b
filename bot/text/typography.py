"""Plain forms of typographic characters, which cost parts in an SMS and say nothing more."""

from __future__ import annotations

import re

_SPACES = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_LINES = "\u0085\u2028\u2029"
_VANISHING = "\u00ad\u200b\u2060\ufeff"

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′‹›", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−•", "-"),
        "…": "...",
        **dict.fromkeys("\t\u00a0\u1680\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys(_LINES, "\n"),
        **dict.fromkeys(_VANISHING, ""),
    }
)
_TYPOGRAPHIC = re.compile(f"[‘’‚‛′‹›“”„‟″«»‐-―−•…{_SPACES}{_LINES}{_VANISHING}]")


def plain(text: str) -> str:
    """Give `text` with plain quotes, hyphens, dots, spaces and line ends, without invisible marks.

    No-break spaces, curly quotes, dashes, the ellipsis, bullets and tabs get the form every phone
    writes; the zero-width space, the soft hyphen and byte order marks go.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii():
        return text.replace("\t", " ")
    return text.translate(_PLAIN) if _TYPOGRAPHIC.search(text) else text
