"""Lists of phrases found inside a text: by sound where a language has a sound table, else as written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.nlu.normalise import compact
from bot.nlu.sound import HEAD, Sound, key

Value = TypeVar("Value")

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
        table: dict[str, dict[tuple[str, str], Value]] = {}
        self._short: dict[str, Value] = {}
        for phrase, value in phrases:
            heard = key(phrase, sounds).strip()
            if len(heard) >= HEAD:
                exact = _letters(phrase) if strict else ""
                table.setdefault(heard[:HEAD], {}).setdefault((heard, exact), value)
            elif not phrase.isascii():  # too short to be told by its sound: only as written
                self._short.setdefault(phrase, value)
        self._table = {
            head: [(heard, exact, value) for (heard, exact), value in sorted(rest.items(), key=_longest)]
            for head, rest in table.items()
        }

    def find(self, text: str, sound: Sound) -> list[Hit[Value]]:
        """The phrases in the text, the longest at each place, from left to right, never overlapping."""
        hits: list[Hit[Value]] = []
        free = 0
        for position in self._beginnings(sound):
            if position < free:
                continue
            for phrase, exact, value in self._table[sound.key[position : position + HEAD]]:
                end = position + len(phrase)
                if not sound.key.startswith(phrase, position) or not _whole(text, sound, position, end):
                    continue
                start, stop = sound.starts[position], closed(text, sound.ends[end - 1])
                if not exact or _letters(text[start:stop]) == exact:
                    hits.append(Hit(start, stop, value))
                    free = end
                    break
        for phrase, value in () if text.isascii() else self._short.items():
            start = text.find(phrase)
            if start >= 0:
                hits.append(Hit(start, start + len(phrase), value))
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


def _longest(item: tuple[tuple[str, str], Value]) -> tuple[int, str, str]:
    (heard, exact), _ = item
    return -len(heard), heard, exact


def _letters(text: str) -> str:
    """What tells apart phrases that sound alike: Lao letter by letter, else the stops as spelt."""
    return compact(text) if _LAO.search(text) else "".join(_STOPS.findall(text.lower()))


def _whole(text: str, sound: Sound, position: int, end: int) -> bool:
    # Lao has no word boundaries to check; a Latin word must not be cut.
    start, stop = sound.starts[position], sound.ends[end - 1]
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
