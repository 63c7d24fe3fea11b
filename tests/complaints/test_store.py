"""The store: filed once, changed in order, masked where it is read, guarded by the PIN."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.errors import Duplicate, Stale, Taken
from bot.guesses import GUESSES_A_DAY
from complaints.cases import CaseState, EventKind, Protection
from complaints.errors import NotOffered, NotPossible
from complaints.filing import AddToCase, ConfirmCase, IssuePin, ReopenCase, WithdrawCase
from complaints.store import PinOutcome
from complaints.tables import case_events, cases
from tests.complaints.conftest import WORDS, Office
from tests.pinned import PinnedTime


async def test_a_filed_case_is_found_by_its_reference(office: Office) -> None:
    effect = office.filing()
    await office.do(effect, "sms:1")
    view = await office.cases.find(effect.reference, "p1")
    assert view
    assert view.own
    assert view.case.state is CaseState.RECEIVED
    assert (view.case.desk, view.case.office, view.case.version) == ("one-door", "police", 1)
    assert view.case.promised_at == effect.promised_at
    assert await office.cases.find("11111111") is None
    assert await office.cases.get(view.case.id, "p1") == view


async def test_staff_read_masked_words_and_the_history_keeps_the_citizens_own(office: Office) -> None:
    case = await office.file()
    assert case.description == WORDS.replace("020 5551 2345", "***")
    assert case.summary == "ໂທຫາຂ້ອຍ ***"
    (filed,) = await office.cases.events(case.id)
    assert (filed.kind, filed.text, filed.actor) == (EventKind.FILED, WORDS, "p1")


async def test_no_word_and_no_pin_lies_open_in_the_tables(office: Office) -> None:
    await office.file()
    for table in (cases, case_events):
        for row in await office.db.fetch(select(table)):
            for value in row:
                stored = value if isinstance(value, bytes) else str(value).encode()
                assert b"5551 2345" not in stored
                assert b"012345" not in stored


async def test_the_same_message_files_once(office: Office) -> None:
    await office.file("sms:1")
    with pytest.raises(Duplicate):
        await office.file("sms:1")
    await office.file("sms:2")
    assert await _count(office) == (2, 2)


async def test_the_same_message_twenty_five_times_at_once_files_once(office: Office) -> None:
    outcomes = await asyncio.gather(*(office.file("sms:1") for _ in range(25)), return_exceptions=True)
    assert sum(isinstance(outcome, Duplicate) for outcome in outcomes) == 24
    assert await _count(office) == (1, 1)


async def test_a_reference_in_use_is_told_apart_from_a_redelivery(office: Office) -> None:
    case = await office.file("sms:1")
    with pytest.raises(Taken):
        await office.file("sms:2", reference=case.reference)
    assert await _count(office) == (1, 1)


async def test_only_named_cases_are_taken(office: Office) -> None:
    with pytest.raises(NotOffered):
        await office.file(protection=Protection.ANONYMOUS)


async def test_the_citizen_adds_confirms_and_reopens(office: Office) -> None:
    case = await office.file()
    await office.do(AddToCase(case=case, text="ອີກຢ່າງໜຶ່ງ"), "sms:2")
    case = await office.change(case.reference, EventKind.RESOLVED, "staff:1")
    await office.do(ConfirmCase(case=case), "sms:3")
    closed = await office.case(case.reference)
    assert (closed.state, closed.version) == (CaseState.CLOSED, 4)
    later = office.clock.now() + timedelta(days=9)
    await office.do(ReopenCase(case=closed, desk="province", promised_at=later, text="no"), "sms:4")
    reopened = await office.case(case.reference)
    assert (reopened.state, reopened.priority, reopened.desk) == (CaseState.ASSIGNED, 1, "province")
    assert reopened.closed_at is None
    kinds = [event.kind for event in await office.cases.events(case.id)]
    assert kinds == ["filed", "added", "resolved", "confirmed", "reopened"]


async def test_of_two_changes_at_once_the_later_runs_again(office: Office) -> None:
    case = await office.file()
    await office.do(AddToCase(case=case, text="one"), "sms:2")
    with pytest.raises(Stale):
        await office.do(WithdrawCase(case=case), "sms:3")
    await office.do(WithdrawCase(case=await office.case(case.reference)), "sms:3")
    with pytest.raises(Duplicate):
        await office.do(AddToCase(case=await office.case(case.reference), text="one"), "sms:2")
    with pytest.raises(NotPossible):
        await office.do(WithdrawCase(case=await office.case(case.reference)), "sms:4")


async def test_only_who_filed_sees_a_case_without_pin(office: Office) -> None:
    case = await office.file()
    for contact, own in (("p1", True), ("p2", False), ("", False)):
        view = await office.cases.find(case.reference, contact)
        assert view
        assert view.own is own
    assert [view.case for view in await office.cases.of_contact("p1")] == [case]
    assert await office.cases.of_contact("p2") == []


async def test_the_pin_is_read_as_people_type_it(office: Office) -> None:
    case = await office.file()
    for typed in ("012345", "012 345", "໐໑໒ ໓໔໕", "012-345"):
        assert (await office.cases.check_pin(case.reference, typed, "p2")).outcome is PinOutcome.RIGHT


@pytest.mark.parametrize("exists", [True, False])
async def test_five_wrong_guesses_lock_a_reference_for_the_day_whether_or_not_it_exists(
    office: Office, pinned: PinnedTime, exists: bool
) -> None:
    reference = (await office.file()).reference if exists else "11111111"
    for left in reversed(range(GUESSES_A_DAY)):
        check = await office.cases.check_pin(reference, "999999", f"guesser {left}")
        assert (check.outcome, check.left) == (PinOutcome.WRONG, left)
    locked = await office.cases.check_pin(reference, "012345", "p9")
    assert (locked.outcome, locked.left) == (PinOutcome.LOCKED, 0)
    pinned.advance(86_400)
    tomorrow = await office.cases.check_pin(reference, "012345", "p9")
    assert tomorrow.outcome is (PinOutcome.RIGHT if exists else PinOutcome.WRONG)


async def test_a_person_guesses_five_times_a_day_whatever_at(office: Office) -> None:
    case = await office.file()
    for number in range(GUESSES_A_DAY):
        await office.cases.check_pin(f"2000000{number}", "999999", "p2")
    assert (await office.cases.check_pin(case.reference, "012345", "p2")).outcome is PinOutcome.LOCKED
    assert (await office.cases.check_pin(case.reference, "012345", "p3")).outcome is PinOutcome.RIGHT


async def test_a_new_pin_takes_the_place_of_the_lost_one(office: Office) -> None:
    case = await office.file()
    await office.do(IssuePin(case=case, pin="654321"), "sms:2")
    assert (await office.cases.check_pin(case.reference, "012345", "p2")).outcome is PinOutcome.WRONG
    assert (await office.cases.check_pin(case.reference, "654321", "p2")).outcome is PinOutcome.RIGHT
    assert [event.kind for event in await office.cases.events(case.id)] == ["filed", "rekeyed"]
    assert (await office.case(case.reference)).state is CaseState.RECEIVED
    with pytest.raises(Stale):
        await office.do(IssuePin(case=case, pin="111111"), "sms:3")


async def test_a_right_pin_is_no_guess(office: Office) -> None:
    case = await office.file()
    for _ in range(2 * GUESSES_A_DAY):
        assert (await office.cases.check_pin(case.reference, "012345", "p2")).outcome is PinOutcome.RIGHT


async def test_guesses_made_at_once_are_counted_one_by_one(office: Office) -> None:
    case = await office.file()
    checks = await asyncio.gather(
        *(
            office.cases.check_pin(case.reference, f"99999{number % 10}", f"guesser {number}")
            for number in range(12)
        )
    )
    outcomes = [check.outcome for check in checks]
    assert outcomes.count(PinOutcome.WRONG) == GUESSES_A_DAY
    assert outcomes.count(PinOutcome.LOCKED) == 12 - GUESSES_A_DAY


async def _count(office: Office) -> tuple[int, int]:
    filed = await office.db.first(select(func.count()).select_from(cases))
    events = await office.db.first(select(func.count()).select_from(case_events))
    assert filed
    assert events
    return filed[0], events[0]
