"""The clocks of a case, derived from its events in working time: nothing is stored that an edit could reset.

Three clocks, as the citizen sees a case: when somebody first answers, when the citizen's last word is
answered, and when the matter is solved by the promised date. Only waiting for the citizen stops one,
and for exactly the working hours waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

from complaints.cases import OPEN, TRANSITIONS, CaseState, Event, EventKind


class WorkingTime(Protocol):
    """What the clocks need of `bot.calendar.WorkingCalendar`."""

    def add_days(self, start: datetime, working_days: int, /) -> datetime:
        """The end of the n-th working day after the day of `start`."""

    def add_hours(self, start: datetime, hours: float, /) -> datetime:
        """The moment at which so many working hours have passed."""

    def hours_between(self, start: datetime, end: datetime, /) -> float:
        """The working hours from `start` to `end`; 0 if `end` is not later."""


class ClockKind(StrEnum):
    """What a clock measures."""

    FIRST_RESPONSE = "first_response"
    NEXT_UPDATE = "next_update"
    RESOLUTION = "resolution"


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """Working days that a category allows for each clock."""

    first_response: int
    next_update: int
    resolution: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One clock: `met_at` says when it stopped for good; while `paused`, `due_at` recedes."""

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    paused: bool = False

    def breached(self, now: datetime) -> bool:
        """Whether it ran out before it was met, or has run out by now."""
        return (self.met_at or now) > self.due_at


# What the citizen hears from the desk, and what the desk hears from the citizen.
_ANSWERS = frozenset(
    {
        EventKind.ASKED,
        EventKind.REPLIED,
        EventKind.PROMISED,
        EventKind.RESOLVED,
        EventKind.REJECTED,
    }
)
_WORDS = frozenset({EventKind.FILED, EventKind.ADDED, EventKind.REOPENED})


def promise(filed_at: datetime, resolution_days: int, calendar: WorkingTime) -> datetime:
    """The one date told to the citizen: the end of the n-th working day after filing."""
    return calendar.add_days(filed_at, resolution_days)


def read(
    events: Sequence[Event], targets: Targets, calendar: WorkingTime, now: datetime
) -> tuple[Reading, ...]:
    """The clocks of a case with this history, oldest event first, the first of which is the filing.

    First response and resolution are always there; the next update only while a word of the
    citizen after the first response is unanswered. Raises ValueError for a history without filing.
    """
    if not events or events[0].kind is not EventKind.FILED:
        raise ValueError("a history begins with the filing")
    return tuple(
        reading
        for reading in (
            _first_response(events, targets, calendar),
            _next_update(events, targets, calendar, now),
            _resolution(events, targets, calendar, now),
        )
        if reading
    )


def _first_response(events: Sequence[Event], targets: Targets, calendar: WorkingTime) -> Reading:
    started = events[0].at
    met = next((event.at for event in events if event.kind in _ANSWERS), _over_at(events))
    due = calendar.add_days(started, targets.first_response)
    return Reading(kind=ClockKind.FIRST_RESPONSE, started_at=started, due_at=due, met_at=met)


def _next_update(
    events: Sequence[Event], targets: Targets, calendar: WorkingTime, now: datetime
) -> Reading | None:
    answered = max((place for place, event in enumerate(events) if event.kind in _ANSWERS), default=None)
    if answered is None or _over_at(events):
        return None
    # The first word since the last answer: more words do not put the answer off.
    word = next((event for event in events[answered + 1 :] if event.kind in _WORDS), None)
    if word is None:
        return None
    due = _put_off(calendar.add_days(word.at, targets.next_update), events, word.at, calendar, now)
    return Reading(
        kind=ClockKind.NEXT_UPDATE, started_at=word.at, due_at=due, paused=_states(events)[-1] is _WAITING
    )


def _resolution(events: Sequence[Event], targets: Targets, calendar: WorkingTime, now: datetime) -> Reading:
    started, promised, since = events[0].at, events[0].promised_at, events[0].at
    for event in events:
        if event.kind is EventKind.REOPENED:
            started, promised, since = event.at, event.promised_at, event.at
        elif event.promised_at is not None:
            promised, since = event.promised_at, event.at
    due = promised or calendar.add_days(started, targets.resolution)
    return Reading(
        kind=ClockKind.RESOLUTION,
        started_at=started,
        due_at=_put_off(due, events, since, calendar, now),
        met_at=_over_at(events),
        paused=_states(events)[-1] is _WAITING,
    )


_WAITING = CaseState.WAITING_FOR_CITIZEN


def _put_off(
    due: datetime, events: Sequence[Event], since: datetime, calendar: WorkingTime, now: datetime
) -> datetime:
    """`due`, later by the working hours since `since` in which the citizen was waited for."""
    states = _states(events)
    ends = [*(event.at for event in events[1:]), now]
    hours = sum(
        calendar.hours_between(max(event.at, since), end)
        for event, end, state in zip(events, ends, states, strict=True)
        if state is _WAITING
    )
    return calendar.add_hours(due, hours) if hours else due


def _over_at(events: Sequence[Event]) -> datetime | None:
    """When the case last left the open states, if it has not come back to them."""
    states = _states(events)
    if states[-1] in OPEN:
        return None
    over = events[0].at
    for (_, before), (event, after) in pairwise(zip(events, states, strict=True)):
        if before in OPEN and after not in OPEN:
            over = event.at
    return over


def _states(events: Sequence[Event]) -> list[CaseState]:
    """The state after each event."""
    states = [CaseState.RECEIVED]
    for event in events[1:]:
        states.append(TRANSITIONS[states[-1]][event.kind])
    return states
