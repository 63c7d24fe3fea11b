"""Reminders: asked for once, cancelled, due, on both engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import Chance, Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import Effects
from bot.errors import Conflict, Duplicate, Stale
from bot.retention import purge
from bot.urns import Urn
from services.reminders import (
    KEPT,
    AskReminder,
    CancelReminders,
    CloseReminder,
    Reminder,
    ReminderKind,
    Reminders,
    reminder_writers,
)
from services.retention import service_rules
from services.tables import reminders
from tests.pinned import START, PinnedTime

URN = Urn("tel", "+8562055512345")
LATER = START + timedelta(days=10)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Does effects as a turn would, one commit an inbound message."""

    db: Database
    effects: Effects
    reminders: Reminders
    pinned: PinnedTime

    async def do(self, cause: str, *effects: object, contact_id: str = "p1") -> None:
        writes = WriteSet()
        self.effects.add(effects, writes, contact_id=contact_id, cause=cause, channel="sms", urn=URN)
        await self.db.commit(writes)

    async def abouts(self, contact_id: str = "p1") -> list[str]:
        return [each.about or each.service for each in await self.reminders.waiting(contact_id)]

    async def states(self) -> list[str]:
        return sorted(row.state for row in await self.db.fetch(select(reminders)))


@pytest.fixture
def desk(db: Database, vault: Vault, chance: Chance, pinned: PinnedTime) -> Desk:
    clock: Clock = pinned.clock
    effects = Effects(writers=reminder_writers(), db=db, vault=vault, clock=clock, chance=chance)
    return Desk(db=db, effects=effects, reminders=Reminders(db, vault, clock), pinned=pinned)


def ask(about: str = "pay", due_at: datetime = LATER, **more: str) -> AskReminder:
    return AskReminder(kind=ReminderKind.DAY, about=about, due_at=due_at, **more)


def back(service: str) -> AskReminder:
    return AskReminder(kind=ReminderKind.SERVICE_BACK, service=service)


async def test_a_reminder_waits_with_all_that_was_said(desk: Desk) -> None:
    await desk.do("sms:1", ask("ຈ່າຍຄ່າທາງ", service="motorbike-tax"))
    (found,) = await desk.reminders.waiting("p1")
    assert found == Reminder(
        id=found.id, contact_id="p1", kind=ReminderKind.DAY, about="ຈ່າຍຄ່າທາງ", service="motorbike-tax",
        due_at=LATER, channel="sms", urn=URN,
    )  # fmt: skip
    assert await desk.reminders.waiting("p2") == []
    stored = repr(await desk.db.fetch(select(reminders)))
    assert "ຈ່າຍ" not in stored
    assert "5551" not in stored


async def test_a_message_asks_once_however_often_it_is_handled(desk: Desk) -> None:
    await desk.do("sms:1", ask("a"), ask("b"))
    with pytest.raises(Duplicate):
        await desk.do("sms:1", ask("a"), ask("b"))
    assert await desk.abouts() == ["a", "b"]


async def test_another_day_takes_the_place_of_the_first(desk: Desk) -> None:
    await desk.do("sms:1", ask("pay"))
    (first,) = await desk.reminders.waiting("p1")
    await desk.do("sms:2", ask("pay", START + timedelta(days=3), replaces=first.id))
    assert await desk.states() == ["cancelled", "waiting"]
    with pytest.raises(Stale):
        await desk.do("sms:3", ask("pay", replaces=first.id))
    assert await desk.states() == ["cancelled", "waiting"]


async def test_one_or_all_are_cancelled_and_only_ones_own(desk: Desk) -> None:
    await desk.do("sms:1", ask("a"), ask("b"), ask("c"))
    await desk.do("sms:2", ask("theirs"), contact_id="p2")
    theirs, first = (await desk.reminders.waiting("p2"))[0], (await desk.reminders.waiting("p1"))[0]
    with pytest.raises(Conflict):
        await desk.do("sms:3", CancelReminders(id=theirs.id))
    with pytest.raises(Conflict):
        await desk.do("sms:4", CloseReminder(id=theirs.id))
    await desk.do("sms:5", CancelReminders(id=first.id))
    assert await desk.abouts() == ["b", "c"]
    await desk.do("sms:6", CancelReminders())
    assert await desk.abouts() == []
    assert await desk.abouts("p2") == ["theirs"]


async def test_what_is_due_comes_the_longest_overdue_first(desk: Desk) -> None:
    await desk.do(
        "sms:1", ask("second", START + timedelta(hours=2)), ask("first", START + timedelta(hours=1))
    )
    await desk.do("sms:2", ask("later"), back("passport"))
    desk.pinned.advance(3 * 3600)
    assert [each.about for each in await desk.reminders.due()] == ["first", "second"]
    assert [each.about for each in await desk.reminders.due(1)] == ["first"]


async def test_a_postponed_one_is_due_again_later(desk: Desk) -> None:
    await desk.do("sms:1", ask("pay", START))
    (due,) = await desk.reminders.due()
    await desk.reminders.postpone(due.id, START + timedelta(hours=1))
    assert await desk.reminders.due() == []
    desk.pinned.advance(3600)
    assert len(await desk.reminders.due()) == 1


async def test_who_waits_for_a_service_is_due_when_it_is_back(desk: Desk) -> None:
    await desk.do("sms:1", back("passport"))
    await desk.do("sms:2", back("passport"))
    await desk.do("sms:3", back("id-card"), back("passport"), contact_id="p2")
    assert await desk.states() == ["cancelled", "waiting", "waiting", "waiting"]
    assert sorted(await desk.reminders.awaited()) == ["id-card", "passport"]
    assert await desk.reminders.due() == []
    await desk.reminders.service_is_back("passport")
    assert [each.service for each in await desk.reminders.due()] == ["passport", "passport"]
    assert await desk.reminders.awaited() == ["id-card"]


async def test_one_that_cannot_be_read_is_cancelled_and_stops_no_other(desk: Desk, vault: Vault) -> None:
    await desk.do("sms:1", ask("broken", START))
    spoil = WriteSet()
    spoil.add(update(reminders).values(request_sealed=vault.seal(b"{}", "reminders:other")))
    await desk.db.commit(spoil)
    await desk.do("sms:2", ask("whole", START))
    assert [each.about for each in await desk.reminders.due()] == ["whole"]
    assert await desk.states() == ["cancelled", "waiting"]


async def test_a_row_is_forgotten_a_month_after_it_was_of_use(desk: Desk) -> None:
    await desk.do("sms:1", ask("waits"), ask("cancelled", LATER + timedelta(days=300)))
    second = (await desk.reminders.waiting("p1"))[1]
    await desk.do("sms:2", CancelReminders(id=second.id))
    day = timedelta(days=1)
    for moment, left in ((START + KEPT - day, 2), (START + KEPT + day, 1), (LATER + KEPT + day, 0)):
        await purge(desk.db, moment, service_rules())
        assert len(await desk.db.fetch(select(reminders))) == left, moment
