"""Lists of phrases found inside a text: by sound where a language has a sound table, else as written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.nlu.normalise import compact
from bot.nlu.sound import HEAD, Sound, key

Value = TypeVar("Value")
Values = TypeVar("Values")

_LAO = re.compile("[\u0e80-\u0eff]")
_STOPS = re.compile("[tp]h?|[db]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Hit(Generic[Value]):
    """A phrase found: code points `start` to `end` of the text, and what the phrase stands for."""

    start: int
    end: int
    value: Value


class SoundPhrases(Generic[Value]):
    """Finds phrases by their phonetic key: tones, vowel length, spaces and the script do not matter.

    `strict` is for what must not be mistaken: the consonants must be those of the phrase too, so
    that "I want to get" (ຢາກໄດ້) is not heard as "I want to die" (ຢາກຕາຍ).
    """

    def __init__(self, phrases: Iterable[tuple[str, Value]], sounds: str, *, strict: bool = False) -> None:
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
        hits: list[Hit[Value]] = []
        key, starts, ends = sound.key, sound.starts, sound.ends
        free = 0
        for position in self._beginnings(sound):
            if position < free:
                continue
            for length, phrases in self._table[key[position : position + HEAD]]:
                found = phrases.get(key[position : position + length])
                if found is None:
                    continue
                start, stop = starts[position], ends[position + length - 1]
                if not _whole(text, start, stop):
                    continue
                stop = closed(text, stop)
                letters = "" if "" in found else _letters(text[start:stop])
                if letters in found:
                    hits.append(Hit(start, stop, found[letters]))
                    free = position + length
                    break
        if not text.isascii():
            for phrase in [phrase for phrase in self._short if phrase in text]:
                start = text.index(phrase)
                stop = start + len(phrase)
                if not any(hit.start < stop and start < hit.end for hit in hits):
                    hits.append(Hit(start, stop, self._short[phrase]))
        return hits

    def _beginnings(self, sound: Sound) -> list[int]:
        heads = sound.heads
        return sorted(place for head in self._table.keys() & heads.keys() for place in heads[head])


class WordPhrases(Generic[Value]):
    """Finds phrases by their words exactly as written, whatever the case."""

    def __init__(self, phrases: Iterable[tuple[str, Value]]) -> None:
        table: dict[str, dict[tuple[str, ...], Value]] = {}
        for phrase, value in phrases:
            words = tuple(word for word, _, _ in spelt(phrase))
            if words:
                table.setdefault(words[0], {}).setdefault(words, value)
        self._table = {
            head: sorted(rest.items(), key=lambda item: -len(item[0])) for head, rest in table.items()
        }

    def find(self, words: list[tuple[str, int, int]]) -> list[Hit[Value]]:
        """The phrases among the words that `spelt` gave, as SoundPhrases.find does."""
        hits: list[Hit[Value]] = []
        table, free = self._table, 0
        for position in [place for place, word in enumerate(words) if word[0] in table]:
            if position < free:
                continue
            for phrase, value in table[words[position][0]]:
                end = position + len(phrase)
                if len(phrase) == 1 or tuple(word for word, _, _ in words[position:end]) == phrase:
                    hits.append(Hit(words[position][1], words[end - 1][2], value))
                    free = end
                    break
        return hits


def spelt(text: str) -> list[tuple[str, int, int]]:
    """The words of a text in small letters, each with its start and end; punctuation counts as words."""
    return [(match.group().lower().replace("’", "'"), *match.span()) for match in _WORD.finditer(text)]


def _by_length(phrases: dict[str, Values]) -> list[tuple[int, dict[str, Values]]]:
    lengths = sorted(set(map(len, phrases)), reverse=True)
    return [
        (length, {heard: values for heard, values in phrases.items() if len(heard) == length})
        for length in lengths
    ]


def _letters(text: str) -> str:
    """What tells apart phrases that sound alike: Lao letter by letter, else the stops as spelt."""
    return compact(text) if _LAO.search(text) else "".join(_STOPS.findall(text.lower()))


def _whole(text: str, start: int, stop: int) -> bool:
    # Lao has no word boundaries to check; a Latin word must not be cut.
    return not (
        (start and joined(text[start - 1], text[start]))
        or (stop < len(text) and joined(text[stop - 1], text[stop]))
    )


def joined(left: str, right: str) -> bool:
    """Whether two neighbouring letters belong to one Latin word."""
    return left.isascii() and left.isalpha() and right.isascii() and right.isalpha()


def closed(text: str, end: int) -> int:
    """The end of a phrase with the tone marks that follow its last sounding letter."""
    while end < len(text) and text[end] in "\u0ec8\u0ec9\u0eca\u0ecb\u0ecc":
        end += 1
    return end
