"""Lists of phrases found inside a text: by sound where a language has a sound table, else as written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from bot.nlu.normalise import compact
from bot.nlu.search import Search, Span
from bot.nlu.sound import HEAD, Sound, key

Value = TypeVar("Value")

_LAO = re.compile("[\u0e80-\u0eff]")
_STOPS = re.compile("[tp]h?|[db]")
# A syllable of Lao goes on with a sign, or behind an open vowel with a last consonant that has no vowel itself.
_SIGN = "\u0eb0-\u0ebd\u0ecd"
_INSIDE = re.compile(f"[{_SIGN}\u0ec8-\u0ecc]")
_OPEN = "\u0eb2\u0eb4-\u0eb9\u0ecd\u0ec8-\u0ecc"
_GOES_ON = re.compile(
    f".[\u0ec8-\u0ecc]?(?:[{_SIGN}]|(?<=[{_OPEN}])[ກງດນບມຍວ](?![{_SIGN}\u0ec8-\u0eccອວ.]))", re.DOTALL
)
# Beside these a Latin word stands alone, too.
_RUNS_ON = re.compile("[0-9'_]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*|[^\w\s]")


class Hit(NamedTuple, Generic[Value]):
    """A phrase found: code points `start` to `end` of the text, and what the phrase stands for."""

    start: int
    end: int
    value: Value


@dataclass(frozen=True, slots=True)
class Searches:
    """What lists of phrases share: one search goes by sounds, one by words, one by letters."""

    heard: Search = field(default_factory=Search)
    spelt: Search = field(default_factory=Search)
    letters: Search = field(default_factory=Search)


class SoundPhrases(Generic[Value]):
    """Finds phrases by their phonetic key: tones, vowel length, spaces and the script do not matter.

    `strict` is for what must not be mistaken: the consonants must be those of the phrase too, so
    that "I want to get" (ຢາກໄດ້) is not heard as "I want to die" (ຢາກຕາຍ). Of two that overlap the first is
    heard, or by `longest` the longer one, of two as long the later. `searches` are shared with other lists.
    """

    def __init__(
        self,
        phrases: Iterable[tuple[str, Value]],
        sounds: str,
        searches: Searches,
        *,
        strict: bool = False,
        longest: bool = False,
    ) -> None:
        self._longest = longest
        # By the sounds of a phrase and the letters that it must have, or the empty text, its value.
        self._values: dict[str, dict[str, Value]] = {}
        self._short: dict[str, Value] = {}
        for phrase, value in phrases:
            heard = key(phrase, sounds).strip()
            if len(heard) >= HEAD:
                exact = _letters(phrase) if strict else ""
                self._values.setdefault(heard, {}).setdefault(exact, value)
            elif not phrase.isascii():  # too short to be told by its sound: only as written
                self._short.setdefault(phrase, value)
        self._search = searches.heard
        self._number = self._search.add(self._values)

    def find(self, text: str, sound: Sound) -> list[Hit[Value]]:
        """The phrases in the text, the longest at each place, from left to right, never overlapping."""
        places = self._search.find(self._number, sound.key)
        hits = self._hits(text, sound, places) if places else []
        if self._short and not text.isascii():
            for phrase in [phrase for phrase in self._short if phrase in text]:
                start = text.index(phrase)
                stop = start + len(phrase)
                if not any(hit.start < stop and start < hit.end for hit in hits):
                    hits.append(Hit(start, stop, self._short[phrase]))
        return hits

    def possible(self, text: str, sound: Sound) -> list[Value]:
        """What the phrases stand for that may be in the text: `find` finds no others, and not all of them."""
        places = self._search.find(self._number, sound.key)
        found = [value for begin, end in places for value in self._values[sound.key[begin:end]].values()]
        if self._short and not text.isascii():
            found += [value for phrase, value in self._short.items() if phrase in text]
        return found

    def _hits(self, text: str, sound: Sound, places: Iterable[Span]) -> list[Hit[Value]]:
        hits: list[Hit[Value]] = []
        begun = free = 0
        for begin, end in places:
            overlaps = begin < free
            if overlaps and not (self._longest and end - begin >= free - begun):
                continue
            start, stop = sound.span(begin, end)
            start = opened(text, start)
            if not _whole(text, start, stop):
                continue
            stop = closed(text, stop)
            found = self._values[sound.key[begin:end]]
            letters = "" if "" in found else _letters(text[start:stop])
            if letters in found:
                if overlaps:
                    hits.pop()
                hits.append(Hit(start, stop, found[letters]))
                begun, free = begin, end
        return hits


class Words:
    """The words of a text in small letters, and where in it they stand; punctuation counts as words.

    `line` are all of them with a space around each.
    """

    __slots__ = ("_places", "_text", "line", "spelt")

    def __init__(self, text: str) -> None:
        self._text = text
        self.spelt = spelt(text)
        self.line = f" {' '.join(self.spelt)} "
        self._places: list[tuple[int, int]] | None = None

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where each of the words starts and ends."""
        if self._places is None:
            self._places = [match.span() for match in _WORD.finditer(self._text)]
        return self._places


class WordPhrases(Generic[Value]):
    """Finds phrases by their words exactly as written, whatever the case; `searches` are shared with other lists."""

    def __init__(self, phrases: Iterable[tuple[str, Value]], searches: Searches) -> None:
        self._values: dict[str, Value] = {}
        for phrase, value in phrases:
            if words := spelt(phrase):
                self._values.setdefault(f" {' '.join(words)} ", value)
        self._search = searches.spelt
        self._number = self._search.add(self._values)

    def find(self, words: Words) -> list[Hit[Value]]:
        """The phrases among the words, as SoundPhrases.find does."""
        places = self._search.find(self._number, words.line)
        return self._hits(words, places) if places else []

    def possible(self, words: Words) -> list[Value]:
        """What the phrases stand for that are among the words, also those that overlap."""
        places = self._search.find(self._number, words.line)
        return [self._values[words.line[begin:end]] for begin, end in places]

    def _hits(self, words: Words, places: Iterable[Span]) -> list[Hit[Value]]:
        hits: list[Hit[Value]] = []
        free = 0
        for begin, end in places:
            if begin < free:
                continue
            phrase = words.line[begin:end]
            first = words.line.count(" ", 0, begin)
            last = first + phrase.count(" ") - 2
            hits.append(Hit(words.places[first][0], words.places[last][1], self._values[phrase]))
            # The space behind a phrase is before the next.
            free = end - 1
        return hits


class LetterPhrases(Generic[Value]):
    """Finds words in small letters wherever they stand: a Latin word alone or by a digit, Lao runs on.

    Where the text is words of ASCII alone, a word of the list that is several may be spaced otherwise in it.
    `searches` are shared with other lists.
    """

    def __init__(self, words: Mapping[str, Value], searches: Searches) -> None:
        self._values = words
        self._search = searches.letters
        self._number = self._search.add(words)
        self._spaced = WordPhrases(words.items(), searches)

    def possible(self, lowered: str, words: Words) -> list[Value]:
        """What the words stand for that may be in the text: `find` finds no others, and not all of them."""
        if lowered.isascii() and not _RUNS_ON.search(lowered):
            return self._spaced.possible(words)
        return [self._values[lowered[start:end]] for start, end in self._search.find(self._number, lowered)]

    def find(self, lowered: str, words: Words) -> list[Hit[Value]]:
        """The words in a text in small letters, whose `words` these are, as SoundPhrases.find does."""
        if lowered.isascii() and not _RUNS_ON.search(lowered):
            return self._spaced.find(words)
        hits: list[Hit[Value]] = []
        free = 0
        for start, end in self._search.find(self._number, lowered):
            if start >= free and not _cut(lowered, start, end):
                hits.append(Hit(start, end, self._values[lowered[start:end]]))
                free = end
        return hits


def spelt(text: str) -> list[str]:
    """The words of a text in small letters; punctuation counts as words."""
    if text.isascii():
        return _WORD.findall(text.lower())
    lowered = text.lower()
    if len(lowered) == len(text):
        return _WORD.findall(lowered.replace("’", "'"))
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


@lru_cache(maxsize=4096)
def _letters(text: str) -> str:
    """What tells apart phrases that sound alike: Lao letter by letter, else the script and the stops as spelt."""
    return compact(text) if _LAO.search(text) else "-" + "".join(_STOPS.findall(text.lower()))


def _whole(text: str, start: int, stop: int) -> bool:
    """Whether neither a Latin word nor a syllable of Lao is cut; words of Lao have no borders to be seen."""
    if _cut(text, start, stop) or (start and _INSIDE.match(text, start)):
        return False
    return not (stop < len(text) and _GOES_ON.match(text, stop - 1))


def _cut(text: str, start: int, stop: int) -> bool:
    """Whether a Latin word goes on beyond these borders."""
    return (start > 0 and joined(text[start - 1], text[start])) or (
        stop < len(text) and joined(text[stop - 1], text[stop])
    )


def joined(left: str, right: str) -> bool:
    """Whether two neighbouring letters belong to one Latin word."""
    return left.isascii() and left.isalpha() and right.isascii() and right.isalpha()


def opened(text: str, start: int) -> int:
    """The start of a phrase with the letter that bears its first vowel, itself not heard."""
    return start - 1 if start and text[start - 1] == "ອ" and _INSIDE.match(text, start) else start


def closed(text: str, end: int) -> int:
    """The end of a phrase with the tone marks that follow its last sounding letter."""
    while end < len(text) and text[end] in "\u0ec8\u0ec9\u0eca\u0ecb\u0ecc":
        end += 1
    return end
