"""The clocks of a case: derived from its events, paused by waiting, never put back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import Holiday, WorkingCalendar
from complaints.cases import TRANSITIONS, ActorKind, CaseState, Event, EventKind
from complaints.clocks import ClockKind, Reading, Targets, promise, read
from tests.pinned import START

TARGETS = Targets(first_response=3, next_update=5, resolution=15)
OFFICE = ((time(8), time(12)), (time(13), time(16)))
CALENDAR = WorkingCalendar(
    zone=ZoneInfo("Asia/Vientiane"),
    week=(OFFICE,) * 5 + ((), ()),
    holidays={date(2026, 3, 9): Holiday(day=date(2026, 3, 9), names={})},
    overrides={},
    status="reported",
    year=2026,
    known_until=date(2026, 12, 31),
)
HOUR, DAY, FOREVER = 1, 24, START + timedelta(days=400)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def history(*steps: tuple[EventKind, float], **filing: Any) -> list[Event]:
    """A filing at START (a Monday at ten), then events so many hours after it."""
    events = [_event(EventKind.FILED, 0, **filing)]
    return events + [_event(kind, hours) for kind, hours in steps]


def clock(kind: ClockKind, events: list[Event], now: datetime = FOREVER) -> Reading:
    return next(reading for reading in read(events, TARGETS, CALENDAR, now) if reading.kind is kind)


def test_the_promise_is_the_end_of_a_working_day() -> None:
    """Five working days after Monday, 2 March are on Tuesday the 10th: the 9th is a holiday."""
    assert promise(START, 5, CALENDAR) == datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)), st.integers(1, 60), st.integers(0, 3000))  # noqa: DTZ001 (made aware below)
def test_promises_are_monotone_in_time_and_days(moment: datetime, days: int, later: int) -> None:
    start = moment.replace(tzinfo=UTC)
    due = promise(start, days, CALENDAR)
    assert due > start
    assert promise(start + timedelta(minutes=later), days, CALENDAR) >= due
    assert promise(start, days + 1, CALENDAR) > due


def test_a_new_case_has_two_clocks() -> None:
    first, resolution = read(history(), TARGETS, CALENDAR, START)
    assert (first.kind, first.due_at) == (ClockKind.FIRST_RESPONSE, CALENDAR.add_days(START, 3))
    assert (resolution.kind, resolution.due_at) == (ClockKind.RESOLUTION, CALENDAR.add_days(START, 15))
    assert first.met_at is resolution.met_at is None


def test_a_note_for_staff_answers_nobody() -> None:
    silent = history((EventKind.ASSIGNED, HOUR), (EventKind.NOTED, 2), (EventKind.STARTED, 3))
    reading = clock(ClockKind.FIRST_RESPONSE, silent)
    assert reading.met_at is None
    assert reading.breached(FOREVER)


def test_assignment_referral_and_edits_reset_nothing() -> None:
    busy = history((EventKind.ASSIGNED, 1), (EventKind.REFERRED, 30), (EventKind.NOTED, 60))
    for kind in (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION):
        assert clock(kind, busy) == clock(kind, history())


def test_the_first_unanswered_word_starts_the_next_update() -> None:
    events = history((EventKind.REPLIED, 1), (EventKind.ADDED, DAY), (EventKind.ADDED, 3 * DAY))
    reading = clock(ClockKind.NEXT_UPDATE, events)
    assert reading.started_at == at(DAY)
    assert reading.due_at == CALENDAR.add_days(at(DAY), 5)
    answered = [*events, _event(EventKind.REPLIED, 4 * DAY)]
    assert [reading.kind for reading in read(answered, TARGETS, CALENDAR, FOREVER)] == [
        ClockKind.FIRST_RESPONSE,
        ClockKind.RESOLUTION,
    ]


def test_a_word_before_the_first_response_leaves_that_clock_in_charge() -> None:
    readings = read(history((EventKind.ADDED, DAY)), TARGETS, CALENDAR, FOREVER)
    assert ClockKind.NEXT_UPDATE not in [reading.kind for reading in readings]


def test_waiting_for_the_citizen_pauses_by_the_hours_waited() -> None:
    # Asked on Tuesday at ten, answered on Wednesday at ten: one working day of seven hours.
    events = history((EventKind.ASKED, DAY), (EventKind.ADDED, 2 * DAY))
    due = clock(ClockKind.RESOLUTION, history()).due_at
    reading = clock(ClockKind.RESOLUTION, events)
    assert reading.due_at == CALENDAR.add_hours(due, 7)
    assert not reading.paused
    assert clock(ClockKind.RESOLUTION, events[:2], at(3 * DAY)).paused


def test_a_new_promise_replaces_the_date() -> None:
    new = at(90 * DAY)
    events = history((EventKind.REPLIED, 1))
    promised = Event(
        kind=EventKind.PROMISED,
        actor_kind=ActorKind.STAFF,
        actor="s1",
        at=at(DAY),
        reason="floods",
        promised_at=new,
    )
    assert clock(ClockKind.RESOLUTION, [*events, promised]).due_at == new


def test_reopening_starts_the_resolution_anew() -> None:
    events = history((EventKind.RESOLVED, DAY), (EventKind.REOPENED, 4 * DAY))
    reading = clock(ClockKind.RESOLUTION, events)
    assert reading.started_at == at(4 * DAY)
    assert reading.due_at == CALENDAR.add_days(at(4 * DAY), 15)
    assert reading.met_at is None
    assert clock(ClockKind.RESOLUTION, events[:2]).met_at == at(DAY)


def test_a_closing_does_not_move_the_moment_of_the_solution() -> None:
    events = history((EventKind.RESOLVED, DAY), (EventKind.CONFIRMED, 9 * DAY))
    assert clock(ClockKind.RESOLUTION, events).met_at == at(DAY)


def test_a_withdrawal_stops_every_clock() -> None:
    for reading in read(history((EventKind.WITHDRAWN, HOUR)), TARGETS, CALENDAR, FOREVER):
        assert reading.met_at == at(HOUR)
        assert not reading.breached(FOREVER)


def test_a_history_without_its_filing_has_no_clocks() -> None:
    for events in ([], history((EventKind.ADDED, 1))[1:]):
        with pytest.raises(ValueError, match="filing"):
            read(events, TARGETS, CALENDAR, FOREVER)


steps = st.lists(st.tuples(st.sampled_from(EventKind), st.floats(0, 72)), max_size=12)


@given(steps, st.floats(0, 500))
def test_only_a_promise_or_a_reopening_brings_a_date_nearer(
    drawn: list[tuple[EventKind, float]], later: float
) -> None:
    """Whatever happens, and however late one looks, the resolution is due no earlier than before."""
    events, state, hours = history(), CaseState.RECEIVED, 0.0
    due = clock(ClockKind.RESOLUTION, events).due_at
    for kind, pause in drawn:
        if kind in TRANSITIONS[state] and kind not in (EventKind.PROMISED, EventKind.REOPENED):
            state, hours = TRANSITIONS[state][kind], hours + pause
            events.append(_event(kind, hours))
            now = at(hours)
            moved = clock(ClockKind.RESOLUTION, events, now).due_at
            assert moved >= due
            due = clock(ClockKind.RESOLUTION, events, now + timedelta(hours=later)).due_at
            assert due >= moved
            due = moved
            assert clock(ClockKind.FIRST_RESPONSE, events, now).due_at == CALENDAR.add_days(START, 3)


def _event(kind: EventKind, hours: float, **particulars: Any) -> Event:
    return Event(kind=kind, actor_kind=ActorKind.STAFF, actor="s1", at=at(hours), **particulars)
