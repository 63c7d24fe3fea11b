"""The word lists of a pack, all languages together: what is exact enough to need no statistics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.nlu.features import Reading
from bot.nlu.letters import read
from bot.nlu.phrases import Hit, Searches, SoundPhrases, WordPhrases
from bot.nlu.sound import HEAD, key

# Both words must be in the message, wherever they stand.
_BOTH = "…"
# Either word will do.
_OR = " / "


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """`lexicon.yml` of every language: entry names are the same in all, words are not.

    Words come in the letters that messages are read by.
    """

    languages: Mapping[str, Mapping[str, Any]]

    @property
    def sounding(self) -> frozenset[str]:
        """The languages whose words are compared by their sound."""
        return frozenset(language for language, entries in self.languages.items() if entries.get("sound"))

    @property
    def sounds(self) -> str:
        """The table of sound.py that they share; empty if there is none."""
        return next((str(self.languages[language]["sound"]) for language in sorted(self.sounding)), "")

    def words(self, entry: str) -> Iterator[tuple[str, str]]:
        """(language, word) of a plain list."""
        sounds = self.sounds
        for language, entries in self.languages.items():
            for word in entries.get(entry) or ():
                yield language, read(str(word), sounds)

    def table(self, entry: str) -> Iterator[tuple[str, str, str]]:
        """(language, key, word) of a list of lists."""
        sounds = self.sounds
        for language, entries in self.languages.items():
            for name, words in (entries.get(entry) or {}).items():
                for word in words:
                    yield language, str(name), read(str(word), sounds)


class Phrases:
    """Phrases of several languages in one search, by sound or as written, each as its language has it.

    Of what is `strict`, Latin words too short to be told by their sound are words as written.
    """

    def __init__(
        self,
        entries: Iterable[tuple[str, str, Any]],
        lexicon: Lexicon,
        searches: Searches,
        *,
        strict: bool = False,
    ) -> None:
        sounding = lexicon.sounding
        heard: list[tuple[str, Any]] = []
        written: list[tuple[str, Any]] = []
        for language, phrase, value in entries:
            by_sound = language in sounding and not (strict and _short(phrase, lexicon.sounds))
            (heard if by_sound else written).append((phrase, value))
        self._heard = SoundPhrases(heard, lexicon.sounds, searches, strict=strict)
        self._written = WordPhrases(written, searches)

    def find(self, reading: Reading) -> list[Hit[Any]]:
        """All hits, by their place in the text."""
        hits = self._heard.find(reading.text, reading.sound) + self._written.find(reading.words)
        return sorted(hits, key=lambda hit: (hit.start, -hit.end)) if len(hits) > 1 else hits

    def possible(self, reading: Reading) -> list[Any]:
        """What the phrases stand for that may be hit: a look, before hits are placed in the text."""
        return self._heard.possible(reading.text, reading.sound) + self._written.possible(reading.words)


class Signs:
    """Finds what words are a sign of; everyday words that look like them are listed beside them and win.

    Of a list of lists such as `danger`, and the plain list `danger_not`; of a phrase in several parts ("add / build
    … floor") all must be in the message, in any order.
    """

    def __init__(self, lexicon: Lexicon, entry: str, searches: Searches) -> None:
        entries: list[tuple[str, str, Any]] = [
            (language, word, None) for language, word in lexicon.words(f"{entry}_not")
        ]
        # Of each sign what it is a sign of, and its parts.
        self._signs: list[tuple[str, int]] = []
        for language, kind, phrase in lexicon.table(entry):
            parts = [part.strip() for part in phrase.split(_BOTH)]
            entries += [
                (language, word.strip(), (len(self._signs), number))
                for number, part in enumerate(parts)
                for word in part.split(_OR)
            ]
            self._signs.append((kind, len(parts)))
        self._phrases = _Shared(entries, lexicon, searches)

    def find(self, reading: Reading) -> Hit[str] | None:
        """The first sign in the text, by its first part; what it is a sign of as value."""
        if not self._may_be_in(reading):
            return None
        seen: dict[int, dict[int, Hit[Any]]] = {}
        for hit in self._phrases.find(reading):
            for sign, number in hit.value:
                kind, parts = self._signs[sign]
                hits = seen.setdefault(sign, {})
                hits.setdefault(number, hit)
                if len(hits) == parts:
                    return Hit(hits[0].start, hits[0].end, kind)
        return None

    def _may_be_in(self, reading: Reading) -> bool:
        """Whether all parts of a sign may be there: most messages have but one of two everyday words."""
        seen: dict[int, set[int]] = {}
        for value in self._phrases.possible(reading):
            for sign, number in value:
                seen.setdefault(sign, set()).add(number)
        return any(len(numbers) == self._signs[sign][1] for sign, numbers in seen.items())


class _Shared(Phrases):
    """Phrases of which one may have several values; a phrase with the value None silences itself."""

    def __init__(self, entries: Iterable[tuple[str, str, Any]], lexicon: Lexicon, searches: Searches) -> None:
        values: dict[str, list[Any]] = {}
        places: dict[tuple[str, str], None] = {}
        for language, phrase, value in entries:
            places.setdefault((language, phrase))
            values.setdefault(phrase, []).append(value)
        merged = (
            (language, phrase, () if None in values[phrase] else tuple(values[phrase]))
            for language, phrase in places
        )
        super().__init__(merged, lexicon, searches, strict=True)

    def find(self, reading: Reading) -> list[Hit[Any]]:
        hits = super().find(reading)
        silenced = [hit for hit in hits if not hit.value]
        return [
            hit for hit in hits
            if hit.value and not any(each.start <= hit.start and hit.end <= each.end for each in silenced)
        ]  # fmt: skip


def _short(phrase: str, sounds: str) -> bool:
    return phrase.isascii() and len(key(phrase, sounds).strip()) < HEAD
