"""Retention of cases: words and persons go when a case is long over, and not before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select

from bot.clock import to_ms
from bot.db import WriteSet
from bot.retention import floor_rules, purge
from bot.schema import contacts
from complaints.cases import EventKind
from complaints.filing import ConfirmCase
from complaints.retention import case_rule, held_contacts
from complaints.tables import case_events, cases
from tests.complaints.conftest import KEEP, Office
from tests.pinned import START


async def test_an_open_case_is_never_erased(office: Office) -> None:
    await office.file()
    assert await purge(office.db, START + timedelta(days=36_500), [case_rule()]) == {"cases": 0}


async def test_a_closed_case_is_erased_after_its_days(office: Office) -> None:
    case = await office.file()
    resolved = await office.change(case.reference, EventKind.RESOLVED, "staff:1")
    await office.do(ConfirmCase(case=resolved), "sms:2")
    assert await purge(office.db, START + KEEP - timedelta(days=1), [case_rule()]) == {"cases": 0}
    assert await purge(office.db, START + KEEP, [case_rule()]) == {"cases": 1}
    assert await office.db.fetch(select(cases)) == []
    events = await office.db.fetch(select(case_events))
    assert [event.content_sealed for event in events] == [None, None, None]
    assert all(len(event.digest) == 64 for event in events)


async def test_who_waits_for_an_answer_is_remembered(office: Office) -> None:
    case = await office.file()
    writes = WriteSet()
    for name in ("p1", "p2"):
        row = {"id": name, "language": "lo", "created_at": 0, "seen_at": 0, "purge_at": to_ms(START)}
        writes.add(insert(contacts), row, rows=1)
    await office.db.commit(writes)
    rules = (*floor_rules(held_contacts()), case_rule())
    assert (await purge(office.db, START, rules))["contacts"] == 1
    assert [row.id for row in await office.db.fetch(select(contacts))] == ["p1"]
    resolved = await office.change(case.reference, EventKind.RESOLVED, "staff:1")
    await office.do(ConfirmCase(case=resolved), "sms:2")
    assert (await purge(office.db, START, rules))["contacts"] == 1
