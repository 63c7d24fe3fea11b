"""Finds the public service that a message names: exactly by sound, else by the nearest name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain, pairwise
from math import fsum, log
from typing import Any, TypeVar

from bot.nlu.features import Reading
from bot.nlu.pattern import Pattern
from bot.nlu.phrases import Hit, Searches, SoundPhrases, WordPhrases, closed, joined, spelt
from bot.nlu.sound import HEAD, Sound, key

Place = TypeVar("Place", "Mention", Hit[str])

_GRAM = 3
# A name shorter than this in sounds has too many near neighbours to be guessed at.
_LEAST_GUESSED = 8
# The common words of a name, in another place than the rest of it, count from so many sounds on; so
# long is that rest at least.
_LEAST_PART, _LEAST_REST = 3, 6
_IN_PARTS = 0.9
# Letters of a name that may be wrong, added or missing, as a share of its length.
_TOLERANCE = 0.2
# As much of a common word beside it: "citizens are" is no "citizen card", nor "village there" a "village letter".
_COMMON_TOLERANCE, _LEAST_TOLERATED = 0.3, 5
_CANDIDATES = 8
_VOWELS = frozenset("aeiou")
# A syllable goes on with it: what ends before it ends in the middle of a word.
_VOWEL = re.compile("[\u0eb0-\u0ebb\u0ecd]")
# The share of a name's rarity that must be in the message before its letters are compared.
_LEAST_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Mention:
    """A service named in code points `start` to `end`; confidence 1.0 where the name is whole."""

    service: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class _Common:
    """Common words of a name: a letter in three may be wrong, or any of their vowels left out."""

    near: Pattern
    clipped: re.Pattern[str]

    @classmethod
    def of(cls, heard: str) -> _Common:
        """From the sounds of the words; none of them is heard everywhere."""
        letters = (f"{letter}?" if letter in _VOWELS else re.escape(letter) for letter in heard)
        return cls(Pattern(heard), re.compile("".join(letters)))

    def heard_in(self, heard: str) -> bool:
        """Whether these sounds have the words in them."""
        tolerated = not 0 < len(self.near.letters) < _LEAST_TOLERATED
        return bool(self.clipped.search(heard)) or (
            tolerated and self.near.is_within(_COMMON_TOLERANCE, heard)
        )


@dataclass(frozen=True, slots=True)
class _Name:
    """A name by its sounds, and the part of it that no other thing shares: "licence" alone is no boat."""

    service: str
    whole: Pattern
    core: Pattern
    before: _Common
    after: _Common
    # Its grams, and how many of them must be heard for it to be guessed at.
    grams: frozenset[str]
    least: int
    # Where in it some pieces begin, one of which is heard wherever the name is.
    pieces: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, service: str, heard: str, common: Sequence[str]) -> _Name:
        """From the sounds of a name and of the words that many names share."""
        core = _core(heard, common)
        before, after = heard.split(core, 1)
        grams = frozenset(_grams(heard))
        # A wrong letter spoils no more grams than it is in.
        least = min(len(grams) - _GRAM * int(_TOLERANCE * len(heard)), len(_grams(core)))
        return cls(
            service=service,
            whole=Pattern(heard),
            core=Pattern(core),
            before=_Common.of(before),
            after=_Common.of(after),
            grams=grams,
            least=least,
            pieces=tuple(_pieces(heard)),
        )

    def traces(self) -> set[str]:
        """Stretches of HEAD letters, or one less, one of which is heard wherever the name is, or its parts."""
        found, core = {piece for _, piece in self.pieces}, self.core.letters
        return found | {core[:HEAD]} if len(core) >= _LEAST_REST else found

    def nearest(self, heard: str) -> tuple[int, int, int] | None:
        """The fewest letters wrong, and where the stretch begins and ends that is the name; None where too many are."""
        tolerated, begun = int(_TOLERANCE * len(self.whole.letters)), []
        for place, piece in self.pieces:
            at = heard.find(piece)
            while at >= 0:
                begun.append(at - place)
                at = heard.find(piece, at + 1)
        if not begun:
            return None
        # What is farther from a piece than letters may be wrong is not looked at.
        first, last = max(min(begun) - tolerated, 0), max(begun) + len(self.whole.letters) + tolerated
        found = self.whole.within(_TOLERANCE, heard[first:last])
        return found and (found[0], found[1] + first, found[2] + first)

    def whole_in(self, heard: str) -> bool:
        """Whether the core of the name is heard there too, and its common words before and after that."""
        found = self.core.within(_TOLERANCE, heard)
        if found is None:
            return False
        _, start, end = found
        # Of two neighbouring letters that sound alike one is heard.
        return self.before.heard_in(heard[: start + 1]) and self.after.heard_in(heard[max(end - 1, 0) :])

    def in_parts(self, reading: Reading) -> Mention | None:
        """The name with its words in another order, or others between them."""
        sound, core = reading.sound, self.core.letters
        rest = self.whole.letters.replace(core, "", 1)
        first = sound.key.find(core)
        if first < 0 or len(core) < _LEAST_REST or len(rest) < _LEAST_PART:
            return None
        if rest not in sound.key[:first] and rest not in sound.key[first + len(core) :]:
            return None
        start, end = _to_borders(reading.text, *sound.span(first, first + len(core)))
        return Mention(self.service, start, end, _IN_PARTS)


class ServiceNames:
    """All names and synonyms of the services, in every language.

    `generic` are words that say nothing alone (fee, card, licence): a name that is nothing else is
    left out, and a misspelt name must be near in what it has beside them. No name is heard in what
    overlaps a phrase of `unmeant`; one that sounds like a name is told from it by its letters. `sounds` is the table of sound.py to compare by, `searches` are those
    shared with other lists.
    """

    def __init__(
        self,
        names: Mapping[str, Iterable[str]],
        *,
        generic: Iterable[str] = (),
        unmeant: Collection[str] = (),
        sounds: str = "",
        searches: Searches | None = None,
    ) -> None:
        searches = searches or Searches()
        generic = tuple(generic)
        common = sorted({_heard(word, sounds) for word in generic} - {""}, key=_longest_first)
        pairs = [
            (name, service)
            for service, several in names.items()
            for name in several
            if not (said := _heard(name, sounds)) or _core(said, common)
        ]
        self._heard, self._written = (
            SoundPhrases(pairs, sounds, searches, longest=True),
            WordPhrases(_telling(names, generic), searches),
        )
        heard = sorted({(_heard(name, sounds), service) for name, service in pairs})
        alike = {name for name, _ in heard}
        self._unmeant = [
            SoundPhrases(
                [(phrase, True) for phrase in unmeant if (_heard(phrase, sounds) in alike) is strict],
                sounds,
                searches,
                strict=strict,
            )
            for strict in (False, True)
        ]
        self._names = [
            _Name.of(service, name, common) for name, service in heard if len(name) >= _LEAST_GUESSED
        ]
        counts = Counter(gram for name in self._names for gram in name.grams)
        self._rarity = {gram: log(1 + len(self._names) / count) for gram, count in counts.items()}
        # From a trace to the places of the names that have it.
        self._traces: dict[str, list[int]] = {}
        for index, name in enumerate(self._names):
            for trace in name.traces():
                self._traces.setdefault(trace, []).append(index)
        # The grams of a name as bits: to count those that a message shares is one operation.
        self._bits = {gram: 1 << place for place, gram in enumerate(counts)}
        self._masks = [sum(map(self._bits.__getitem__, name.grams)) for name in self._names]
        self._least = [name.least for name in self._names]
        self._enough = [_LEAST_OVERLAP * self._weigh(name.grams) for name in self._names]

    def find(self, reading: Reading) -> list[Mention]:
        """The services named, from left to right; at most one where it had to be guessed."""
        unmeant = [hit for phrases in self._unmeant for hit in phrases.find(reading.text, reading.sound)]
        hits = _apart(self._heard.find(reading.text, reading.sound), unmeant)
        if written := _apart(self._written.find(reading.words), unmeant):
            hits = _longest([*hits, *written])
        if hits:
            return [Mention(hit.value, hit.start, hit.end, 1.0) for hit in sorted(hits, key=_start)]
        guess = self._guess(reading)
        return _apart([guess], unmeant) if guess else []

    def _guess(self, reading: Reading) -> Mention | None:
        sound = reading.sound
        overlaps = self._overlaps(sound)
        best: Mention | None = None
        parts: Mention | None = None
        for index in nsmallest(_CANDIDATES, overlaps, key=lambda index: (-overlaps[index], index)):
            name = self._names[index]
            parts = parts or name.in_parts(reading)
            found = name.nearest(sound.key)
            if found is None:
                continue
            errors, first, last = found
            confidence = round(1.0 - errors / len(name.whole.letters), 3)
            if best and confidence <= best.confidence:
                continue
            if name.whole_in(sound.key[max(first - 1, 0) : last + 1]):
                start, end = _to_borders(reading.text, *sound.span(first, last))
                if not _VOWEL.match(reading.text, end):
                    best = Mention(name.service, start, end, confidence)
        return best or parts

    def _overlaps(self, sound: Sound) -> dict[int, float]:
        """How much of the rarity of each name is heard; of those that may be what was meant."""
        _, threes, fours = sound.runs
        grams = self._bits.keys() & threes
        heard = sum(map(self._bits.__getitem__, grams))
        traces = self._traces.keys() & [*grams, *fours]
        masks, least, overlaps = self._masks, self._least, {}
        for index in set(chain.from_iterable(map(self._traces.__getitem__, traces))):
            if (masks[index] & heard).bit_count() >= least[index]:
                overlap = self._weigh(self._names[index].grams & grams)
                if overlap >= self._enough[index]:
                    overlaps[index] = overlap
        return overlaps

    def _weigh(self, grams: Iterable[str]) -> float:
        return fsum(map(self._rarity.__getitem__, grams))  # whatever their order


def _telling(names: Mapping[str, Iterable[str]], generic: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names and their services, without those whose words are all common ones as they are spelt.

    What sounds like a common word of another language may tell all the same: a car, and `kha`, a fee.
    """
    common = {word for phrase in generic for word in spelt(phrase)}
    for service, several in names.items():
        for name in several:
            if not common.issuperset(spelt(name)):
                yield name, service


def _apart(found: Iterable[Place], taken: Sequence[Hit[Any]]) -> list[Place]:
    """What overlaps nothing that is taken."""
    return [each for each in found if not any(hit.start < each.end and each.start < hit.end for hit in taken)]


def _longest(found: Iterable[Hit[str]]) -> list[Hit[str]]:
    """Of what overlaps the longest: no shorter name hides "family book copy"."""
    kept: list[Hit[str]] = []
    for hit in sorted(found, key=lambda hit: hit.start - hit.end):
        kept += _apart([hit], kept)
    return kept


def _longest_first(word: str) -> tuple[int, str]:
    return -len(word), word


def _start(hit: Hit[str]) -> int:
    return hit.start


def _to_borders(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch to whole Latin words, and over the tone of its last Lao letter."""
    while start and joined(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and joined(text[end - 1], text[end]):
        end += 1
    return start, closed(text, end)


def _pieces(heard: str) -> Iterator[tuple[int, str]]:
    """Of so many pieces as letters may be wrong and one more, one has none wrong; its beginning tells it."""
    pieces = int(_TOLERANCE * len(heard)) + 1
    for start, end in pairwise(len(heard) * place // pieces for place in range(pieces + 1)):
        yield start, heard[start:end][:HEAD]


def _grams(heard: str) -> set[str]:
    return {heard[start : start + _GRAM] for start in range(len(heard) - _GRAM + 1)}


def _heard(name: str, sounds: str) -> str:
    return key(name, sounds).replace(" ", "")


def _core(heard: str, common: Sequence[str]) -> str:
    """What is left of a name without common words, the longest first, at its ends; empty if it is made of them."""
    for word in common:
        if heard.startswith(word):
            return _core(heard.removeprefix(word), common)
        if heard.endswith(word):
            return _core(heard.removesuffix(word), common)
    return heard
