"""Where a text is best cut in two: after a space, between syllables, between letters.

Lao and Thai write no space between words, so a syllable is told by its letters alone. The rule is
a simple one: it misses boundaries between bare consonants and is never wrong before a mark.
"""

from __future__ import annotations

import re
from enum import IntEnum

from bot.text.graphemes import is_boundary

# Zero-width space: writers of Lao mark word boundaries with it.
ZWSP = "\u200b"


class Break(IntEnum):
    """How good a place to cut is; the lower the better."""

    SPACE = 0
    SYLLABLE = 1
    CLUSTER = 2
    TIGHT = 3  # inside a number, or between a leading vowel and its consonant
    INSIDE = 4  # of a grapheme cluster


_LEADING = "ເ-ໄเ-ไ"
_CONSONANT = "ກ-ຮໜ-ໟก-ฮ"
_LETTER = "ກ-ໄໜ-ໟก-ไ"
# What shows that a consonant begins its syllable: a vowel or a tone on it or after it.
_VOWELLED = "ະ-ູົຽ່-ໍะ-ู็-ํ"
_BEGINNING = (
    # A leading vowel begins a syllable.
    rf"(?<![{_LEADING}])[{_LEADING}]"
    # A vowelled consonant does, unless it follows a leading vowel, a silent ຫ or makes a cluster.
    rf"|(?<![{_LEADING}ຫห])[ກ-ຢສ-ຮໜ-ໟก-ยศ-ฮ](?=[{_VOWELLED}])"
    # These end a syllable: short A, AM, repetition, ellipsis.
    rf"|(?<=[ະຳຯໆะำๆฯ])[{_LETTER}]"
    # A change of script, a space.
    rf"|(?<=[A-Za-z0-9])[{_LETTER}]"
    r"|(?<=[\u0e00-\u0eff])[A-Za-z0-9(]"
    r"|\s"
)
_SYLLABLE = re.compile(_BEGINNING)
_TIGHT = re.compile(rf"(?<=[{_LEADING}])|(?<=\d)\d|(?<=\d[.,:/-])\d|(?<=\d)[.,:/-]\d")
# Greedy, so that they find the last place; the two characters behind it are what _BEGINNING looks at.
_LAST_SPACE = re.compile(r"[\s\S]*\s")
_LAST_SYLLABLE = re.compile(rf"[\s\S]*(?:(?={_BEGINNING})|(?<=\s))(?=[\s\S]{{2}})")


def quality(text: str, at: int) -> Break:
    """How good it is to cut `text` before the code point at index `at` (0 < at < length)."""
    if not is_boundary(text, at):
        return Break.INSIDE
    if text[at - 1].isspace():
        return Break.SPACE
    if _SYLLABLE.match(text, at):
        return Break.SYLLABLE
    return Break.TIGHT if _TIGHT.match(text, at) else Break.CLUSTER


def last(text: str, low: int, high: int, worst: Break) -> int:
    """Find the last index from `low` to `high` where a cut is no worse than `worst`; -1 for none.

    0 < low and high < length. Spaces and syllables are looked for by one match each.
    """
    if worst is Break.INSIDE:
        return high if low <= high else -1
    high = _leap(text, low, high, worst)
    for at in range(high, low - 1, -1):
        if quality(text, at) <= worst:
            return at
    return -1


def _leap(text: str, low: int, high: int, worst: Break) -> int:
    """Where to begin looking backwards: nothing further right is good enough."""
    if worst is Break.SPACE:
        match = _LAST_SPACE.match(text, low - 1, high)
    elif worst is Break.SYLLABLE and high + 2 <= len(text):
        match = _LAST_SYLLABLE.match(text, low, high + 2)
    else:
        return high
    return match.end() if match else low - 1
