"""A case and its life: states, events, and the pure table of which event leads where.

No rule is kept anywhere else: whoever changes a case, citizen, staff or clock, makes an `Event`
and stores what `transition` returns together with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from complaints.errors import NotPossible, ReasonMissing


class CaseKind(StrEnum):
    """What the citizen wants of the case."""

    COMPLAINT = "complaint"
    REQUEST = "request"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"


class Protection(StrEnum):
    """How much of a person a case shows to those who work on it."""

    NAMED = "named"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


class CaseState(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_CITIZEN = "waiting_for_citizen"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REFERRED = "referred"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class EventKind(StrEnum):
    """What can happen to a case."""

    FILED = "filed"
    ASSIGNED = "assigned"
    STARTED = "started"
    ASKED = "asked"  # the citizen owes an answer
    ADDED = "added"  # the citizen said something more
    REPLIED = "replied"  # the citizen was told how it stands
    NOTED = "noted"  # staff wrote something for staff
    PROMISED = "promised"  # a new date, with its reason
    REFERRED = "referred"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"  # the citizen says that it is solved
    LAPSED = "lapsed"  # closed after a notice to which the citizen kept silent
    MERGED = "merged"
    PARTED = "parted"  # taken out of its family again
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    REOPENED = "reopened"
    REKEYED = "rekeyed"  # the citizen lost the PIN and got another


class ActorKind(StrEnum):
    """Who made an event."""

    CITIZEN = "citizen"
    STAFF = "staff"
    SYSTEM = "system"


class RejectionReason(StrEnum):
    """The only reasons to reject; "not ours" is none: such a case is referred."""

    NOTHING_TO_ACT_ON = "nothing_to_act_on"  # even after the citizen was asked
    ABUSE = "abuse"
    BEFORE_A_COURT = "before_a_court"
    DECIDED_BEFORE = "decided_before"
    BETWEEN_PRIVATE_PERSONS = "between_private_persons"


OPEN = frozenset(
    {
        CaseState.RECEIVED,
        CaseState.ASSIGNED,
        CaseState.IN_PROGRESS,
        CaseState.WAITING_FOR_CITIZEN,
        CaseState.REFERRED,
    }
)
# A duplicate is over for its desk, but its fate is its family's: it can be parted again.
TERMINAL = frozenset({CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.REJECTED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened: who, when, why, by which channel, and what the citizen was told.

    `actor` is a contact id, a staff id or the name of a rule. `reason` is a `RejectionReason` for
    REJECTED and plain words elsewhere. `desk`, `promised_at` and `family_id` belong to the events
    that change them.
    """

    kind: EventKind
    actor_kind: ActorKind
    actor: str
    at: datetime
    channel: str = ""
    reason: str = ""
    told: str = ""
    text: str = ""
    desk: str = ""
    promised_at: datetime | None = None
    family_id: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A case as it stands; `version` counts its events, and every change is made against it."""

    id: str
    reference: str
    kind: CaseKind
    category: str
    state: CaseState
    service: str
    place: str
    office: str
    desk: str
    language: str
    channel: str
    contact_id: str
    protection: Protection
    summary: str
    description: str
    filed_at: datetime
    promised_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    family_id: str = ""
    priority: int = 0
    version: int = 1


_S, _E = CaseState, EventKind
_WORK = {
    _E.ASSIGNED: _S.ASSIGNED,
    _E.STARTED: _S.IN_PROGRESS,
    _E.ASKED: _S.WAITING_FOR_CITIZEN,
    _E.REFERRED: _S.REFERRED,
    _E.RESOLVED: _S.RESOLVED,
    _E.MERGED: _S.DUPLICATE,
    _E.WITHDRAWN: _S.WITHDRAWN,
    _E.REJECTED: _S.REJECTED,
}
# What leaves the state as it is, and so is possible whenever somebody has something to say or to ask for.
_WORDS = (_E.ADDED, _E.REPLIED, _E.NOTED, _E.REKEYED)


def _stay(state: CaseState, *events: EventKind) -> dict[EventKind, CaseState]:
    return dict.fromkeys((*_WORDS, *events), state)


TRANSITIONS: Mapping[CaseState, Mapping[EventKind, CaseState]] = MappingProxyType(
    {
        _S.RECEIVED: {**_WORK, **_stay(_S.RECEIVED, _E.PROMISED)},
        _S.ASSIGNED: {**_WORK, **_stay(_S.ASSIGNED, _E.PROMISED)},
        _S.IN_PROGRESS: {**_WORK, **_stay(_S.IN_PROGRESS, _E.PROMISED)},
        _S.REFERRED: {**_WORK, **_stay(_S.REFERRED, _E.PROMISED)},
        _S.WAITING_FOR_CITIZEN: {
            **_WORK,
            **_stay(_S.WAITING_FOR_CITIZEN, _E.PROMISED),
            _E.ADDED: _S.IN_PROGRESS,
        },
        _S.RESOLVED: {
            **_stay(_S.RESOLVED),
            _E.CONFIRMED: _S.CLOSED,
            _E.LAPSED: _S.CLOSED,
            _E.REOPENED: _S.ASSIGNED,
        },
        _S.DUPLICATE: {
            **_stay(_S.DUPLICATE),
            _E.PARTED: _S.RECEIVED,
            _E.RESOLVED: _S.RESOLVED,
            _E.WITHDRAWN: _S.WITHDRAWN,
        },
        _S.CLOSED: {**_stay(_S.CLOSED), _E.REOPENED: _S.ASSIGNED},
        _S.WITHDRAWN: {**_stay(_S.WITHDRAWN), _E.REOPENED: _S.ASSIGNED},
        _S.REJECTED: {**_stay(_S.REJECTED), _E.REOPENED: _S.ASSIGNED},
    }
)


def possible(state: CaseState, kind: EventKind) -> bool:
    """Whether this can happen to a case in this state."""
    return kind in TRANSITIONS[state]


def transition(case: Case, event: Event) -> Case:
    """The case after the event, one version on.

    Raises NotPossible where the table has no edge, and ReasonMissing where the event lacks what
    makes it fair: a listed reason to reject, a reason and a date to promise anew, a desk to refer
    to, a family to merge into. A case about an office is never handed to that office.
    """
    if not possible(case.state, event.kind):
        raise NotPossible(case.state, event.kind)
    _require(case, event)
    state = TRANSITIONS[case.state][event.kind]
    reopened = event.kind is EventKind.REOPENED
    return replace(
        case,
        state=state,
        desk=event.desk or case.desk,
        promised_at=event.promised_at or case.promised_at,
        family_id=event.family_id if event.kind in _FAMILY else case.family_id,
        priority=case.priority + reopened,
        updated_at=max(case.updated_at, event.at),
        closed_at=(case.closed_at or event.at) if state in TERMINAL else None,
        version=case.version + 1,
    )


_FAMILY = (EventKind.MERGED, EventKind.PARTED)
_LISTED = frozenset(reason.value for reason in RejectionReason)


def _require(case: Case, event: Event) -> None:
    match event.kind:
        case EventKind.REJECTED if event.reason not in _LISTED:
            raise ReasonMissing(event.kind, "a reason from the list")
        case EventKind.PROMISED if not event.reason or event.promised_at is None:
            raise ReasonMissing(event.kind, "a reason and a date")
        case EventKind.REFERRED if not event.desk or event.desk == case.desk:
            raise ReasonMissing(event.kind, "another desk")
        case EventKind.MERGED if not event.family_id or event.family_id == case.id:
            raise ReasonMissing(event.kind, "another case to belong to")
    if event.promised_at is not None and event.promised_at <= event.at:
        raise ReasonMissing(event.kind, "a date that is still to come")
    if event.desk and event.desk == case.office:
        raise ReasonMissing(event.kind, "a desk other than the office complained about")
