"""The parts of an SMS: how a text is encoded, what it counts, and where it is cut.

Limits from 3GPP TS 23.038 and 23.040: 160 septets or 70 UTF-16 units alone, 153 or 67 in each of
several parts, whose header takes the rest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from bot.text.breaks import ZWSP, Break, Breaks
from bot.text.gsm import EXTENSION, is_gsm, septets

Encoding = Literal["GSM-7", "UCS-2"]

_SINGLE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_JOINED: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}
_RANKS = tuple(Break)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """A text as an SMS: `units` are septets or UTF-16 units of the whole, headers not counted."""

    encoding: Encoding
    units: int
    parts: tuple[str, ...]


def split(text: str) -> Parts:
    """Cut `text` into the fewest parts; joined, they are `text` without zero-width spaces.

    No escape pair and no surrogate pair is torn. Of all cuts into as few parts, it takes those
    that tear the fewest grapheme clusters, then the fewest syllables and words, then fall most
    often on a space or a zero-width space, and then fill the first parts most. The empty text is
    one empty part, as it is for an operator.
    """
    bare = text.replace(ZWSP, "")
    encoding, units = _measure(bare)
    if units <= _SINGLE[encoding]:
        return Parts(encoding=encoding, units=units, parts=(bare,))
    places = _Places(bare, _ends(bare, encoding, units), _JOINED[encoding], _hints(text))
    cuts = [0, *places.best(), len(bare)]
    parts = tuple(bare[start:end] for start, end in pairwise(cuts))
    return Parts(encoding=encoding, units=units, parts=parts)


def count(text: str) -> int:
    """Count the parts of `text`: as many as `split` gives, without looking for the cuts."""
    bare = text.replace(ZWSP, "")
    encoding, units = _measure(bare)
    if units <= _SINGLE[encoding]:
        return 1
    limit = _JOINED[encoding]
    fewest = -(-units // limit)
    # A pair that does not fit leaves one unit of a part unused, never more.
    most = fewest if units == len(bare) else -(-units // (limit - 1))
    return fewest if fewest == most else len(_earliest(_ends(bare, encoding, units), limit))


def _measure(text: str) -> tuple[Encoding, int]:
    if is_gsm(text):
        return "GSM-7", septets(text)
    return "UCS-2", len(text.encode("utf-16-le", "surrogatepass")) // 2


def _ends(text: str, encoding: Encoding, units: int) -> Sequence[int]:
    """Units before each index of `text`, and of the whole at the end."""
    if units == len(text):
        return range(units + 1)
    if encoding == "GSM-7":
        return list(accumulate([2 if character in EXTENSION else 1 for character in text], initial=0))
    return list(accumulate([2 if character > "\uffff" else 1 for character in text], initial=0))


def _hints(text: str) -> Sequence[int]:
    """Where zero-width spaces stood, as indices into the text without them; led by a 0 if there are any."""
    if ZWSP not in text:
        return ()
    return list(accumulate(map(len, text.split(ZWSP)[:-1]), initial=0))


def _earliest(ends: Sequence[int], limit: int) -> list[int]:
    """The earliest beginning of each part that still lets the rest of the text fit behind it."""
    starts = [len(ends) - 1]
    while starts[-1] > 0:
        starts.append(bisect_left(ends, ends[starts[-1]] - limit))
    return starts[:0:-1]


class _Places:
    """The places in one text where its parts may end."""

    def __init__(self, text: str, ends: Sequence[int], limit: int, hints: Sequence[int]) -> None:
        self._breaks = Breaks(text, hints)
        self._ends = ends
        self._limit = limit
        self._earliest = _earliest(ends, limit)

    def best(self) -> tuple[int, ...]:
        """The best cuts, one fewer than parts."""
        # Most texts need no more than spaces. Tearing clusters is always possible: some rank is found.
        return self._best(Break.SPACE) or next(filter(None, map(self._best, _RANKS[self._least() :])))

    def _least(self) -> Break:
        """A rank, from SYLLABLE, that some cut cannot be better than, however the others fall."""
        rank, furthest = Break.SYLLABLE, 0
        for earliest in self._earliest[1:]:
            furthest = self._reach(furthest)
            while self._breaks.last(earliest, furthest, rank) < 0:
                rank = _RANKS[rank + 1]
        return rank

    def _reach(self, start: int) -> int:
        """Where a part that begins at `start` is full."""
        return bisect_right(self._ends, self._ends[start] + self._limit) - 1

    def _best(self, worst: Break) -> tuple[int, ...]:
        """Of cuts no worse than `worst` the best, or none if the parts cannot be so few.

        At each cut and each cost only the furthest place is worth going on from: whatever can
        follow a nearer one can follow it too.
        """
        weights = self._weights()
        reached: dict[int, tuple[int, ...]] = {0: (0,)}
        for earliest in self._earliest[1:]:
            ahead: dict[int, tuple[int, ...]] = {}
            for cost, cuts in reached.items():
                for place, rank in self._candidates(cuts[-1], earliest, worst):
                    total = cost + weights[rank]
                    if total not in ahead or ahead[total][-1] < place:
                        ahead[total] = (*cuts, place)
            reached = _undominated(ahead)
        return next(iter(reached.values()), (0,))[1:]

    def _weights(self) -> tuple[int, ...]:
        """What a cut of each rank costs: no number of better cuts outweighs a worse one."""
        base = len(self._earliest)
        return tuple(base**rank for rank in _RANKS)

    def _candidates(self, start: int, earliest: int, worst: Break) -> Iterator[tuple[int, Break]]:
        """Ends for a part that begins at `start`: of each rank the furthest, unless a better one is further."""
        place = self._reach(start)
        for rank in _RANKS[worst::-1]:
            place = self._breaks.last(earliest, place, rank)
            if place < 0:
                return
            yield place, rank


def _undominated(reached: dict[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """Without those that cost more and reach no further; the cheapest first."""
    kept: dict[int, tuple[int, ...]] = {}
    furthest = -1
    for cost, cuts in sorted(reached.items()):
        if cuts[-1] > furthest:
            furthest = cuts[-1]
            kept[cost] = cuts
    return kept
