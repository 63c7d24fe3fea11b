"""The catalogue of public services: what each requires, costs and takes, and how sure that is.

The record follows CPSV-AP 3.2 (public service, competent authority, requirement, cost, processing
time) and adds to every fact its status, source and owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.errors import PackError
from bot.pack import Pack, Section, placeholders
from services.ministries import read_ministries

Names = Mapping[str, str]


class Status(StrEnum):
    """How sure a fact is: an owner confirmed it, somebody reported it in a year, nobody knows."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    UNKNOWN = "unknown"


class Topic(StrEnum):
    """The question that a note belongs to."""

    REQUIREMENTS = "requirements"
    FEE = "fee"
    DURATION = "duration"
    WHERE = "where"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Where a statement comes from; `value` is what the source says, in its own terms."""

    status: Status
    value: str = ""
    year: int | None = None
    source: str = ""
    valid_from: date | None = None
    last_checked: date | None = None
    owner: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One paper to bring; `short` is the wording for channels paid by part."""

    names: Names
    short: Names
    note: Names
    copies: int
    original: bool
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """One fee: `amount` in whole units of `currency`, 0 is free of charge, None is not known.

    `short` may take in the amounts of other costs by their id; those leave `brief` false and
    are not said again in a short answer.
    """

    id: str
    label: Names
    short: Names
    note: Names
    amount: int | None
    currency: str
    brief: bool
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Duration:
    """One processing time: `days` are calendar days, or working days if `working`."""

    label: Names
    short: Names
    note: Names
    days: int | None
    working: bool
    brief: bool
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something worth saying with the answer to one question."""

    about: Topic
    text: Names
    short: Names
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicService:
    """One public service. Each `*_fact` says how sure the list beside it is as a whole.

    `authority` is the code of the ministry that owns the service; `office` is where a citizen
    goes or asks; `form` is the form's name and where to get it.
    """

    id: str
    names: Names
    description: Names
    synonyms: Mapping[str, tuple[str, ...]]
    authority: str
    office: Names
    office_short: Names
    audience: tuple[str, ...]
    life_events: tuple[str, ...]
    legal_basis: tuple[str, ...]
    form: Names
    requirements: tuple[Requirement, ...]
    requirements_fact: Fact
    costs: tuple[Cost, ...]
    costs_fact: Fact
    durations: tuple[Duration, ...]
    durations_fact: Fact
    notes: tuple[Note, ...]
    reviewed: bool


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All services of a pack, by id."""

    pack: Pack
    services: Mapping[str, PublicService]

    @classmethod
    def load(cls, pack: Pack) -> Catalogue:
        """Read services/*.yml; raises PackError."""
        problems: list[PackError] = []
        services = {service.id: service for service in _read(pack, problems)}
        if problems:
            raise problems[0]
        return cls(pack=pack, services=services)

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
    for _ in _read(pack, problems):
        pass
    return problems


def _read(pack: Pack, problems: list[PackError]) -> Iterator[PublicService]:
    ministries = read_ministries(pack, []).by_code  # what is wrong there is told by its own check
    for path in sorted((pack.root / "services").glob("*.yml")):
        section = Section.open(path, problems)
        service = _Reader(pack=pack).service(section)
        if service.id != path.stem:
            section.problem("the id is not the file's name", f"Write id: {path.stem}.", "id")
        if service.authority and service.authority not in ministries:
            remedy = "Write a code of ministries.csv."
            section.problem(f"no ministry {service.authority}", remedy, "authority")
        yield service


@dataclass(frozen=True, kw_only=True)
class _Reader:
    pack: Pack

    def service(self, section: Section) -> PublicService:
        section.only(
            (
                "id", "names", "description", "synonyms", "authority", "office", "office_short",
                "audience", "life_events", "legal_basis", "form", "requirements", "costs",
                "durations", "notes", "reviewed",
            )
        )  # fmt: skip
        synonyms = section.section("synonyms")
        synonyms.only(self.pack.languages)
        requirements, costs, durations = (
            section.section(name) for name in ("requirements", "costs", "durations")
        )
        service = PublicService(
            id=section.string("id"),
            names=self._names(section, "names", required=True),
            description=self._names(section, "description", required=True),
            synonyms={language: synonyms.strings(language) for language in synonyms.data},
            authority=section.string("authority", required=True),
            office=self._names(section, "office", required=True),
            office_short=self._names(section, "office_short"),
            audience=section.strings("audience"),
            life_events=section.strings("life_events"),
            legal_basis=section.strings("legal_basis"),
            form=self._names(section, "form"),
            requirements=tuple(map(self._requirement, self._items(requirements))),
            requirements_fact=_fact(requirements),
            costs=tuple(map(self._cost, self._items(costs))),
            costs_fact=_fact(costs),
            durations=tuple(map(self._duration, self._items(durations))),
            durations_fact=_fact(durations),
            notes=tuple(map(self._note, section.rows("notes"))),
            reviewed=section.flag("reviewed"),
        )
        _check_costs(costs, service)
        return service

    def _requirement(self, item: Section) -> Requirement:
        item.only(("names", "short", "note", "copies", "original", "fact"))
        return Requirement(
            names=self._names(item, "names", required=True),
            short=self._names(item, "short"),
            note=self._names(item, "note"),
            copies=item.integer("copies") or 0,
            original=item.flag("original"),
            fact=_fact(item),
        )

    def _cost(self, item: Section) -> Cost:
        item.only(("id", "label", "short", "note", "amount", "currency", "brief", "fact"))
        fact, amount = _fact(item), item.integer("amount")
        if (amount is None) != (fact.status is Status.UNKNOWN):
            item.problem("the amount and its status disagree", "Only an unknown fee has no amount.", "fact")
        return Cost(
            id=item.string("id", required=True),
            label=self._names(item, "label", required=True),
            short=self._names(item, "short"),
            note=self._names(item, "note"),
            amount=amount,
            currency=item.string("currency", self.pack.currency),
            brief=item.flag("brief", default=True),
            fact=fact,
        )

    def _duration(self, item: Section) -> Duration:
        item.only(("label", "short", "note", "days", "working", "brief", "fact"))
        fact, days = _fact(item), item.integer("days")
        if (days is None) != (fact.status is Status.UNKNOWN):
            item.problem("the days and their status disagree", "Only an unknown time has no days.", "fact")
        return Duration(
            label=self._names(item, "label"),
            short=self._names(item, "short"),
            note=self._names(item, "note"),
            days=days,
            working=item.flag("working"),
            brief=item.flag("brief", default=True),
            fact=fact,
        )

    def _note(self, item: Section) -> Note:
        item.only(("about", "text", "short", "fact"))
        about = item.string("about", required=True)
        if about not in set(Topic):
            item.problem(f"no question {about}", f"Write one of {', '.join(Topic)}.", "about")
            about = Topic.WHERE
        return Note(
            about=Topic(about),
            text=self._names(item, "text", required=True),
            short=self._names(item, "short"),
            fact=_fact(item),
        )

    def _items(self, section: Section) -> list[Section]:
        section.only(("fact", "items"))
        return [_inheriting(section, item) for item in section.rows("items")]

    def _names(self, section: Section, key: str, *, required: bool = False) -> Names:
        return section.names(key, self.pack.languages, required=required)


def _inheriting(section: Section, item: Section) -> Section:
    # An item without a fact of its own shares that of its list.
    shared = section.data.get("fact")
    if "fact" in item.data or not isinstance(shared, dict):
        return item
    return Section(yaml=item.yaml, problems=item.problems, keys=item.keys, data=item.data | {"fact": shared})


def _fact(holder: Section) -> Fact:
    section = holder.section("fact")
    section.only(("status", "value", "year", "source", "valid_from", "last_checked", "owner"))
    status = section.string("status")
    if status not in set(Status):
        holder.problem("no status", f"Write fact: with status: {', '.join(Status)}.", "fact", "status")
        return Fact(status=Status.UNKNOWN)
    fact = Fact(
        status=Status(status),
        value=section.string("value"),
        year=section.integer("year"),
        source=section.string("source"),
        valid_from=section.day("valid_from"),
        last_checked=section.day("last_checked"),
        owner=section.string("owner"),
    )
    if fact.status is not Status.UNKNOWN and not fact.source:
        holder.problem("a fact without source", "Say who said it: source: …", "fact")
    if fact.status is Status.REPORTED and fact.year is None:
        holder.problem("a reported fact without year", "Say when: year: 2024", "fact")
    if fact.status is Status.CONFIRMED and not (fact.owner and fact.last_checked):
        holder.problem(
            "a confirmed fact without owner or last_checked", "Name who confirmed it and when.", "fact"
        )
    return fact


def _check_costs(section: Section, service: PublicService) -> None:
    known = {cost.id for cost in service.costs if cost.amount is not None}
    if len({cost.id for cost in service.costs}) < len(service.costs):
        section.problem("two costs have one id", "Give each its own id.", "items")
    for index, cost in enumerate(service.costs):
        for language, words in cost.short.items():
            for name in sorted(placeholders(words) - known):
                section.problem(
                    f"no amount {{{name}}}", "Use ids of costs.", "items", index, "short", language
                )
