"""Everything that a message mentions: services, places, numbers, categories and danger, with spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.lexicon import Danger, Lexicon, Phrases
from bot.nlu.mentions import ServiceNames
from bot.nlu.numbers import Numbers


class Place(Protocol):
    """A place of the gazetteer: its code, and "province" or "district"."""

    @property
    def code(self) -> str: ...  # noqa: D102  # see the class
    @property
    def level(self) -> str: ...  # noqa: D102  # see the class


class PlaceMatch(Protocol):
    """A place named in code points `start` to `end`."""

    @property
    def place(self) -> Place: ...  # noqa: D102  # see the class
    @property
    def start(self) -> int: ...  # noqa: D102  # see the class
    @property
    def end(self) -> int: ...  # noqa: D102  # see the class


class Gazetteer(Protocol):
    """Finds places in a text; a name that several share gives several with one span."""

    def find(self, text: str) -> Sequence[PlaceMatch]:
        """All places named in the text."""
        ...


class EntityFinder:
    """Finds the entities of a message, in the order of the text."""

    def __init__(
        self,
        *,
        lexicon: Lexicon,
        services: ServiceNames,
        numbers: Numbers,
        places: Gazetteer | None = None,
        categories: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    ) -> None:
        """Take `categories` as words by language by category."""
        self._services, self._numbers, self._places = services, numbers, places
        self._danger = Danger(lexicon)
        named = (
            (language, word, name)
            for name, tongues in (categories or {}).items()
            for language, words in tongues.items()
            for word in words
        )
        self._categories = Phrases(named, lexicon)
        tongues = ((language, word, name) for language, name, word in lexicon.table("languages"))
        self._tongues = Phrases(tongues, lexicon)

    def find(self, reading: Reading, expects: str = "") -> list[Entity]:
        """The entities danger, service, province, district, date, phone, reference and amount."""
        found = [
            Entity(
                entity="service",
                value=mention.service,
                start=mention.start,
                end=mention.end,
                confidence=round(mention.confidence, 3),
            )
            for mention in self._services.find(reading)
        ]
        found += self._numbers.find(reading, expects)
        if self._places:
            found += [
                _entity(match.place.level, match.place.code, match.start, match.end)
                for match in self._places.find(reading.text)
            ]
        danger = self._danger.find(reading)
        if danger:
            found.append(_entity("danger", danger.value, danger.start, danger.end))
        return sorted(found, key=lambda entity: (entity["start"], entity["end"]))

    def categories(self, reading: Reading) -> list[Entity]:
        """What a complaint is about, each category once; the words are too common to look for elsewhere."""
        return _once("category", self._categories, reading)

    def languages(self, reading: Reading) -> list[Entity]:
        """The languages that a message names."""
        return _once("language", self._tongues, reading)


def _once(name: str, phrases: Phrases, reading: Reading) -> list[Entity]:
    first: dict[str, Entity] = {}
    for hit in phrases.find(reading):
        first.setdefault(hit.value, _entity(name, hit.value, hit.start, hit.end))
    return list(first.values())


def _entity(name: str, value: str, start: int, end: int) -> Entity:
    return Entity(entity=name, value=value, start=start, end=end, confidence=1.0)
