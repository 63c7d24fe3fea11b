"""The parts of an SMS: how a text is encoded, what it counts, and where it is cut.

Limits from 3GPP TS 23.038 and 23.040: 160 septets or 70 UTF-16 units alone, 153 or 67 in each of
several parts, whose header takes the rest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

from bot.text.breaks import ZWSP, Break, Breaks
from bot.text.gsm import EXTENSION, is_gsm, septets

Encoding = Literal["GSM-7", "UCS-2"]

_SINGLE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_JOINED: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}
_RANKS = tuple(Break)
_NARROW = 6


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
    last = len(ends) - 1
    if isinstance(ends, range):
        return [0, *range(last % limit or limit, last, limit)]
    starts = [last]
    while starts[-1] > 0:
        starts.append(bisect_left(ends, ends[starts[-1]] - limit))
    return starts[:0:-1]


# Cuts up to a place: what they cost, the place of the last one, and the cuts before it.
_Way = tuple[int, int, Any]


class _Places:
    """The places in one text where its parts may end."""

    def __init__(self, text: str, ends: Sequence[int], limit: int, hints: Sequence[int]) -> None:
        self._breaks = Breaks(text, hints)
        self._ends = ends
        self._limit = limit
        self._even = isinstance(ends, range)
        self._earliest = _earliest(ends, limit)

    def best(self) -> tuple[int, ...]:
        """The best cuts, one fewer than parts."""
        if self._reach(0) - self._earliest[1] < _NARROW:
            # So few places to choose from hardly ever have a good one each.
            return self._narrow()
        # Few other texts need worse places than between syllables; tearing clusters is always possible.
        return next(filter(None, map(self._best, _RANKS)))

    def _reach(self, start: int) -> int:
        """Where a part that begins at `start` is full."""
        if self._even:
            return start + self._limit
        return bisect_right(self._ends, self._ends[start] + self._limit) - 1

    def _narrow(self) -> tuple[int, ...]:
        """The best cuts where each has few places: every place is looked at, once."""
        base, size = len(self._earliest), len(self._ends)
        # A way's cost and its last place as one number: of equal cost the further place, which fills its part, is less.
        weights = [base**rank * size for rank in _RANKS]
        rank, reach = self._breaks.rank, self._reach
        # By falling place, with how far each reaches.
        ways, choices = [(reach(0), 0)], []
        for earliest in self._earliest[1:]:
            ahead, before, first, least = [], {}, 1, ways[0][1]
            for place in range(ways[0][0], earliest - 1, -1):
                while first < len(ways) and ways[first][0] >= place:
                    least = min(least, ways[first][1])
                    first += 1
                before[place] = -least % size
                ahead.append((reach(place), least + before[place] + weights[rank(place)] - place))
            ways = ahead
            choices.append(before)
        cuts = [-min(way for _, way in ways) % size]
        for before in reversed(choices[1:]):
            cuts.append(before[cuts[-1]])
        return tuple(reversed(cuts))

    def _best(self, worst: Break) -> tuple[int, ...]:
        """Of cuts no worse than `worst` the best, or none if the parts cannot be so few.

        At each cut and each cost only the furthest place is worth going on from: whatever can
        follow a nearer one can follow it too. Of a place, of each rank the furthest is a candidate, unless
        a better one is further.
        """
        last, reach = self._breaks.last, self._reach
        # What a cut of each rank costs: no number of better cuts outweighs a worse one.
        base = len(self._earliest)
        ranks = [(rank, base**rank) for rank in _RANKS[worst::-1]]
        reached: list[_Way] = [(0, 0, None)]
        for earliest in self._earliest[1:]:
            ahead: dict[int, _Way] = {}
            for way in reached:
                place = reach(way[1])
                for rank, weight in ranks:
                    place = last(earliest, place, rank)
                    if place < 0:
                        break
                    total = way[0] + weight
                    if total not in ahead or ahead[total][1] < place:
                        ahead[total] = (total, place, way)
            if not ahead:
                return ()
            reached = _undominated(ahead)
        return _cuts(reached[0])


def _cuts(way: _Way) -> tuple[int, ...]:
    """The cuts of a way, the first one first."""
    found = []
    while way[2] is not None:
        found.append(way[1])
        way = way[2]
    return tuple(reversed(found))


def _undominated(reached: dict[int, _Way]) -> list[_Way]:
    """Without those that cost more and reach no further; the cheapest first."""
    if len(reached) == 1:
        return list(reached.values())
    kept: list[_Way] = []
    furthest = -1
    for cost in sorted(reached):
        way = reached[cost]
        if way[1] > furthest:
            furthest = way[1]
            kept.append(way)
    return kept
