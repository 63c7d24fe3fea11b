"""The herald over the real pipeline and dialogs, on both engines: said once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import Chance, Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable
from bot.leases import Leases
from bot.locks import MemoryLocks
from bot.messages import Capabilities
from bot.nlu.parse_data import Intent, ParseContext, ParseData
from bot.pipeline import Outcome, Parts, Pipeline
from bot.rendering import Renderer
from bot.schema import outbox, urns
from bot.urns import Urn
from composition.country import Country
from composition.understanding import engine_of
from dialogs.discover import discover
from services.herald import Herald
from services.layers import Overlay
from services.record import Notice
from services.reminders import (
    AskReminder,
    CancelReminders,
    ReminderKind,
    Reminders,
    reminder_writers,
)
from services.tables import reminders
from tests.dialogs.actions.kit import PACK, ports
from tests.parts import pipeline_parts
from tests.pinned import START, PinnedTime

URN = Urn("tel", "+8562055512345")
CHANNELS = {"sms": Capabilities(max_units=1600, sms=True)}
TOMORROW = datetime(2026, 3, 3, 1, tzinfo=UTC)  # eight in the morning in Vientiane


class Nobody:
    """Understands nothing: here only the system begins."""

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        intent = Intent(name="greet", confidence=1.0)
        return ParseData(
            text=text, language=context.language, intent=intent, intent_ranking=[intent], entities=[]
        )


@dataclass
class Originate:
    """Passes turns on to the pipeline; `faults` are raised first, one a call; `before` runs ahead of each."""

    pipeline: Pipeline
    faults: list[Exception] = field(default_factory=list)
    before: Any = None
    calls: int = 0

    async def __call__(
        self, urn: Urn, channel: str, intent: str, slots: Mapping[str, Any], cause: str
    ) -> Outcome:
        self.calls += 1
        if self.before:
            await self.before()
        if self.faults:
            raise self.faults.pop(0)
        return await self.pipeline.originate(urn, channel, intent, slots, cause)


@dataclass(frozen=True, kw_only=True)
class World:
    """One process that sends reminders, and a look at what it stored."""

    parts: Parts
    pinned: PinnedTime
    store: Reminders
    originate: Originate
    herald: Herald
    country: Country

    async def do(self, cause: str, *effects: object, urn: Urn = URN) -> None:
        """What a person's message causes; they are known from then on."""
        now, writes = self.parts.clock.now(), WriteSet()
        lookup = self.parts.vault.lookup(str(urn))
        person = await self.parts.people.load(urn, lookup, now)
        state = replace(person.state, slots={"language": "en"})
        self.parts.people.save(person, state, now, writes)
        self.parts.effects.add(
            effects, writes, contact_id=person.contact_id, cause=cause, channel="sms", urn=urn
        )
        await self.parts.db.commit(writes)

    async def said(self) -> list[str]:
        """The words of everything in the outbox."""
        rows = await self.parts.db.fetch(select(outbox).order_by(outbox.c.id))
        vault = self.parts.vault
        return [vault.open_json(row.message_sealed, f"outbox:{row.id}")["text"] for row in rows]

    async def states(self) -> list[str]:
        return sorted(row.state for row in await self.parts.db.fetch(select(reminders)))

    def until(self, moment: datetime) -> None:
        self.pinned.advance((moment - self.parts.clock.now()).total_seconds())

    def another_process(self, owner: str) -> tuple[Herald, Originate]:
        """A second process on the same database."""
        parts = replace(self.parts, locks=MemoryLocks(self.parts.clock))
        return _herald(parts, self.country, owner)


def _herald(parts: Parts, country: Country, owner: str) -> tuple[Herald, Originate]:
    pipeline = Pipeline(parts, committed=lambda: None, waiting=lambda: None)
    originate = Originate(pipeline)
    herald = Herald(
        reminders=Reminders(parts.db, parts.vault, parts.clock),
        originate=originate,
        channels=CHANNELS,
        hours=country.sending,
        clock=parts.clock,
        leases=Leases(parts.db, parts.clock, owner),
        services=country.services,
    )
    return herald, originate


@pytest.fixture(scope="module")
def read() -> Country:
    """The country, read once."""
    return Country.load(PACK)


@pytest.fixture
def world(db: Database, vault: Vault, chance: Chance, pinned: PinnedTime, read: Country) -> World:
    clock = Clock(now=pinned.clock.now)
    country = replace(read, services=read.services.with_live(()))
    store = Reminders(db, vault, clock)
    actions = discover(replace(ports(pinned), reminders=store, services=country.services, clock=clock))
    parts = pipeline_parts(
        db,
        vault,
        clock,
        chance,
        capabilities=CHANNELS,
        interpreter=Nobody(),
        engine=engine_of(country, actions),
        renderer=Renderer(country.pack, {}),
        writers=reminder_writers(),
    )
    herald, originate = _herald(parts, country, "one")
    return World(parts=parts, pinned=pinned, store=store, originate=originate, herald=herald, country=country)


def ask(about: str, due_at: datetime = TOMORROW) -> AskReminder:
    return AskReminder(kind=ReminderKind.DAY, about=about, due_at=due_at)


async def test_a_reminder_is_said_when_it_is_due_and_never_again(world: World) -> None:
    await world.do("sms:1", ask("pay the tax"))
    assert await world.herald.step() == 0
    world.until(TOMORROW)
    assert [await world.herald.step() for _ in range(3)] == [1, 0, 0]
    assert await world.said() == ["You asked us to remind you: pay the tax."]
    assert await world.states() == ["sent"]


async def test_what_is_due_at_night_is_said_in_the_morning(world: World) -> None:
    await world.do("sms:1", ask("pay", START + timedelta(hours=12)))
    for hour in range(10, 22):  # from eight in the evening until seven in the morning
        world.until(START + timedelta(hours=hour))
        assert await world.herald.step() == 0, hour
    world.until(TOMORROW)
    assert await world.herald.step() == 1


async def test_a_crash_before_the_commit_loses_nothing(world: World) -> None:
    await world.do("sms:1", ask("pay"))
    world.until(TOMORROW)
    world.originate.faults = [DatabaseUnavailable()]
    with pytest.raises(DatabaseUnavailable):
        await world.herald.step()
    assert await world.said() == []
    assert await world.herald.step() == 1
    assert len(await world.said()) == 1


async def test_a_crash_after_the_commit_says_nothing_twice(world: World) -> None:
    await world.do("sms:1", ask("pay"))
    world.until(TOMORROW)
    (due,) = await world.store.due()
    pipeline = world.originate.pipeline
    cause = f"reminder:{due.id}"
    # It was committed, and the process died before it knew: whoever starts it again meets the cause.
    for _ in range(2):
        await pipeline.originate(URN, "sms", "reminder_due", {"reminder": due.id}, cause)
    assert await world.herald.step() == 0
    assert len(await world.said()) == 1


async def test_processes_that_fire_at_once_say_it_once(world: World) -> None:
    """Even without the lease, which a process that was stopped for a minute may believe to hold."""
    await world.do("sms:1", ask("pay"))
    world.until(TOMORROW)
    (due,) = await world.store.due()
    _, second = world.another_process("two")
    _, third = world.another_process("three")
    turn = (URN, "sms", "reminder_due", {"reminder": due.id}, f"reminder:{due.id}")
    await asyncio.gather(world.originate(*turn), second(*turn), third(*turn))
    assert len(await world.said()) == 1
    assert await world.states() == ["sent"]


async def test_one_process_works_and_another_takes_over(world: World) -> None:
    await world.do("sms:1", ask("pay"))
    world.until(TOMORROW)
    other, originate = world.another_process("two")
    assert await world.herald.step() == 1
    await world.do("sms:2", ask("pay more", TOMORROW))
    assert await other.step() == 0
    assert originate.calls == 0
    world.pinned.advance(61)
    assert await other.step() == 1


async def test_a_stop_in_the_last_moment_counts(world: World) -> None:
    await world.do("sms:1", ask("pay"))
    world.until(TOMORROW)

    async def stop() -> None:
        await world.do("sms:2", CancelReminders())

    world.originate.before = stop
    await world.herald.step()
    assert await world.said() == []
    assert await world.states() == ["cancelled"]


async def test_a_spent_budget_holds_a_reminder_back_until_it_may_go(world: World) -> None:
    await world.do("sms:1", ask("pay"))
    world.until(TOMORROW)
    await world.parts.spending.allows()
    world.parts.spending.add(1000)
    assert await world.herald.step() == 0
    assert await world.states() == ["waiting"]
    world.pinned.advance(24 * 3600)
    assert await world.herald.step() == 1


async def test_one_that_cannot_be_said_holds_up_no_other(world: World) -> None:
    await world.do("sms:1", ask("first", TOMORROW - timedelta(minutes=1)), ask("second"))
    world.until(TOMORROW)
    world.originate.faults = [RuntimeError("broken")]
    assert await world.herald.step() == 1
    assert await world.said() == ["You asked us to remind you: second."]
    world.pinned.advance(3601)
    assert await world.herald.step() == 1
    assert await world.states() == ["sent", "sent"]


@pytest.mark.parametrize("change", [update(urns).values(state="opted_out"), urns.delete()])
async def test_who_opted_out_or_was_erased_is_not_written_to(world: World, change: Any) -> None:
    await world.do("sms:1", ask("pay"))
    writes = WriteSet()
    writes.add(change)
    await world.parts.db.commit(writes)
    world.until(TOMORROW)
    assert await world.herald.step() == 0
    assert await world.states() == ["cancelled"]


async def test_the_reminder_of_another_is_nobodys_to_hear(world: World) -> None:
    await world.do("sms:1", ask("secret"))
    world.until(TOMORROW)
    (due,) = await world.store.due()
    thief = Urn("tel", "+8562055598765")
    await world.do("sms:2", urn=thief)
    await world.originate.pipeline.originate(thief, "sms", "reminder_due", {"reminder": due.id}, "guess")
    assert await world.said() == []
    assert await world.states() == ["waiting"]


async def test_who_waits_for_a_service_is_told_when_its_notice_ends(world: World) -> None:
    end = START + timedelta(hours=2)
    notice = Notice(id="n", outage=True, text={}, since=START.date())
    world.country.services.put([Overlay(id="n", service="id-card", ends=end, live=True, notice=notice)])
    await world.do("sms:1", AskReminder(kind=ReminderKind.SERVICE_BACK, service="id-card"))
    assert await world.herald.step() == 0
    world.until(end)
    assert [await world.herald.step() for _ in range(2)] == [1, 0]
    (said,) = await world.said()
    assert said.startswith("The office tells us that this works again: ID card.")


async def test_who_waits_for_a_service_is_told_as_soon_as_staff_say_so(world: World) -> None:
    notice = Notice(id="n", outage=True, text={}, since=START.date())
    world.country.services.put([Overlay(id="n", service="", live=True, notice=notice)])
    await world.do("sms:1", AskReminder(kind=ReminderKind.SERVICE_BACK, service="passport"))
    await world.herald.step()
    await world.store.service_is_back("passport")
    assert await world.herald.step() == 1
