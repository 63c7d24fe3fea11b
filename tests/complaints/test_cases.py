"""The life of a case: what the table allows, and what no sequence of events can do."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.cases import (
    OPEN,
    TERMINAL,
    TRANSITIONS,
    ActorKind,
    Case,
    CaseKind,
    CaseState,
    Event,
    EventKind,
    Protection,
    RejectionReason,
    possible,
    transition,
)
from complaints.errors import NotPossible, ReasonMissing
from tests.pinned import START

CASE = Case(
    id="c1",
    reference="57240000",
    kind=CaseKind.COMPLAINT,
    category="delay",
    state=CaseState.RECEIVED,
    service="id-card",
    place="LA-VT",
    office="accused",
    desk="one",
    language="lo",
    channel="sms",
    contact_id="p1",
    protection=Protection.NAMED,
    summary="s",
    description="d",
    filed_at=START,
    promised_at=START + timedelta(days=21),
    updated_at=START,
)
PARTICULARS: dict[EventKind, dict[str, Any]] = {
    EventKind.REJECTED: {"reason": RejectionReason.ABUSE},
    EventKind.PROMISED: {"reason": "floods", "promised_at": START + timedelta(days=999)},
    EventKind.REFERRED: {"desk": "elsewhere"},
    EventKind.MERGED: {"family_id": "c0"},
}


def event(kind: EventKind, minute: int = 1, **particulars: Any) -> Event:
    values = PARTICULARS.get(kind, {}) | particulars
    at = START + timedelta(minutes=minute)
    return Event(kind=kind, actor_kind=ActorKind.STAFF, actor="s1", at=at, **values)


def walk(kinds: list[EventKind]) -> list[Case]:
    """The case after each of the events that were possible."""
    passed = [CASE]
    for minute, kind in enumerate(kinds, 1):
        desk = {"desk": f"desk {minute}"} if kind is EventKind.REFERRED else {}
        if possible(passed[-1].state, kind):
            passed.append(transition(passed[-1], event(kind, minute, **desk)))
    return passed


walks = st.lists(st.sampled_from(EventKind), max_size=30).map(walk)


def test_every_state_has_its_row_and_every_row_leads_to_a_state() -> None:
    assert set(TRANSITIONS) == set(CaseState)
    assert {state for row in TRANSITIONS.values() for state in row.values()} == set(CaseState)


def test_only_reopening_leaves_what_is_over() -> None:
    for state in TERMINAL:
        leaving = {kind for kind, after in TRANSITIONS[state].items() if after is not state}
        assert leaving == {EventKind.REOPENED}


def test_nothing_files_a_case_twice() -> None:
    assert not any(EventKind.FILED in row for row in TRANSITIONS.values())


def test_from_every_state_the_citizen_can_speak_and_the_case_can_come_to_an_end() -> None:
    for state in CaseState:
        assert possible(state, EventKind.ADDED)
        reached, fresh = {state}, {state}
        while fresh:
            fresh = {after for each in fresh for after in TRANSITIONS[each].values()} - reached
            reached |= fresh
        assert reached & TERMINAL


@given(walks)
def test_versions_count_events_and_time_never_runs_back(passed: list[Case]) -> None:
    assert [case.version for case in passed] == list(range(1, len(passed) + 1))
    assert [case.updated_at for case in passed] == sorted(case.updated_at for case in passed)


@given(walks)
def test_a_case_is_closed_exactly_while_it_is_over(passed: list[Case]) -> None:
    for case in passed:
        assert (case.closed_at is not None) == (case.state in TERMINAL)


@given(walks)
def test_priority_counts_reopenings_and_never_sinks(passed: list[Case]) -> None:
    for before, after in pairwise(passed):
        reopened = before.state not in OPEN and after.state is CaseState.ASSIGNED
        assert after.priority == before.priority + reopened


@given(walks)
def test_what_identifies_a_case_never_changes(passed: list[Case]) -> None:
    for case in passed:
        assert (case.id, case.reference, case.contact_id, case.filed_at) == ("c1", "57240000", "p1", START)


@given(st.sampled_from(CaseState), st.sampled_from(EventKind))
def test_what_the_table_does_not_allow_is_refused(state: CaseState, kind: EventKind) -> None:
    if not possible(state, kind):
        with pytest.raises(NotPossible):
            transition(_in(state), event(kind))


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        (EventKind.REJECTED, {"reason": ""}),
        (EventKind.REJECTED, {"reason": "not ours"}),
        (EventKind.PROMISED, {"reason": ""}),
        (EventKind.PROMISED, {"promised_at": None}),
        (EventKind.PROMISED, {"promised_at": START}),
        (EventKind.REFERRED, {"desk": ""}),
        (EventKind.REFERRED, {"desk": "one"}),
        (EventKind.REFERRED, {"desk": "accused"}),
        (EventKind.ASSIGNED, {"desk": "accused"}),
        (EventKind.MERGED, {"family_id": ""}),
        (EventKind.MERGED, {"family_id": "c1"}),
    ],
)
def test_an_event_without_what_makes_it_fair_is_refused(kind: EventKind, lacking: dict[str, Any]) -> None:
    with pytest.raises(ReasonMissing):
        transition(CASE, event(kind, **lacking))


def test_an_answer_sets_work_going_again() -> None:
    waiting = transition(CASE, event(EventKind.ASKED))
    assert transition(waiting, event(EventKind.ADDED)).state is CaseState.IN_PROGRESS


def test_a_duplicate_can_be_parted_from_its_family() -> None:
    merged = transition(CASE, event(EventKind.MERGED))
    parted = transition(merged, event(EventKind.PARTED))
    assert (merged.family_id, parted.family_id, parted.state) == ("c0", "", CaseState.RECEIVED)


def _in(state: CaseState) -> Case:
    values = {name: getattr(CASE, name) for name in CASE.__dataclass_fields__}
    return Case(**values | {"state": state})
