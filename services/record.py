"""The record of a public service: what it requires, costs and takes, for whom, and how sure that is.

It follows CPSV-AP 3.2 (public service, competent authority, requirement, evidence, rule, channel,
cost, output, processing time) and the country's own inventory of formalities, and adds to every fact
its status, source and owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

Names = Mapping[str, str]
# Types of citizen that something is for, by citizen_types.yml; empty: everybody.
Citizens = frozenset[str]


class Status(StrEnum):
    """How sure a fact is: an owner confirmed it, somebody reported it in a year, nobody knows."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    UNKNOWN = "unknown"


class Topic(StrEnum):
    """A question about a service, as answered and as annotated."""

    REQUIREMENTS = "requirements"
    FEE = "fee"
    DURATION = "duration"
    WHERE = "where"


class ChannelKind(StrEnum):
    """Where an application can be made."""

    CENTRE = "centre"
    OFFICE = "office"
    VILLAGE = "village"
    BANK = "bank"
    ONLINE = "online"
    PHONE = "phone"
    POST = "post"


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


class Sourced(Protocol):
    """Anything in a record that says how sure it is, and for whom it is."""

    @property
    def citizens(self) -> Citizens: ...  # noqa: D102  # see the class
    @property
    def fact(self) -> Fact: ...  # noqa: D102  # see the class


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One paper to bring; `short` is the wording for channels paid by part.

    `evidence` is the code of the kind of paper (two services that ask for the same one name the same
    code), `skip` says who need not bring it, or what does instead.
    """

    id: str
    names: Names
    short: Names
    note: Names
    skip: Names
    evidence: str
    copies: int
    original: bool
    citizens: Citizens
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
    citizens: Citizens
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Duration:
    """One processing time: `days` are calendar days, or working days if `working`."""

    id: str
    label: Names
    short: Names
    note: Names
    days: int | None
    working: bool
    brief: bool
    citizens: Citizens
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A sentence with its source: who may apply, what to do when refused."""

    text: Names
    short: Names
    citizens: Citizens
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something worth saying with the answer to one question."""

    about: Topic
    text: Names
    short: Names
    citizens: Citizens
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form to fill in, and where to get it.

    `link` is a page for channels that can open one, `file` the form itself: its name in the pack's folder
    `forms`, or the address of a PDF elsewhere.
    """

    id: str
    names: Names
    where: Names
    link: str
    file: str
    citizens: Citizens
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One way to apply."""

    id: str
    kind: ChannelKind
    names: Names
    citizens: Citizens
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """What the citizen has in the end, and how long it is good for."""

    id: str
    names: Names
    valid: Names
    fact: Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What staff say about a service for a while; `text` may be empty for an outage.

    `since` is the local day on which it began.
    """

    id: str
    outage: bool
    text: Names
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicService:
    """One public service. Each `*_fact` says how sure the list beside it is as a whole.

    `authority` is the code of the ministry that owns the service; `office` is where a citizen
    goes or asks; `who` are the rules of eligibility; `refused` is what to do when the office says no
    or asks for more. `notices` are those in force where and when the record was asked for.
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
    who: tuple[Statement, ...]
    forms: tuple[Form, ...]
    channels: tuple[Channel, ...]
    outputs: tuple[Output, ...]
    requirements: tuple[Requirement, ...]
    requirements_fact: Fact
    costs: tuple[Cost, ...]
    costs_fact: Fact
    durations: tuple[Duration, ...]
    durations_fact: Fact
    notes: tuple[Note, ...]
    refused: tuple[Statement, ...]
    reviewed: bool
    notices: tuple[Notice, ...] = ()

    def about(self, topic: Topic) -> tuple[object, ...]:
        """Everything that the answer to one question is made of: two equal ones give the same answer.

        Where a whole list is not known, only what is noted beside it is told.
        """
        if topic is Topic.WHERE:
            return (self.office, self.office_short, self.channels, self._noted(topic))
        items, fact = self._list(topic)
        return self._noted(topic) if fact.status is Status.UNKNOWN else (items, fact, self._noted(topic))

    def knows(self, topic: Topic) -> bool:
        """Whether the list that answers a question is confirmed or reported; raises KeyError where there is none."""
        return self._list(topic)[1].status is not Status.UNKNOWN

    def _list(self, topic: Topic) -> tuple[tuple[object, ...], Fact]:
        return {
            Topic.REQUIREMENTS: (self.requirements, self.requirements_fact),
            Topic.FEE: (self.costs, self.costs_fact),
            Topic.DURATION: (self.durations, self.durations_fact),
        }[topic]

    def _noted(self, topic: Topic) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.about is topic)
