"""Lists of phrases found inside a text: by sound where a language has a sound table, else as written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from bot.nlu.normalise import compact
from bot.nlu.sound import HEAD, Sound, key

Value = TypeVar("Value")
Values = TypeVar("Values")

_LAO = re.compile("[\u0e80-\u0eff]")
_STOPS = re.compile("[tp]h?|[db]")
# A syllable of Lao goes on with a sign, or behind an open vowel with a last consonant that has no vowel itself.
_SIGN = "\u0eb0-\u0ebd\u0ecd"
_INSIDE = re.compile(f"[{_SIGN}\u0ec8-\u0ecc]")
_OPEN = "\u0eb2\u0eb4-\u0eb9\u0ecd\u0ec8-\u0ecc"
_GOES_ON = re.compile(
    f".[\u0ec8-\u0ecc]?(?:[{_SIGN}]|(?<=[{_OPEN}])[ກງດນບມຍວ](?![{_SIGN}\u0ec8-\u0eccອວ.]))", re.DOTALL
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*|[^\w\s]")


class Hit(NamedTuple, Generic[Value]):
    """A phrase found: code points `start` to `end` of the text, and what the phrase stands for."""

    start: int
    end: int
    value: Value


class SoundPhrases(Generic[Value]):
    """Finds phrases by their phonetic key: tones, vowel length, spaces and the script do not matter.

    `strict` is for what must not be mistaken: the consonants must be those of the phrase too, so
    that "I want to get" (ຢາກໄດ້) is not heard as "I want to die" (ຢາກຕາຍ). Of two that overlap the first is
    heard, or by `longest` the longer one, of two as long the later.
    """

    def __init__(
        self,
        phrases: Iterable[tuple[str, Value]],
        sounds: str,
        *,
        strict: bool = False,
        longest: bool = False,
    ) -> None:
        self._longest = longest
        table: dict[str, dict[str, dict[str, Value]]] = {}
        self._short: dict[str, Value] = {}
        for phrase, value in phrases:
            heard = key(phrase, sounds).strip()
            if len(heard) >= HEAD:
                exact = _letters(phrase) if strict else ""
                table.setdefault(heard[:HEAD], {}).setdefault(heard, {}).setdefault(exact, value)
            elif not phrase.isascii():  # too short to be told by its sound: only as written
                self._short.setdefault(phrase, value)
        # From the head of a phrase to the phrases of each length, the longest first; by the letters that
        # they must have, or the empty text, each has its value.
        self._table = {head: _by_length(several) for head, several in table.items()}

    def find(self, text: str, sound: Sound) -> list[Hit[Value]]:
        """The phrases in the text, the longest at each place, from left to right, never overlapping."""
        heads = sound.runs[2]
        hits = [] if self._table.keys().isdisjoint(heads) else self._hits(text, sound, heads)
        if self._short and not text.isascii():
            for phrase in [phrase for phrase in self._short if phrase in text]:
                start = text.index(phrase)
                stop = start + len(phrase)
                if not any(hit.start < stop and start < hit.end for hit in hits):
                    hits.append(Hit(start, stop, self._short[phrase]))
        return hits

    def _hits(self, text: str, sound: Sound, heads: Iterable[str]) -> list[Hit[Value]]:
        hits: list[Hit[Value]] = []
        table, key, free, last = self._table, sound.key, 0, 0
        # The first run has the blank before the key, which no phrase begins with.
        for position, several in [(at, table[head]) for at, head in enumerate(heads, -1) if head in table]:
            overlaps = position < free
            if overlaps and not self._longest:
                continue
            for length, phrases in several:
                if overlaps and length < last:
                    break
                found = phrases.get(key[position : position + length])
                if found is None:
                    continue
                start = opened(text, sound.starts[position])
                stop = sound.ends[position + length - 1]
                if not _whole(text, start, stop):
                    continue
                stop = closed(text, stop)
                letters = "" if "" in found else _letters(text[start:stop])
                if letters in found:
                    if overlaps:
                        hits.pop()
                    hits.append(Hit(start, stop, found[letters]))
                    free, last = position + length, length
                    break
        return hits


class Words:
    """The words of a text in small letters, and where in it they stand; punctuation counts as words."""

    __slots__ = ("_places", "_text", "spelt")

    def __init__(self, text: str) -> None:
        self._text = text
        self.spelt = spelt(text)
        self._places: list[tuple[int, int]] | None = None

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where each of the words starts and ends."""
        if self._places is None:
            self._places = [match.span() for match in _WORD.finditer(self._text)]
        return self._places


class WordPhrases(Generic[Value]):
    """Finds phrases by their words exactly as written, whatever the case."""

    def __init__(self, phrases: Iterable[tuple[str, Value]]) -> None:
        table: dict[str, dict[int, dict[tuple[str, ...], Value]]] = {}
        for phrase, value in phrases:
            words = tuple(spelt(phrase))
            if words:
                table.setdefault(words[0], {}).setdefault(len(words), {}).setdefault(words, value)
        # From the first word to the phrases of each number of words, the longest first.
        self._table = {head: sorted(rest.items(), key=lambda each: -each[0]) for head, rest in table.items()}

    def find(self, words: Words) -> list[Hit[Value]]:
        """The phrases among the words, as SoundPhrases.find does."""
        return [] if self._table.keys().isdisjoint(words.spelt) else self._hits(words)

    def _hits(self, words: Words) -> list[Hit[Value]]:
        hits: list[Hit[Value]] = []
        table, spelt, free = self._table, words.spelt, 0
        for position in [place for place, word in enumerate(spelt) if word in table]:
            if position < free:
                continue
            for length, phrases in table[spelt[position]]:
                end = position + length
                phrase = tuple(spelt[position:end])
                if phrase in phrases:
                    hits.append(Hit(words.places[position][0], words.places[end - 1][1], phrases[phrase]))
                    free = end
                    break
        return hits


def spelt(text: str) -> list[str]:
    """The words of a text in small letters; punctuation counts as words."""
    if text.isascii():
        return _WORD.findall(text.lower())
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def _by_length(phrases: dict[str, Values]) -> list[tuple[int, dict[str, Values]]]:
    lengths = sorted(set(map(len, phrases)), reverse=True)
    return [
        (length, {heard: values for heard, values in phrases.items() if len(heard) == length})
        for length in lengths
    ]


@lru_cache(maxsize=4096)
def _letters(text: str) -> str:
    """What tells apart phrases that sound alike: Lao letter by letter, else the script and the stops as spelt."""
    return compact(text) if _LAO.search(text) else "-" + "".join(_STOPS.findall(text.lower()))


def _whole(text: str, start: int, stop: int) -> bool:
    """Whether neither a Latin word nor a syllable of Lao is cut; words of Lao have no borders to be seen."""
    if start and (joined(text[start - 1], text[start]) or _INSIDE.match(text, start)):
        return False
    return not (stop < len(text) and (joined(text[stop - 1], text[stop]) or _GOES_ON.match(text, stop - 1)))


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
