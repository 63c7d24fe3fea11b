"""Everything that a message mentions: services, places, numbers, categories and danger, with spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon, Phrases, Signs
from bot.nlu.mentions import Mention, ServiceNames
from bot.nlu.numbers import Numbers
from bot.nlu.phrases import Hit, Searches
from bot.nlu.villages import Villages

Span = tuple[int, int]

# So many code points may stand between "centre" and the name of its place.
_BESIDE = 10
# A service that is not named: what is said is only an occasion for it.
_BY_OCCASION = 0.8


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

    def find(self, text: str, vouched: Sequence[Span] = ()) -> Sequence[PlaceMatch]:
        """All places named in the text; beside a stretch in `vouched` an everyday word is a name too."""
        ...


class Centre(Protocol):
    """A service centre: its id, and the code of the place that it is in."""

    @property
    def id(self) -> str: ...  # noqa: D102  # see the class
    @property
    def place(self) -> str: ...  # noqa: D102  # see the class


class CentreBook(Protocol):
    """Knows the centres that serve a place."""

    def for_place(self, code: str) -> Sequence[Centre]:
        """The centres of a place and around it, the nearest first."""
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
        centres: CentreBook | None = None,
        categories: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        searches: Searches | None = None,
    ) -> None:
        """Take `categories` as words by language by category; `searches` may be shared with `services` and `numbers`."""
        searches = searches or Searches()
        self._services, self._numbers, self._places = services, numbers, places
        self._danger = Signs(lexicon, "danger", searches)
        self._occasions = Signs(lexicon, "occasions", searches)
        self._villages = Villages(lexicon, searches)
        self.titles = frozenset(
            word.lower() for _, kind, word in lexicon.table("village_words") if kind == "before"
        )
        self._centres = centres
        self._centre_words = Phrases(
            ((language, word, None) for language, word in lexicon.words("centre_words")), lexicon, searches
        )
        named = (
            (language, word, name)
            for name, tongues in (categories or {}).items()
            for language, words in tongues.items()
            for word in words
        )
        self._categories = Phrases(named, lexicon, searches)
        tongues = ((language, word, name) for language, name, word in lexicon.table("languages"))
        self._tongues = Phrases(tongues, lexicon, searches)

    def find(self, reading: Reading, expects: str = "") -> list[Entity]:
        """The entities danger, service, province, district, village, centre, date, phone, reference and amount."""
        found = [
            Entity(
                entity="service",
                value=mention.service,
                start=mention.start,
                end=mention.end,
                confidence=round(mention.confidence, 3),
            )
            for mention in self._meant(reading)
        ]
        found += self._numbers.find(reading, expects)
        found += self._located(reading, [(each["start"], each["end"]) for each in found])
        danger = self.danger(reading)
        if danger:
            found.append(danger)
        return sorted(found, key=lambda entity: (entity["start"], entity["end"]))

    def danger(self, reading: Reading) -> Entity | None:
        """The first sign of danger to life."""
        hit = self._danger.find(reading)
        return _entity("danger", hit.value, hit.start, hit.end) if hit else None

    def _meant(self, reading: Reading) -> list[Mention]:
        """The services named, or else that of the occasion ("we add a floor", a permit to build), or else guessed."""
        found = self._services.find(reading)
        if found and found[0].confidence == 1.0:
            return found
        hit = self._occasions.find(reading)
        if hit is None or any(each.service == hit.value for each in found):
            return found
        return [Mention(hit.value, hit.start, hit.end, _BY_OCCASION)]

    def _located(self, reading: Reading, taken: Sequence[Span]) -> list[Entity]:
        """What says where: places, centres and villages; a village is not in what is `taken`."""
        text, hits = reading.text, self._centre_words.find(reading) if self._centres else []
        places = self._placed(text, [(hit.start, hit.end) for hit in hits]) if self._places else []
        spans = [(match.start, match.end) for match in places]
        villages = list(self._villages.find(reading, taken, spans))
        within = [(each["start"], each["end"]) for each in villages]
        found = [
            _entity(match.place.level, match.place.code, match.start, match.end)
            for match in places
            # "ບ້ານທ່າແຂກນ້ອຍ" is not the district.
            if not any(start <= match.start and match.end <= end for start, end in within)
        ]
        if hits and places and self._centres:
            found += self._named_centres(hits, places)
        return found + villages

    def _placed(self, text: str, centres: Sequence[Span]) -> list[PlaceMatch]:
        """The places of a text; beside the word for a centre that of a centre may be an everyday word."""
        assert self._places is not None
        if not centres:
            return list(self._places.find(text))
        plain = {(match.place.code, match.start) for match in self._places.find(text)}
        return [
            match
            for match in self._places.find(text, centres)
            if ((match.place.code, match.start) in plain or self._centres_in(match.place.code))
            and not any(start < match.end and match.start < end for start, end in centres)
        ]

    def _centres_in(self, code: str) -> list[Centre]:
        """The centres of a place itself."""
        return [each for each in self._centres.for_place(code) if each.place == code] if self._centres else []

    def _named_centres(self, hits: Sequence[Hit[Any]], places: Sequence[PlaceMatch]) -> list[Entity]:
        """The centres called so beside the name of the place that they are in: "the one-door centre in Pek"."""
        named: dict[str, Entity] = {}
        for hit in hits:
            for match in places:
                apart = max(hit.start, match.start) - min(hit.end, match.end)
                if apart <= _BESIDE and (own := self._centres_in(match.place.code)):
                    start, end = min(hit.start, match.start), max(hit.end, match.end)
                    named.setdefault(own[0].id, _entity("centre", own[0].id, start, end))
        return list(named.values())

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
