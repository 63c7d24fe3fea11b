"""The catalogue as it stands in a place, for a citizen, at a moment: the pack and what differs there and then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeVar

from services.catalogue import Catalogue
from services.citizens import CitizenTypes
from services.layers import Overlay, applied, by_precedence, whole, window
from services.record import Citizens, Fact, PublicService, Sourced, Topic

Item = TypeVar("Item", bound=Sourced)
_ANYBODY: Citizens = frozenset()


class Map(Protocol):
    """Knows what lies in what."""

    def chain(self, code: str) -> tuple[str, ...]:
        """The codes around and with that of a place or centre, the widest first; empty for none known."""

    def place_of(self, code: str) -> str:
        """The code of the place that a centre is in; that of a place is its own."""


@dataclass(frozen=True, slots=True)
class _Era:
    """A span of time in which nothing of a service begins or ends, and what was worked out for it."""

    begins: datetime
    ends: datetime
    records: dict[tuple[str, Citizens], PublicService] = field(default_factory=dict)
    types: dict[tuple[str, Citizens, Topic], tuple[str, ...]] = field(default_factory=dict)
    places: dict[tuple[Citizens, Topic], tuple[str, ...]] = field(default_factory=dict)


class Services:
    """Answers what a service is here, for them, now; what has been worked out once is looked up."""

    def __init__(self, *, catalogue: Catalogue, places: Map, overlays: Iterable[Overlay]) -> None:
        self.catalogue = catalogue
        self._map = places
        self._seed = tuple(overlays)
        self._live: tuple[Overlay, ...] = ()
        self._named = {each.id: _named(each) for each in catalogue.services.values()}
        self._types = {service: self._alternatives(named) for service, named in self._named.items()}
        self._chains: dict[str, tuple[str, ...]] = {}
        self._eras: dict[str, _Era] = {}
        self._by_service: Mapping[str, Sequence[Overlay]] = {}
        self._wheres: Mapping[str, frozenset[str]] = {}
        self.put(())

    @property
    def types(self) -> CitizenTypes:
        """The types of citizen that answers may differ by."""
        return self.catalogue.types

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """All differences, of whatever time: those of the pack, then those of staff."""
        return (*self._seed, *self._live)

    @property
    def live(self) -> tuple[Overlay, ...]:
        """The differences that staff made."""
        return self._live

    def with_live(self, live: Iterable[Overlay]) -> Services:
        """The same services, were these all that staff changed."""
        other = Services(catalogue=self.catalogue, places=self._map, overlays=self._seed)
        other.put(live)
        return other

    def is_down(self, service_id: str, at: datetime) -> bool:
        """Whether a notice says that the service does not work, here or there."""
        return any(
            each.notice is not None and each.notice.outage and each.in_force(at)
            for each in self._by_service.get(service_id, ())
        )

    def put(self, live: Iterable[Overlay]) -> None:
        """Take these for all that staff changed."""
        self._live = tuple(live)
        every = self.overlays
        self._by_service = {
            service: tuple(each for each in every if each.service in ("", service))
            for service in self.catalogue.services
        }
        self._wheres = {
            service: frozenset(each.where for each in overlays)
            for service, overlays in self._by_service.items()
        }
        self._chains.clear()
        self._eras.clear()

    def of(
        self, service_id: str, place: str = "", citizen: Collection[str] = (), *, at: datetime
    ) -> PublicService:
        """The record for the code of a place or centre, types of citizen and an aware moment; raises KeyError.

        What is not for these citizens is left out of it, and so is what is for another type than the
        usual one where they leave the type open.
        """
        records = self._era(service_id, at).records
        key = (self._nearest(service_id, place), self._relevant(service_id, citizen))
        record = records.get(key)
        if record is None:
            record = records[key] = self._work_out(service_id, *key, at)
        return record

    def everything(self, service_id: str, place: str = "", *, at: datetime) -> PublicService:
        """The record for a place and a moment with what is for any citizen; raises KeyError."""
        overlays = by_precedence(self._by_service[service_id], self._chain(place))
        in_force = [each for each in overlays if each.in_force(at)]
        return applied(self.catalogue.services[service_id], in_force)

    def wheres(self, service_id: str) -> tuple[str, ...]:
        """The codes of places and centres where something differs, now or at another time."""
        return tuple(sorted(self._wheres[service_id] - {""}))

    def other_types(
        self, service_id: str, about: Topic, place: str = "", citizen: Collection[str] = (), *, at: datetime
    ) -> tuple[str, ...]:
        """The types of citizen that would get another answer to this question."""
        known = self._era(service_id, at).types
        key = (self._nearest(service_id, place), self._relevant(service_id, citizen), about)
        found = known.get(key)
        if found is None:
            found = known[key] = tuple(self._other_types(service_id, about, place, citizen, at))
        return found

    def other_places(
        self, service_id: str, about: Topic, citizen: Collection[str] = (), *, at: datetime
    ) -> tuple[str, ...]:
        """The codes of places where the answer to this question is not the national one."""
        known = self._era(service_id, at).places
        key = (self._relevant(service_id, citizen), about)
        found = known.get(key)
        if found is None:
            found = known[key] = tuple(self._other_places(service_id, about, citizen, at))
        return found

    def unusual(self, service_id: str, citizen: Iterable[str]) -> tuple[str, ...]:
        """Of these types, those that the service tells apart and that are not the usual ones."""
        relevant = self._types[service_id]
        return tuple(name for name in citizen if name in relevant and not self.types.by_id[name].usual)

    def _alternatives(self, named: Citizens) -> Citizens:
        """The types with all others of their groups: choosing one of those rules these out."""
        groups = {self.types.by_id[name].group for name in named}
        return frozenset(name for name, each in self.types.by_id.items() if each.group in groups)

    def _nearest(self, service_id: str, place: str) -> str:
        """The closest code around a place where this service differs: all within it get one record."""
        if not place:
            return ""
        wheres = self._wheres[service_id]
        return next((code for code in reversed(self._chain(place)) if code in wheres), "")

    def _chain(self, place: str) -> tuple[str, ...]:
        chain = self._chains.get(place)
        if chain is None:
            chain = self._map.chain(place)
            if chain:  # what people call a place is not kept, only places
                self._chains[place] = chain
        return chain

    def _era(self, service_id: str, at: datetime) -> _Era:
        era = self._eras.get(service_id)
        if era is None or not era.begins <= at < era.ends:
            era = self._eras[service_id] = _Era(*window(self._by_service[service_id], at))
        return era

    def _relevant(self, service_id: str, citizen: Collection[str]) -> Citizens:
        return self._types[service_id].intersection(citizen) if citizen else _ANYBODY

    def _work_out(self, service_id: str, place: str, citizen: Citizens, at: datetime) -> PublicService:
        service = self.everything(service_id, place, at=at)
        return _for(service, self.types, self.types.complete(citizen))

    def _other_types(
        self, service_id: str, about: Topic, place: str, citizen: Collection[str], at: datetime
    ) -> Iterator[str]:
        said = self.of(service_id, place, citizen, at=at).about(about)
        named, relevant = self._named[service_id], self._types[service_id]
        for name, each in self.types.by_id.items():
            if name in named or (name in relevant and each.usual):
                chosen = self.types.together([*citizen, name])
                if self.of(service_id, place, chosen, at=at).about(about) != said:
                    yield name

    def _other_places(
        self, service_id: str, about: Topic, citizen: Collection[str], at: datetime
    ) -> Iterator[str]:
        said = self.of(service_id, "", citizen, at=at).about(about)
        for where in sorted(set(map(self._map.place_of, self.wheres(service_id)))):
            if self.of(service_id, where, citizen, at=at).about(about) != said:
                yield where


def _for(service: PublicService, types: CitizenTypes, complete: Citizens) -> PublicService:
    """The record without what concerns other citizens."""

    def kept(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(item for item in items if types.concerns(item.citizens, complete))

    requirements, costs, durations = kept(service.requirements), kept(service.costs), kept(service.durations)
    return replace(
        service,
        who=kept(service.who),
        forms=kept(service.forms),
        channels=kept(service.channels),
        requirements=requirements,
        requirements_fact=_left(service.requirements_fact, service.requirements, requirements),
        costs=costs,
        costs_fact=_left(service.costs_fact, service.costs, costs),
        durations=durations,
        durations_fact=_left(service.durations_fact, service.durations, durations),
        notes=kept(service.notes),
        refused=kept(service.refused),
    )


def _left(said: Fact, before: Sequence[Sourced], after: Sequence[Sourced]) -> Fact:
    return said if len(before) == len(after) else whole(said, after)


def _named(service: PublicService) -> Citizens:
    """The types that something in the record is for."""
    lists: Iterable[Sequence[Sourced]] = (
        service.who, service.forms, service.channels, service.requirements, service.costs,
        service.durations, service.notes, service.refused,
    )  # fmt: skip
    return frozenset(name for items in lists for item in items for name in item.citizens)
