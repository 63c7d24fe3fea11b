"""The catalogue of public services as the pack has it: every service by its id, and by its names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from services.citizens import CitizenTypes, read_types
from services.ministries import read_ministries
from services.reader import ServiceReader
from services.record import Cost, Duration, Fact, Names, Note, PublicService, Requirement, Status, Topic

__all__ = [
    "Catalogue", "Cost", "Duration", "Fact", "Names", "Note", "PublicService", "Requirement", "Status",
    "Topic", "check",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All services of a pack, by id, and the types of citizen that their answers differ by."""

    pack: Pack
    services: Mapping[str, PublicService]
    types: CitizenTypes

    @classmethod
    def load(cls, pack: Pack) -> Catalogue:
        """Read services/*.yml and citizen_types.yml; raises PackError."""
        problems: list[PackError] = []
        types = read_types(pack, problems)
        services = {service.id: service for service in _read(pack, types, problems)}
        if problems:
            raise problems[0]
        return cls(pack=pack, services=services, types=types)

    def get(self, service_id: str) -> PublicService | None:
        """The service with this id."""
        return self.services.get(service_id)

    def name(self, service_id: str, language: str) -> str:
        """What the service is called in this language; raises KeyError for an unknown id."""
        return self.pack.pick(self.services[service_id].names, language)

    def names(self, service_id: str) -> Iterator[tuple[str, str]]:
        """Every (language, name) people use for it: its names, then its synonyms."""
        service = self.services[service_id]
        yield from service.names.items()
        for language, synonyms in service.synonyms.items():
            for synonym in synonyms:
                yield language, synonym


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of services/*.yml."""
    problems: list[PackError] = []
    for _ in _read(pack, read_types(pack, []), problems):  # the types are told by their own check
        pass
    return problems


def _read(pack: Pack, types: CitizenTypes, problems: list[PackError]) -> Iterator[PublicService]:
    ministries = read_ministries(pack, []).by_code  # what is wrong there is told by its own check
    reader = ServiceReader(pack=pack, types=types)
    for path in sorted((pack.root / "services").glob("*.yml")):
        section = Section.open(path, problems)
        service = reader.service(section)
        if service.id != path.stem:
            section.problem("the id is not the file's name", f"Write id: {path.stem}.", "id")
        if service.authority and service.authority not in ministries:
            remedy = "Write a code of ministries.csv."
            section.problem(f"no ministry {service.authority}", remedy, "authority")
        yield service
