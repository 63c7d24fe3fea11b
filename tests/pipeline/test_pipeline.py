"""What happens to a message, whatever happens around it: taken once, answered once, never lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Table, insert, select, update
from structlog.testing import capture_logs

from bot.clock import to_ms
from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable
from bot.inbox import ATTEMPTS
from bot.locks import MemoryLocks
from bot.messages import InboundMessage
from bot.outbox import set_urn_state
from bot.pipeline import Handled, Pipeline
from bot.replies import IDLE_REPLIES_AN_HOUR, REPLIES_AN_HOUR
from bot.schema import inbox, outbox_parts, trackers, urns
from bot.spending import Spending
from bot.urns import Urn
from tests.pipeline.conftest import Note, World

OTHER = Urn("tel", "+8562099999999")


async def test_a_message_is_answered_and_committed_once(world: World) -> None:
    world.dialog.effects = lambda message: (Note(key=message.external_id),)
    outcome = await world.pipeline.accept(world.message("a"))
    assert outcome.kind is Handled.DONE
    assert [reply.cause for reply in outcome.messages] == ["sms:a"]
    assert await world.inbox() == {"a": "done"}
    assert await world.replies() == ["sms:a"]
    assert await world.notes() == ["a"]
    assert await world.turns() == 1


async def test_the_same_message_again_changes_nothing_and_shows_the_same_reply(world: World) -> None:
    world.dialog.effects = lambda message: (Note(key=message.external_id),)
    first = await world.pipeline.accept(world.message("a", channel="chat"))
    again = await world.pipeline.accept(world.message("a", channel="chat"))
    assert again.kind is Handled.DUPLICATE
    assert [(each.id, each.text) for each in again.messages] == [
        (each.id, each.text) for each in first.messages
    ]
    assert await world.turns() == 1
    assert len(await world.replies()) == 1


async def test_the_same_message_twenty_five_times_at_once_has_its_effect_once(world: World) -> None:
    world.dialog.effects = lambda message: (Note(key=message.external_id),)
    await asyncio.gather(*(world.pipeline.accept(world.message("a")) for _ in range(25)))
    await _work_off(world)
    assert await world.inbox() == {"a": "done"}
    assert await world.replies() == ["sms:a"]
    assert await world.notes() == ["a"]


async def test_twenty_five_messages_of_one_person_are_all_answered_in_order(world: World) -> None:
    messages = [world.message(f"{number:02}") for number in range(25)]
    await asyncio.gather(*map(world.pipeline.accept, messages))
    await _work_off(world)
    assert set((await world.inbox()).values()) == {"done"}
    # The last ones repeat the words of those before and come too often to be answered.
    assert await world.replies() == [f"sms:{number:02}" for number in range(11)]
    assert await world.turns() == 25


async def test_messages_of_many_people_are_answered_side_by_side(world: World) -> None:
    people = [Urn("tel", f"+85620555{number:05}") for number in range(25)]
    messages = [world.message(str(number), urn=urn) for number, urn in enumerate(people)]
    outcomes = await asyncio.gather(*map(world.pipeline.accept, messages))
    assert {each.kind for each in outcomes} == {Handled.DONE}
    assert len(await world.replies()) == 25


async def test_a_message_waits_while_its_person_is_being_answered(world: World) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def hold(message: InboundMessage) -> None:
        begun.set()
        if message.external_id == "a":
            await gate.wait()

    world.dialog.think = hold
    first = asyncio.create_task(world.pipeline.accept(world.message("a", "one")))
    await begun.wait()
    second = await world.pipeline.accept(world.message("b", "two"))
    assert second.kind is Handled.PENDING
    assert await world.backlog.step() == 0
    gate.set()
    assert (await first).kind is Handled.DONE
    third = await world.pipeline.accept(world.message("c", "three"))
    assert third.kind is Handled.PENDING, "an older message of the same person comes first"
    await _work_off(world)
    assert await world.replies() == ["sms:a", "sms:b", "sms:c"]


async def test_the_first_message_of_somebody_new_comes_before_their_second(world: World) -> None:
    lookup = world.parts.vault.lookup("tel:+8562055512345")
    token = await world.parts.locks.try_acquire(lookup, 30)
    assert token
    assert (await world.pipeline.accept(world.message("a"))).kind is Handled.PENDING
    await world.parts.locks.release(lookup, token)
    assert (await world.pipeline.accept(world.message("b"))).kind is Handled.PENDING
    await _work_off(world)
    assert await world.replies() == ["sms:a", "sms:b"]


async def test_a_turn_that_takes_too_long_is_answered_later_and_once(world: World) -> None:
    gate = asyncio.Event()

    async def hold(_: InboundMessage) -> None:
        await gate.wait()

    world.dialog.think = hold
    pipeline = Pipeline(replace(world.parts, turn_seconds=0.01), committed=lambda: None, waiting=lambda: None)
    outcome = await pipeline.accept(world.message("a", channel="chat"))
    assert outcome.kind is Handled.PENDING
    assert await world.inbox() == {"a": "pending"}
    gate.set()
    await pipeline.close()
    await _work_off(world)
    assert await world.inbox() == {"a": "done"}
    assert await world.replies() == ["chat:a"]
    waiting = await world.parts.outbox.pull("chat", Urn("tel", "+8562055512345"), ())
    assert len(waiting) == 1, "the request is gone: the page fetches the answer"


async def test_a_page_waits_for_the_commit_of_what_only_it_will_show(world: World) -> None:
    parts = replace(world.parts, db=cast("Database", SlowCommit(world.parts.db)), turn_seconds=0.01)
    pipeline = Pipeline(parts, committed=lambda: None, waiting=lambda: None)
    outcome = await pipeline.accept(world.message("a", channel="chat"))
    await pipeline.close()
    waiting = await world.parts.outbox.pull("chat", Urn("tel", "+8562055512345"), ())
    assert [each.cause for each in (*outcome.messages, *waiting)] == ["chat:a"]


async def test_a_fault_in_a_dialog_is_retried_and_ends_as_a_dead_letter_with_an_apology(world: World) -> None:
    def fail(_: InboundMessage) -> None:
        raise RuntimeError("a dialog broke")

    world.dialog.think = fail
    outcome = await world.pipeline.accept(world.message("a"))
    assert outcome.kind is Handled.PENDING
    assert await world.inbox() == {"a": "pending"}
    await _until_dead(world)
    assert await world.inbox() == {"a": "failed"}
    assert await world.replies() == ["sms:a"]
    world.dialog.think = lambda _: None
    assert (await world.pipeline.accept(world.message("b"))).kind is Handled.DONE


async def test_what_another_process_answers_meanwhile_is_not_apologised_for(world: World) -> None:
    async def answer_elsewhere(message: InboundMessage) -> None:
        now, lookup = world.parts.clock.now(), world.parts.vault.lookup(str(message.urn))
        writes = WriteSet()
        world.parts.inbox.take(world.parts.inbox.row_id(now), message, lookup, now, writes)
        await world.parts.db.commit(writes)
        raise RuntimeError("a dialog broke")

    async def fail(_: InboundMessage) -> None:
        raise RuntimeError("a dialog broke")

    world.dialog.think = fail
    await world.pipeline.accept(world.message("a"))
    for _ in range(ATTEMPTS - 1):
        world.pinned.advance(60)
        await world.backlog.step()
    world.dialog.think = answer_elsewhere
    world.pinned.advance(60)
    await world.backlog.step()
    assert await world.inbox() == {"a": "done"}
    assert await world.replies() == []


async def test_a_dead_letter_from_abroad_is_not_apologised_for(world: World) -> None:
    def fail(_: InboundMessage) -> None:
        raise RuntimeError("a dialog broke")

    world.dialog.think = fail
    await world.pipeline.accept(world.message("a", urn=Urn("tel", "+19005550000")))
    await _until_dead(world)
    assert await world.inbox() == {"a": "failed"}
    assert await world.replies() == []


@pytest.mark.parametrize(("table", "column"), [(inbox, "message_sealed"), (trackers, "snapshot_sealed")])
async def test_what_cannot_be_decrypted_is_a_dead_letter_and_stops_no_other(
    world: World, table: Table, column: str
) -> None:
    assert (await world.pipeline.accept(world.message("first"))).kind is Handled.DONE
    await _left_to_the_worker(world, "a")
    broken = WriteSet()
    broken.add(update(table).values({column: b"altered"}))
    await world.parts.db.commit(broken)
    assert (await world.pipeline.accept(world.message("b", urn=OTHER))).kind is Handled.DONE
    await _until_dead(world)
    assert await world.inbox() == {"first": "done", "a": "failed", "b": "done"}


async def test_a_fault_that_passes_costs_nothing(world: World) -> None:
    broken = [True]

    def fail_once(_: InboundMessage) -> None:
        if broken.pop() if broken else False:
            raise RuntimeError("a dialog broke")

    world.dialog.think = fail_once
    assert (await world.pipeline.accept(world.message("a"))).kind is Handled.PENDING
    world.pinned.advance(60)
    assert await world.backlog.step() == 1
    assert await world.inbox() == {"a": "done"}


async def test_a_message_that_failed_holds_back_what_its_person_wrote_after_it(world: World) -> None:
    broken = [True]

    def fail_once(message: InboundMessage) -> None:
        if message.external_id == "a" and broken:
            broken.clear()
            raise RuntimeError("a dialog broke")

    await _left_to_the_worker(world, "a", "b")
    world.dialog.think = fail_once
    assert await world.backlog.step() == 0
    assert await world.backlog.step() == 0, "b is not answered before a"
    assert (await world.pipeline.accept(world.message("other", urn=OTHER))).kind is Handled.DONE
    world.pinned.advance(60)
    await _work_off(world)
    assert await world.replies() == ["sms:other", "sms:a", "sms:b"]


async def test_a_database_that_is_away_is_no_attempt(world: World) -> None:
    def unavailable(_: InboundMessage) -> None:
        raise DatabaseUnavailable

    await _left_to_the_worker(world, "a")
    world.dialog.think = unavailable
    for _ in range(ATTEMPTS + 1):
        with pytest.raises(DatabaseUnavailable):
            await world.backlog.step()
    world.dialog.think = lambda _: None
    assert await world.backlog.step() == 1
    assert await world.replies() == ["sms:a"]


async def test_a_message_that_is_being_stored_comes_before_the_next(world: World) -> None:
    """Between the refusal of the lock and the commit of the waiting row, the lock may be free again."""
    gate = asyncio.Event()

    async def hold(message: InboundMessage) -> None:
        if message.external_id == "a":
            await gate.wait()

    world.dialog.think = hold
    first = asyncio.create_task(world.pipeline.accept(world.message("a", "one")))
    await asyncio.sleep(0)
    second = asyncio.create_task(world.pipeline.accept(world.message("b", "two")))
    await asyncio.sleep(0)
    gate.set()
    third = asyncio.create_task(world.pipeline.accept(world.message("c", "three")))
    await asyncio.gather(first, second, third)
    await _work_off(world)
    assert await world.replies() == ["sms:a", "sms:b", "sms:c"]


async def test_a_reference_in_use_runs_the_turn_again(world: World) -> None:
    keys = iter(["taken", "taken", "free"])
    world.dialog.effects = lambda _: (Note(key=next(keys)),)
    await world.pipeline.accept(world.message("a"))
    outcome = await world.pipeline.accept(world.message("b"))
    assert outcome.kind is Handled.DONE
    assert await world.notes() == ["free", "taken"]


async def test_a_turn_that_another_process_overtakes_runs_again_on_the_new_state(world: World) -> None:
    overtaken: list[bool] = []

    async def overtake(message: InboundMessage) -> None:
        if message.external_id == "b" and not overtaken:
            overtaken.append(True)
            await _other_process(world).accept(world.message("c"))

    await world.pipeline.accept(world.message("a"))
    world.dialog.think = overtake
    assert (await world.pipeline.accept(world.message("b"))).kind is Handled.DONE
    assert await world.turns() == 3
    assert sorted(await world.replies()) == ["sms:a", "sms:b", "sms:c"]


async def test_two_first_messages_in_two_processes_make_one_person(world: World) -> None:
    other = _other_process(world)
    await asyncio.gather(world.pipeline.accept(world.message("a")), other.accept(world.message("b", "two")))
    await _work_off(world)
    assert await world.turns() == 2


@pytest.mark.parametrize(("understood", "limit"), [(True, REPLIES_AN_HOUR), (False, IDLE_REPLIES_AN_HOUR)])
async def test_an_address_is_answered_so_often_an_hour_and_heard_always(
    world: World, limit: int, *, understood: bool
) -> None:
    world.dialog.understood = understood
    for number in range(limit + 3):
        outcome = await world.pipeline.accept(world.message(str(number), f"text {number}"))
        assert outcome.kind is (Handled.DONE if number < limit else Handled.LIMITED)
    assert len(await world.replies()) == limit
    assert await world.turns() == limit + 3
    assert (await world.pipeline.accept(world.message("other", urn=OTHER))).kind is Handled.DONE
    world.pinned.advance(3601)
    assert (await world.pipeline.accept(world.message("later"))).kind is Handled.DONE


async def test_the_same_words_again_and_again_are_a_robots(world: World) -> None:
    kinds = [(await world.pipeline.accept(world.message(str(number), "ping"))).kind for number in range(15)]
    assert kinds.count(Handled.DONE) == IDLE_REPLIES_AN_HOUR + 1


async def test_nobody_outside_the_allow_list_is_answered_but_everybody_is_heard(world: World) -> None:
    outcome = await world.pipeline.accept(world.message("a", urn=Urn("tel", "+19005550000")))
    assert outcome.kind is Handled.LIMITED
    assert await world.inbox() == {"a": "done"}
    assert await world.replies() == []


async def test_a_spent_budget_stops_replies_until_midnight(world: World) -> None:
    world.parts.spending.add(1000)
    await world.parts.spending.allows()
    world.parts.spending.add(1000)
    assert (await world.pipeline.accept(world.message("a"))).kind is Handled.LIMITED
    assert (await world.pipeline.accept(world.message("c", channel="chat"))).kind is Handled.DONE, (
        "costs nothing"
    )
    world.pinned.advance(24 * 3600)
    assert (await world.pipeline.accept(world.message("b", "again"))).kind is Handled.DONE


async def test_a_receipt_of_today_counts_no_part_of_yesterday(world: World) -> None:
    yesterday = world.parts.chance.id(world.parts.clock.now())
    world.pinned.advance(24 * 3600)
    now = world.parts.clock.now()
    for outbox_id, allowed in ((yesterday, True), (world.parts.chance.id(now), False)):
        part = {"outbox_id": outbox_id, "part": 0, "provider_id": "", "state": "delivered", "error_code": ""}
        writes = WriteSet()
        writes.add(insert(outbox_parts), part | {"price": 0, "updated_at": to_ms(now)})
        await world.parts.db.commit(writes)
        spending = Spending(world.parts.db, world.parts.clock, ZoneInfo("Asia/Vientiane"), 1)
        assert await spending.allows() is allowed


async def test_a_day_whose_midnight_the_clocks_skip_warns_of_its_budget_once(world: World) -> None:
    zone = ZoneInfo("Asia/Beirut")
    noon = datetime(2027, 3, 28, 12, tzinfo=zone)  # that night there was no 0:30
    world.pinned.advance((noon - world.parts.clock.now()).total_seconds())
    now = world.parts.clock.now()
    part = {"outbox_id": world.parts.chance.id(now), "part": 0, "provider_id": "", "state": "sent"}
    writes = WriteSet()
    writes.add(insert(outbox_parts), part | {"error_code": "", "price": 0, "updated_at": to_ms(now)})
    await world.parts.db.commit(writes)
    spending = Spending(world.parts.db, world.pinned.clock, zone, 1)
    with capture_logs() as logs:
        for _ in range(3):
            assert not await spending.allows()
            world.pinned.advance(3600)
    assert [each["event"] for each in logs] == ["spending.budget"]


async def test_a_person_whose_memory_cannot_be_read_is_heard_from_the_beginning(world: World) -> None:
    await world.pipeline.accept(world.message("a"))
    spoil = WriteSet()
    spoil.add(update(trackers).values(snapshot_sealed=world.parts.vault.seal(b"{}", "trackers:another")))
    await world.parts.db.commit(spoil)
    outcome = await world.pipeline.accept(world.message("b", "again"))
    assert outcome.kind is Handled.DONE
    assert await world.turns() == 1


async def test_the_system_begins_once_for_one_cause(world: World) -> None:
    await world.pipeline.accept(world.message("a", channel="chat"))
    urn = Urn("tel", "+8562055512345")
    for _ in range(2):
        await world.pipeline.originate(urn, "chat", "utter_greet", {}, "case:1:closed")
    waiting = await world.parts.outbox.pull("chat", urn, ())
    assert [each.cause for each in waiting] == ["chat:case:1:closed"]


async def test_what_the_system_may_not_say_now_it_can_say_later(world: World) -> None:
    urn = Urn("tel", "+8562055512345")
    await world.parts.spending.allows()
    world.parts.spending.add(1000)
    held = await world.pipeline.originate(urn, "sms", "utter_greet", {}, "case:1:closed")
    assert held.kind is Handled.LIMITED
    assert await world.inbox() == {}
    world.pinned.advance(24 * 3600)
    said = await world.pipeline.originate(urn, "sms", "utter_greet", {}, "case:1:closed")
    assert said.kind is Handled.DONE
    assert await world.replies() == ["sms:case:1:closed"]


class SlowCommit:
    """A database whose first commit lasts until the next one, or longer than a turn may."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._next = asyncio.Event()
        self._begun = False

    async def commit(self, *writes: WriteSet) -> None:
        if self._begun:
            self._next.set()
        self._begun = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._next.wait(), 0.1)
        await self._db.commit(*writes)


def _other_process(world: World) -> Pipeline:
    """A pipeline over the same database whose locks are its own."""
    parts = replace(world.parts, locks=MemoryLocks(world.parts.clock))
    return Pipeline(parts, committed=lambda: None, waiting=lambda: None)


async def _left_to_the_worker(world: World, *ids: str) -> None:
    """Messages that came while their person was being answered."""
    locks, lookup = world.parts.locks, world.parts.vault.lookup(str(world.message("").urn))
    token = await locks.try_acquire(lookup, 30)
    assert token is not None
    for each in ids:
        assert (await world.pipeline.accept(world.message(each, f"text {each}"))).kind is Handled.PENDING
    await locks.release(lookup, token)


async def _until_dead(world: World) -> None:
    """Let every attempt come due."""
    for _ in range(ATTEMPTS):
        world.pinned.advance(60)
        await world.backlog.step()


async def _work_off(world: World) -> None:
    """Answer everything that waits."""
    while "pending" in (await world.inbox()).values():
        await world.backlog.step()


async def test_who_writes_after_a_provider_could_not_reach_them_is_reached_again(world: World) -> None:
    """Not by what the system begins: only their own word tells that the address is good."""
    await world.pipeline.accept(world.message("a"))
    lookup = world.parts.vault.lookup(str(world.message("a").urn))
    for state in ("unreachable", "opted_out"):
        writes = WriteSet()
        set_urn_state(writes, lookup, state)
        await world.parts.db.commit(writes)
        await world.pipeline.originate(world.message("x").urn, "sms", "utter_thanks", {}, f"news:{state}")
        assert await world.parts.db.fetch(select(urns.c.state)) == [(state,)]
        await world.pipeline.accept(world.message(state))
        assert await world.parts.db.fetch(select(urns.c.state)) == [("active",)]
