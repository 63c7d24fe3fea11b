"""Reads one file of the catalogue into the record of a public service, noting all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.pack import Pack, Section, placeholders
from services.citizens import CitizenTypes
from services.forms import fault
from services.record import (
    Channel,
    ChannelKind,
    Citizens,
    Cost,
    Duration,
    Fact,
    Form,
    Names,
    Note,
    Output,
    PublicService,
    Requirement,
    Statement,
    Status,
    Topic,
)

Item = TypeVar("Item")
Kind = TypeVar("Kind", bound=StrEnum)

_FIELDS = (
    "id", "names", "description", "synonyms", "authority", "office", "office_short", "audience",
    "life_events", "legal_basis", "who", "forms", "channels", "outputs", "requirements", "costs",
    "durations", "notes", "refused", "reviewed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceReader:
    """Reads services in the languages of a pack and for its types of citizen."""

    pack: Pack
    types: CitizenTypes

    def service(self, section: Section) -> PublicService:
        """The service of one file; fields that are wrong are empty."""
        section.only(_FIELDS)
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
            who=self._items(section.section("who"), self.statement),
            forms=self._items(section.section("forms"), self._form),
            channels=self._items(section.section("channels"), self._channel),
            outputs=self._items(section.section("outputs"), self._output),
            requirements=self._items(requirements, self._requirement),
            requirements_fact=read_fact(requirements),
            costs=self._items(costs, self._cost),
            costs_fact=read_fact(costs),
            durations=self._items(durations, self._duration),
            durations_fact=read_fact(durations),
            notes=tuple(self.note(each, each.string("id")) for each in section.rows("notes")),
            refused=self._items(section.section("refused"), self.statement),
            reviewed=section.flag("reviewed"),
        )
        _check_costs(costs, service)
        return service

    def note(self, item: Section, id_: str = "") -> Note:
        """Something worth saying with one answer."""
        del id_
        item.only(("about", "text", "short", "for", "fact"))
        return Note(
            about=_kind(item, "about", Topic, Topic.WHERE),
            text=self._names(item, "text", required=True),
            short=self._names(item, "short"),
            citizens=self._citizens(item),
            fact=read_fact(item),
        )

    def statement(self, item: Section, id_: str) -> Statement:
        """A sentence with its source."""
        del id_
        item.only(("text", "short", "for", "fact"))
        return Statement(
            text=self._names(item, "text", required=True),
            short=self._names(item, "short"),
            citizens=self._citizens(item),
            fact=read_fact(item),
        )

    def _requirement(self, item: Section, id_: str) -> Requirement:
        item.only(("id", "names", "short", "note", "skip", "evidence", "copies", "original", "for", "fact"))
        return Requirement(
            id=id_,
            names=self._names(item, "names", required=True),
            short=self._names(item, "short"),
            note=self._names(item, "note"),
            skip=self._names(item, "skip"),
            evidence=item.string("evidence"),
            copies=item.integer("copies") or 0,
            original=item.flag("original"),
            citizens=self._citizens(item),
            fact=read_fact(item),
        )

    def _cost(self, item: Section, id_: str) -> Cost:
        item.only(("id", "label", "short", "note", "amount", "currency", "brief", "for", "fact"))
        item.string("id", required=True)
        fact, amount = read_fact(item), item.integer("amount")
        if (amount is None) != (fact.status is Status.UNKNOWN):
            item.problem("the amount and its status disagree", "Only an unknown fee has no amount.", "fact")
        return Cost(
            id=id_,
            label=self._names(item, "label", required=True),
            short=self._names(item, "short"),
            note=self._names(item, "note"),
            amount=amount,
            currency=item.string("currency", self.pack.currency),
            brief=item.flag("brief", default=True),
            citizens=self._citizens(item),
            fact=fact,
        )

    def _duration(self, item: Section, id_: str) -> Duration:
        item.only(("id", "label", "short", "note", "days", "working", "brief", "for", "fact"))
        fact, days = read_fact(item), item.integer("days")
        if (days is None) != (fact.status is Status.UNKNOWN):
            item.problem("the days and their status disagree", "Only an unknown time has no days.", "fact")
        return Duration(
            id=id_,
            label=self._names(item, "label"),
            short=self._names(item, "short"),
            note=self._names(item, "note"),
            days=days,
            working=item.flag("working"),
            brief=item.flag("brief", default=True),
            citizens=self._citizens(item),
            fact=fact,
        )

    def _form(self, item: Section, id_: str) -> Form:
        item.only(("id", "names", "where", "link", "file", "for", "fact"))
        file = item.string("file")
        if file and (wrong := fault(file, self.pack.root)):
            item.problem(f"{file} {wrong}", "Put the PDF there, or leave `file` out.", "file")
        return Form(
            id=id_,
            names=self._names(item, "names", required=True),
            where=self._names(item, "where"),
            link=item.string("link"),
            file=file,
            citizens=self._citizens(item),
            fact=read_fact(item),
        )

    def _channel(self, item: Section, id_: str) -> Channel:
        item.only(("id", "kind", "names", "for", "fact"))
        return Channel(
            id=id_,
            kind=_kind(item, "kind", ChannelKind, ChannelKind.OFFICE),
            names=self._names(item, "names", required=True),
            citizens=self._citizens(item),
            fact=read_fact(item),
        )

    def _output(self, item: Section, id_: str) -> Output:
        item.only(("id", "names", "valid", "fact"))
        return Output(
            id=id_,
            names=self._names(item, "names", required=True),
            valid=self._names(item, "valid"),
            fact=read_fact(item),
        )

    def _items(self, section: Section, read: Callable[[Section, str], Item]) -> tuple[Item, ...]:
        """The items of a list, each with an id: its own, or its place in the list, from 1."""
        section.only(("fact", "items"))
        rows = [inheriting(section, item) for item in section.rows("items")]
        ids = [row.string("id", str(number)) for number, row in enumerate(rows, start=1)]
        if len(set(ids)) < len(ids):
            section.problem("two items have one id", "Give each its own id.", "items")
        return tuple(read(row, id_) for row, id_ in zip(rows, ids, strict=True))

    def _names(self, section: Section, key: str, *, required: bool = False) -> Names:
        return section.names(key, self.pack.languages, required=required)

    def _citizens(self, item: Section) -> Citizens:
        citizens = item.strings("for")
        for name in citizens:
            if name not in self.types.by_id:
                known = ", ".join(self.types.by_id) or "none yet"
                item.problem(f"no type of citizen {name}", f"Name one of citizen_types.yml: {known}.", "for")
        return frozenset(citizens).intersection(self.types.by_id)


def read_fact(holder: Section) -> Fact:
    """How sure a statement is, from the `fact` of its section."""
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
    for problem, remedy in fact_problems(fact):
        holder.problem(problem, remedy, "fact")
    return fact


def fact_problems(fact: Fact) -> Iterable[tuple[str, str]]:
    """What a fact of this status lacks, each with its remedy."""
    if fact.status is not Status.UNKNOWN and not fact.source:
        yield "a fact without source", "Say who said it: source: …"
    if fact.status is Status.REPORTED and fact.year is None:
        yield "a reported fact without year", "Say when: year: 2024"
    if fact.status is Status.CONFIRMED and not (fact.owner and fact.last_checked):
        yield "a confirmed fact without owner or last_checked", "Name who confirmed it and when."


def inheriting(section: Section, item: Section) -> Section:
    """The item with the fact of its list, unless it has one of its own."""
    shared = section.data.get("fact")
    if "fact" in item.data or not isinstance(shared, dict):
        return item
    return Section(yaml=item.yaml, problems=item.problems, keys=item.keys, data=item.data | {"fact": shared})


def _kind(item: Section, key: str, kinds: type[Kind], otherwise: Kind) -> Kind:
    value = item.string(key, required=True)
    if value in set(kinds):
        return kinds(value)
    if value:
        item.problem(f"no {key} {value}", f"Write one of {', '.join(kinds)}.", key)
    return otherwise


def _check_costs(section: Section, service: PublicService) -> None:
    known = {cost.id: cost for cost in service.costs if cost.amount is not None}
    for index, cost in enumerate(service.costs):
        for language, words in cost.short.items():
            where = ("items", index, "short", language)
            for name in sorted(placeholders(words)):
                if name not in known:
                    section.problem(f"no amount {{{name}}}", "Use ids of costs.", *where)
                elif known[name].citizens not in (frozenset(), cost.citizens):
                    remedy = "Name costs for the same citizens, or for everybody."
                    section.problem(f"{{{name}}} is for other citizens", remedy, *where)
