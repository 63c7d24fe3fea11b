"""The words of an unclear message as staff may read them: nothing in them that reaches or recognises a person."""

from __future__ import annotations

import re

from bot.redaction import GONE, scrub
from bot.text.digits import ascii_digits
from bot.text.graphemes import cut

# What stands for something taken out: no word, so that nothing is learnt from it.
MASK = "…"
# Code points. What is longer is a story, and no example of what people say.
_LONGEST = 200
# References, PINs, numbers of papers; what a fee is asked of, or a year, is as good an example without.
_NUMBER = re.compile(r"\d(?:[\s().\-]?\d){3,}")


def redacted(text: str) -> str:
    """The text in one line without addresses, secrets and numbers of four digits or more, at most 200 code points."""
    readable = scrub(" ".join(text.split())).replace(GONE, MASK)
    kept, position = [], 0
    for match in _NUMBER.finditer(ascii_digits(readable)):
        kept += [readable[position : match.start()], MASK]
        position = match.end()
    return cut("".join(kept) + readable[position:], _LONGEST)[0]
