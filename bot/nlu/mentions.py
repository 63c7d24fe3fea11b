"""Finds the public service that a message names: exactly by sound, else by the nearest name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from math import log
from operator import itemgetter

from bot.nlu.features import Reading
from bot.nlu.phrases import Hit, SoundPhrases, WordPhrases, closed, joined
from bot.nlu.sound import key

_GRAM = 3
# A name shorter than this in sounds has too many near neighbours to be guessed at.
_LEAST_GUESSED = 6
# Letters of a name that may be wrong, added or missing, as a share of its length.
_TOLERANCE = 0.2
_CANDIDATES = 3
# The share of a name's rarity that must be in the message before its letters are compared.
_LEAST_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Mention:
    """A service named in code points `start` to `end`; confidence 1.0 where the name is whole."""

    service: str
    start: int
    end: int
    confidence: float


class ServiceNames:
    """All names and synonyms of the services, in every language."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        pairs = [(name, service) for service, several in names.items() for name in several]
        self._heard, self._written = SoundPhrases(pairs), WordPhrases(pairs)
        self._keys = sorted({(key(name).replace(" ", ""), service) for name, service in pairs})
        self._keys = [pair for pair in self._keys if len(pair[0]) >= _LEAST_GUESSED]
        postings: dict[str, list[int]] = {}
        for index, (heard, _) in enumerate(self._keys):
            for gram in _grams(heard):
                postings.setdefault(gram, []).append(index)
        self._postings = {
            gram: (log(1 + len(self._keys) / len(several)), several) for gram, several in postings.items()
        }
        self._whole = [sum(self._postings[gram][0] for gram in _grams(heard)) for heard, _ in self._keys]

    def find(self, reading: Reading) -> list[Mention]:
        """The services named, from left to right; at most one where it had to be guessed."""
        hits = self._heard.find(reading.text, reading.sound)
        taken = [(hit.start, hit.end) for hit in hits]
        hits += [
            hit for hit in self._written.find(reading.words)
            if not any(start < hit.end and hit.start < end for start, end in taken)
        ]  # fmt: skip
        if hits:
            return [Mention(hit.value, hit.start, hit.end, 1.0) for hit in sorted(hits, key=_start)]
        guess = self._guess(reading)
        return [guess] if guess else []

    def _guess(self, reading: Reading) -> Mention | None:
        sound = reading.sound
        overlap: defaultdict[int, float] = defaultdict(float)
        for gram in _grams(sound.key):
            if gram in self._postings:
                rarity, several = self._postings[gram]
                for index in several:
                    overlap[index] += rarity
        best: Mention | None = None
        for index, score in nlargest(_CANDIDATES, overlap.items(), key=itemgetter(1)):
            if score < _LEAST_OVERLAP * self._whole[index]:
                continue
            heard, service = self._keys[index]
            errors, first, last = _nearest(heard, sound.key)
            if errors <= _TOLERANCE * len(heard):
                confidence = 1.0 - errors / len(heard)
                if best is None or confidence > best.confidence:
                    start, end = _to_borders(reading.text, sound.starts[first], sound.ends[last - 1])
                    best = Mention(service, start, end, round(confidence, 3))
        return best


def _start(hit: Hit[str]) -> int:
    return hit.start


def _to_borders(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch to whole Latin words, and over the tone of its last Lao letter."""
    while start and joined(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and joined(text[end - 1], text[end]):
        end += 1
    return start, closed(text, end)


def _grams(heard: str) -> set[str]:
    return {heard[start : start + _GRAM] for start in range(len(heard) - _GRAM + 1)}


def _nearest(name: str, text: str) -> tuple[int, int, int]:
    """The stretch of `text` that takes the fewest edits to become `name`: edits, start, end.

    P. H. Sellers, "The theory and computation of evolutionary distances", 1980.
    """
    costs = [(row, 0) for row in range(len(name) + 1)]
    best = (len(name), 0, 0)
    for column, letter in enumerate(text, 1):
        diagonal, costs[0] = costs[0], (0, column)
        for row, wanted in enumerate(name, 1):
            above, left = costs[row - 1], costs[row]
            cost = min(
                (diagonal[0] + (letter != wanted), diagonal[1]),
                (above[0] + 1, above[1]),
                (left[0] + 1, left[1]),
            )
            diagonal, costs[row] = left, cost
        if costs[-1][0] < best[0] and column > costs[-1][1]:
            best = (costs[-1][0], costs[-1][1], column)
    return best
