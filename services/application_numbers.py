"""Numbers of applications: in any form that an office uses, and however a person writes them."""

from __future__ import annotations

import re
import unicodedata

from bot.text.check_digits import SCHEMES
from bot.text.digits import ascii_digits

# Letters and digits of a number; the column of the table has room for more than any office prints.
SHORTEST, LONGEST = 3, 40
# A whole message up to this length may be a number with Lao letters; in a longer one they are words.
_WHOLE_MESSAGE = 24
_LEAST_DIGITS = 3
# Beside it, "number 4471" is more than a number; "AB 4471" is none.
_WORD = re.compile(r"[a-z]{3,}|[A-Za-z]{7,}|[^\x00-\x7f]{5,}")
# Groups of Latin letters and digits with single signs between them, the first digits perhaps after
# letters: "PP-2026/00123". A space may stand before digits only, and after capitals: "PP 2026 00123".
_RUN = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Z]{1,4} |[A-Za-z]{1,6}[-/.]?)?"
    r"[0-9][0-9A-Za-z]*(?:[-/.][0-9A-Za-z]+| [0-9][0-9A-Za-z]*)*"
)
_SPACED = re.compile(r"[A-Z]+ ")
# What ends a sentence, or parts a number from what comes next, is not written in it.
_AROUND = " \t\r\n,;:.?!"


def normalise(text: str) -> str:
    """The number without spaces and signs, in capitals and digits 0-9; empty for what can be none.

    A number has 3 to 40 letters and digits, one digit at least.
    """
    plain = unicodedata.normalize("NFC", ascii_digits(text)).upper()
    number = "".join(each for each in plain if unicodedata.category(each)[0] in "LMN")
    has_digit = any(each.isascii() and each.isdecimal() for each in number)
    return number if has_digit and SHORTEST <= len(number) <= LONGEST else ""


def find(text: str) -> str:
    """The number that a message names, normalised; empty if it names none.

    The run with most digits counts, Latin letters and digits only, for a Lao word would run into it.
    """
    readable = ascii_digits(text).strip()
    runs = [each for each in _RUN.findall(readable) if _digits(each) >= _LEAST_DIGITS]
    found = max(runs, key=_digits, default="")
    # Where all is in capitals, a word before the number is a word.
    shouted = found != readable and readable.upper() == readable and readable.lower() != readable
    return normalise(_SPACED.sub("", found) if shouted and readable.isascii() else found)


def as_written(text: str, number: str) -> str:
    """The normalised number as it is written in a text, which may have other words too; itself if it is not there."""
    readable = ascii_digits(text).strip(_AROUND)
    runs = [readable, *(each for run in _RUN.findall(readable) for each in (run, _SPACED.sub("", run)))]
    return next((each for each in runs if normalise(each) == number), number)


def answer(text: str) -> str:
    """The number in an answer to the question for it: a short one as a whole, Lao letters too."""
    words = ascii_digits(text).strip()
    whole = len(words) <= _WHOLE_MESSAGE and not _WORD.search(words)
    return (normalise(words) if whole else "") or find(words)


def holds(scheme: str, number: str) -> bool:
    """Whether a normalised number has the right check digits; without a scheme every number does."""
    return not scheme or SCHEMES[scheme](number)


def _digits(text: str) -> int:
    return sum(each.isascii() and each.isdecimal() for each in text)
