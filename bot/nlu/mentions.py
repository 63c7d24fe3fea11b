"""Finds the public service that a message names: exactly by sound, else by the nearest name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from bot.nlu.features import Reading
from bot.nlu.pattern import Pattern
from bot.nlu.phrases import Hit, SoundPhrases, WordPhrases, closed, joined
from bot.nlu.sound import HEAD, key

_GRAM = 3
# A name shorter than this in sounds has too many near neighbours to be guessed at.
_LEAST_GUESSED = 6
# The common words of a name, in another place than the rest of it, count from so many sounds on.
_LEAST_PART = 3
_IN_PARTS = 0.9
# Letters of a name that may be wrong, added or missing, as a share of its length.
_TOLERANCE = 0.2
# As much of a common word beside it: "citizens are" is no "citizen card".
_COMMON_TOLERANCE = 0.3
_SLACK = 2
_CANDIDATES = 8
_VOWELS = str.maketrans("", "", "aeiou")
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
class _Name:
    """A name by its sounds, and the part of it that no other thing shares: "licence" alone is no boat."""

    service: str
    whole: Pattern
    core: Pattern
    before: Pattern
    after: Pattern

    @classmethod
    def of(cls, service: str, heard: str, common: Collection[str]) -> _Name:
        """From the sounds of a name and of the words that many names share."""
        core = _core(heard, common)
        before, after = heard.split(core, 1)
        return cls(service, Pattern(heard), Pattern(core), Pattern(before), Pattern(after))

    def whole_in(self, heard: str) -> bool:
        """Whether the rest of the name is heard there too, and the common words on their side of it."""
        if self.core.nearest(heard)[0] > _TOLERANCE * len(self.core.letters):
            return False
        before, after = len(self.before.letters), len(self.after.letters)
        return (not before or _heard_in(self.before, heard[: before + _SLACK])) and (
            not after or _heard_in(self.after, heard[-after - _SLACK :])
        )

    def in_parts(self, reading: Reading) -> Mention | None:
        """The name with its words in another order, or others between them."""
        sound, core = reading.sound, self.core.letters
        rest = self.whole.letters.replace(core, "", 1)
        first = sound.key.find(core)
        if first < 0 or len(core) < HEAD or len(rest) < _LEAST_PART:
            return None
        if rest not in sound.key[:first] and rest not in sound.key[first + len(core) :]:
            return None
        start, end = _to_borders(reading.text, sound.starts[first], sound.ends[first + len(core) - 1])
        return Mention(self.service, start, end, _IN_PARTS)


class ServiceNames:
    """All names and synonyms of the services, in every language.

    `generic` are words that say nothing alone (fee, card, licence): a name that is nothing else is
    left out, and a misspelt name must be near in what it has beside them. `sounds` is the table of
    sound.py to compare by.
    """

    def __init__(
        self, names: Mapping[str, Iterable[str]], *, generic: Iterable[str] = (), sounds: str = ""
    ) -> None:
        common = {_heard(word, sounds) for word in generic} - {""}
        pairs = [
            (name, service)
            for service, several in names.items()
            for name in several
            if not _heard(name, sounds) or _core(_heard(name, sounds), common)
        ]
        self._heard, self._written = SoundPhrases(pairs, sounds), WordPhrases(pairs)
        heard = sorted({(_heard(name, sounds), service) for name, service in pairs})
        self._names = [
            _Name.of(service, name, common) for name, service in heard if len(name) >= _LEAST_GUESSED
        ]
        postings: dict[str, list[int]] = {}
        for index, name in enumerate(self._names):
            for gram in _grams(name.whole.letters):
                postings.setdefault(gram, []).append(index)
        # A row for each gram: its rarity at the names that have it, 0 at the others.
        self._rows = {gram: row for row, gram in enumerate(postings)}
        self._rarity = np.zeros((len(postings), len(self._names)), np.float32)
        for gram, several in postings.items():
            self._rarity[self._rows[gram], several] = log(1 + len(self._names) / len(several))
        self._enough = _LEAST_OVERLAP * np.add.reduce(self._rarity)

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
        rows = [self._rows[gram] for gram in self._rows.keys() & _grams(sound.key)]
        if not rows:
            return None
        # How much of the rarity of each name the message has.
        overlap = np.add.reduce(self._rarity.take(rows, axis=0))
        enough = overlap >= self._enough
        if not enough.any():
            return None
        best: Mention | None = None
        parts: Mention | None = None
        for index in (-overlap).argsort(kind="stable")[:_CANDIDATES]:
            if not enough[index]:
                continue
            name = self._names[index]
            parts = parts or name.in_parts(reading)
            errors, first, last = name.whole.nearest(sound.key)
            confidence = round(1.0 - errors / len(name.whole.letters), 3)
            if confidence < 1.0 - _TOLERANCE or (best and confidence <= best.confidence):
                continue
            if name.whole_in(sound.key[max(first - 1, 0) : last + 1]):
                start, end = _to_borders(reading.text, sound.starts[first], sound.ends[last - 1])
                best = Mention(name.service, start, end, confidence)
        return best or parts


def _heard_in(words: Pattern, heard: str) -> bool:
    """Whether common words are in there, a letter wrong or their vowels left out."""
    near = words.nearest(heard)[0] <= _COMMON_TOLERANCE * len(words.letters)
    return near or words.letters.translate(_VOWELS) in heard.translate(_VOWELS)


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


def _heard(name: str, sounds: str) -> str:
    return key(name, sounds).replace(" ", "")


def _core(heard: str, common: Collection[str]) -> str:
    """What is left of a name without common words at its ends; empty if it is made of them."""
    for word in sorted(common, key=len, reverse=True):
        if heard.startswith(word):
            return _core(heard.removeprefix(word), common)
        if heard.endswith(word):
            return _core(heard.removesuffix(word), common)
    return heard
