"""Where a text is best cut in two: after a space, between syllables, between letters.

Lao and Thai write no space between words, so a syllable is told by its letters alone. The rule is
a simple one: it misses boundaries between bare consonants and is never wrong before a mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
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
_LETTER = "ກ-ໄໜ-ໟก-ไ"
# What shows that a consonant begins its syllable: a vowel or a tone on it or after it.
_VOWELLED = "ະ-ູົຽ່-ໍะ-ู็-ํ"
_BEGINNING = (
    # A leading vowel begins a syllable.
    rf"(?<![{_LEADING}])[{_LEADING}]"
    # A vowelled consonant does, unless it follows a leading vowel, a silent ຫ or makes a cluster.
    rf"|(?<![{_LEADING}ຫห])[ກ-ລສ-ຮໜ-ໟก-ยศ-ฮ](?=[{_VOWELLED}])"
    # These end a syllable: short A, AM, repetition, ellipsis.
    rf"|(?<=[ະຳຯໆะำๆฯ])[{_LETTER}]"
    # A change of script, a space.
    rf"|(?<=[A-Za-z0-9])[{_LETTER}]"
    r"|(?<=[\u0e00-\u0eff])[A-Za-z0-9(]"
    r"|\s"
)
_SYLLABLE = re.compile(_BEGINNING)
# By groups, in the order of the ranks: behind a space, before a syllable, where the cut is tight.
_RANK = re.compile(
    rf"(?<=\s)()|({_BEGINNING})|((?<=[{_LEADING}])|(?<=\d)\d|(?<=\d[.,:/-])\d|(?<=\d)[.,:/-]\d)"
)
_RANKS = {1: Break.SPACE, 2: Break.SYLLABLE, 3: Break.TIGHT}
# So many places are looked at one by one.
_FEW = 5
# Greedy, so that they find the last place; the two characters behind it are what _BEGINNING looks at.
_LAST_SPACE = re.compile(r"[\s\S]*\s")
_LAST_SYLLABLE = re.compile(rf"[\s\S]*(?:(?={_BEGINNING})|(?<=\s))(?=[\s\S]{{2}})")


def quality(text: str, at: int) -> Break:
    """How good it is to cut `text` before the code point at index `at` (0 < at < length)."""
    if not is_boundary(text, at):
        return Break.INSIDE
    found = _RANK.match(text, at)
    return _RANKS[found.lastindex] if found and found.lastindex else Break.CLUSTER


class Breaks:
    """The places where one text may be cut, .

    `hints` are indices in rising order where the writer marked a word's end without a space.
    """

    def __init__(self, text: str, hints: Sequence[int] = ()) -> None:
        self._text = text
        self._hints = hints
        self._hinted = frozenset(hints)
        self._syllables: dict[int, bool] = {}

    def last(self, low: int, high: int, worst: Break) -> int:
        """Find the last index from `low` to `high` where a cut is no worse than `worst`; -1 for none.

        0 < low and high < length.
        """
        if worst is Break.INSIDE:
            return high if low <= high else -1
        if high - low > _FEW:
            high = self._leap(low, high, worst)
        if worst is Break.SPACE:
            return self._last_where(self._is_space, low, high)
        if worst is Break.SYLLABLE:
            return self._last_where(self._is_syllable, low, high)
        for at in range(high, low - 1, -1):
            if self.rank(at) <= worst:
                return at
        return -1

    @staticmethod
    def _last_where(fits: Callable[[int], bool], low: int, high: int) -> int:
        while high >= low:
            if fits(high):
                return high
            high -= 1
        return -1

    def _is_space(self, at: int) -> bool:
        return (self._text[at - 1].isspace() or at in self._hinted) and is_boundary(self._text, at)

    def _is_syllable(self, at: int) -> bool:
        found = self._syllables.get(at)
        if found is None:
            begins = _SYLLABLE.match(self._text, at) and is_boundary(self._text, at)
            found = self._syllables[at] = bool(begins) or self._is_space(at)
        return found

    def rank(self, at: int) -> Break:
        """How good the place is, with what the writer marked."""
        rank = quality(self._text, at)
        return Break.SPACE if at in self._hinted and rank is not Break.INSIDE else rank

    def _leap(self, low: int, high: int, worst: Break) -> int:
        """Where to begin looking backwards, found by one match: nothing further right is good enough."""
        if worst is Break.SPACE:
            match = _LAST_SPACE.match(self._text, low - 1, high)
        elif worst is Break.SYLLABLE and high + 2 <= len(self._text):
            match = _LAST_SYLLABLE.match(self._text, low, high + 2)
        else:
            return high
        hint = self._hints[bisect_right(self._hints, high) - 1] if self._hints else 0
        return max(hint, match.end() if match else 0)
