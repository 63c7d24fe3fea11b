"""Tells which language a message is in: by script where that is exact, by letter grams where several share one."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.model import Model

MIXED, OTHER = "mixed", "other"

# Of the languages that no pack has, the one whose readers can be told apart and answered.
_FOREIGN = {"THAI": "th"}
# Names, numbers and places are spelt alike in every language.
_PLACES = frozenset(("province", "district", "village"))
_NAMES = _PLACES | {"service", "reference", "phone"}
_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")

# A script counts from this share of the letters on; two scripts that count make a mixed message.
_COUNTS = 0.2
_MOSTLY = 0.5
# A share of letters with marks that none of our languages writes.
_STRANGE = 0.1
# How much sooner the language of the conversation is believed, in natural logarithms: it decides a
# syllable ("bor", "ok") and gives way to a whole word.
_PRIOR = 2.0
# So few words are no evidence where no example has one of them.
_SHORT = 2
_MOST_GRAM = 4
_MOST_KNOWN = 4096


class LanguageDetector:
    """Languages of messages, by the scripts and letter grams of a trained model.

    `titles` are words that stand before names of places and tell no more of a language than those.
    """

    def __init__(self, model: Model, titles: Collection[str] = ()) -> None:
        self._model, self._titles = model, titles
        self._weigh = lru_cache(maxsize=4096)(self._weigh_word)
        self._familiar = frozenset((*map(chr, range(0x80)), *model.letters))

    def detect(self, reading: Reading, prior: str = "", entities: Iterable[Entity] = ()) -> str:
        """One of the model's languages, `mixed`, `th` or `other`.

        `prior` is the language of the conversation, empty if not known; it stands where the message
        says nothing beside names, places and numbers, which `entities` marks.
        """
        text = _beside_names(reading.text, entities, self._titles)
        counts = _scripts(text)
        if not counts:
            if prior:
                return prior
            text = reading.text
            counts = _scripts(text)
        total = sum(counts.values())
        if not total or self._strange(text) > _STRANGE * total:
            return OTHER if total else prior or OTHER
        first = max(counts, key=counts.__getitem__)
        if first not in self._model.scripts and counts[first] >= _MOSTLY * total:
            return _FOREIGN.get(first, OTHER)
        if len(counts) > 1 and sum(count >= _COUNTS * total for count in counts.values()) > 1:
            return MIXED
        several = self._model.scripts.get(first, ())
        return several[0] if len(several) == 1 else self._tongue(text, several, prior)

    def _strange(self, text: str) -> int:
        """The letters with marks (é, ơ) of a script of ours that no example has."""
        if text.isascii():
            return 0
        lowered, scripts = text.lower(), self._model.scripts
        if self._familiar.issuperset(lowered):
            return 0
        strangers = set(lowered) - self._familiar
        return sum(lowered.count(letter) for letter in strangers if len(scripts.get(script(letter), ())) > 1)

    def _tongue(self, text: str, several: Collection[str], prior: str) -> str:
        words = _WORD.findall(text.lower())
        known = self._model.tongue_grams
        weigh: Callable[[str], tuple[float, ...]] = self._weigh
        if len(words) <= _SHORT:
            whole = [f" {word} " in known for word in words]
            if prior and not any(whole):
                return prior
            # "hi" is a word of one language made of the letters of another.
            weigh = self._weigh_whole if all(whole) else weigh
        best = {
            name: sum(scores) + _PRIOR * (name == prior)
            for name, *scores in zip(self._model.tongues, *map(weigh, words), strict=True)
            if name in several
        }
        return max(best, key=lambda name: best[name], default=prior) or OTHER

    def _weigh_whole(self, word: str) -> tuple[float, ...]:
        """The same of a known word by itself, whatever its letters."""
        row = self._model.tongue_grams[f" {word} "]
        return tuple(self._model.tongue_weights[row].tolist())

    def _weigh_word(self, word: str) -> tuple[float, ...]:
        """The weight of a word for each of the model's tongues."""
        model = self._model
        rows = [row for gram in _grams(word) if (row := model.tongue_grams.get(gram)) is not None]
        return tuple(model.tongue_weights[rows].sum(axis=0).tolist()) if rows else (0.0,) * len(model.tongues)


def _scripts(text: str) -> dict[str, int]:
    """How many letters of each script the text has; of one that is alone how many does not matter."""
    if text.isascii():
        return {"LATIN": 1} if _LATIN.search(text) else {}
    counts = Counter(map(_SCRIPTS.__getitem__, text))
    del counts[""]
    return counts


class _Scripts(dict[str, str]):
    """The scripts of the characters that were seen; all are forgotten when they are too many."""

    def __missing__(self, letter: str) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        found = self[letter] = _named(letter)
        return found


_SCRIPTS = _Scripts()


def script(letter: str) -> str:
    """The script of a letter, or of a mark on one, as Unicode names it; empty for anything else."""
    return _SCRIPTS[letter]


def _named(letter: str) -> str:
    if unicodedata.category(letter)[0] not in "LM":
        return ""
    first = unicodedata.name(letter, "").partition(" ")[0]
    return "" if first in {"COMBINING", "MODIFIER", "VARIATION"} else first


def tongue_grams(text: str) -> list[str]:
    """Grams of two to four letters of the words, with word borders, and the words."""
    return [gram for word in _WORD.findall(text.lower()) for gram in _grams(word)]


def _grams(word: str) -> tuple[str, ...]:
    bordered = f" {word} "
    found = [
        bordered[start : start + size]
        for size in range(2, _MOST_GRAM + 1)
        for start in range(len(bordered) - size + 1)
    ]
    return (*found, bordered) if len(bordered) > _MOST_GRAM else tuple(found)


def _beside_names(text: str, entities: Iterable[Entity], titles: Collection[str]) -> str:
    for entity in entities:
        if entity["entity"] in _NAMES:
            start, end = entity["start"], entity["end"]
            if entity["entity"] in _PLACES:
                before = text[:start].rstrip()
                word = before[before.rfind(" ") + 1 :]
                start = len(before) - len(word) if word.lower() in titles else start
            text = text[:start] + " " * (end - start) + text[end:]
    return text
