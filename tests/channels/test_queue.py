"""What may be sent next: in whose turn, at which pace, how long, and by which process."""

from __future__ import annotations

import asyncio

from sqlalchemy import update

from bot.db import WriteSet
from bot.messages import Priority
from bot.schema import outbox
from tests.channels.harness import Store, drain
from tests.channels.provider import Provider, out


async def test_the_attempt_is_stored_before_the_provider_is_called(store: Store) -> None:
    await store.put()
    (claimed,) = await store.outbox.claim("test", 10)
    row = await store.row(claimed.message.id)
    assert (row.state, row.attempts, row.attempt_id) == ("sending", 1, claimed.attempt_id)
    assert not await store.outbox.claim("test", 10)


async def test_a_person_is_written_to_in_order_and_people_do_not_wait_for_each_other(store: Store) -> None:
    for text in ("a1", "a2", "a3"):
        await store.put(urn="tel:+8562011111111", text=text)
    await store.put(urn="tel:+8562022222222", text="b1")
    claimed = await store.outbox.claim("test", 10)
    assert [each.message.text for each in claimed] == ["a1", "b1"]


async def test_a_message_in_trouble_holds_back_the_next_for_a_bounded_time(store: Store) -> None:
    provider = Provider()
    provider.plan.extend(["retry", "retry", "retry", "retry", "retry", "retry", "retry", "retry"])
    delivery = out(store, provider, first_pause=100.0)
    await store.put(text="first")
    await store.put(text="second")
    await drain(delivery)
    assert not await store.outbox.claim("test", 10)
    store.pinned.advance(121)
    claimed = await store.outbox.claim("test", 10)
    assert "second" in [each.message.text for each in claimed]


async def test_conversations_go_before_broadcasts_to_the_same_person_too(store: Store) -> None:
    await store.put(text="news", priority=Priority.BROADCAST)
    await store.put(text="answer")
    claimed = await store.outbox.claim("test", 1)
    assert [each.message.text for each in claimed] == ["answer"]


async def test_two_processes_never_claim_the_same_message(store: Store) -> None:
    for number in range(40):
        await store.put(urn=f"tel:+85620{number:08d}")
    claims = await asyncio.gather(*(store.outbox.claim("test", 7) for _ in range(8)))
    ids = [each.message.id for claim in claims for each in claim]
    assert len(ids) == len(set(ids))


async def test_messages_expire(store: Store) -> None:
    provider = Provider()
    provider.plan.append("retry")
    delivery = out(store, provider, first_pause=20.0)
    await store.put(lifetime=10)
    await store.put(urn="tel:+8562022222222", text="late", lifetime=10)
    store.pinned.advance(11)
    await drain(delivery)
    assert await store.states() == ["expired", "expired"]
    await store.put(text="dies while it waits", lifetime=10)
    await drain(delivery)
    assert (await store.states())[-1] == "expired"
    assert provider.taken == []


async def test_the_pace_of_a_channel_is_kept(store: Store) -> None:
    provider = Provider(rate=2.0)
    delivery = out(store, provider, ahead=0.0)
    for number in range(4):
        await store.put(urn=f"tel:+85620{number:08d}")
    counts = []
    for _ in range(10):
        await drain(delivery)
        counts.append(len(provider.taken))
        store.pinned.advance(0.26)
    assert counts == [1, 1, 2, 2, 3, 3, 4, 4, 4, 4]


async def test_a_row_that_cannot_be_decrypted_is_a_dead_letter(store: Store) -> None:
    broken = await store.put()
    await store.put(urn="tel:+8562022222222", text="other")
    writes = WriteSet()
    writes.add(update(outbox).where(outbox.c.id == broken).values(message_sealed=b"\0" * 64), rows=1)
    await store.db.commit(writes)
    provider = Provider()
    await drain(out(store, provider))
    row = await store.row(broken)
    assert (row.state, row.error_code, provider.texts) == ("failed", "unreadable", ["other"])


class _Unhurried(Provider):
    """A provider that wants a second between two messages to one person."""

    pause = 1.0
    burst = 1


async def test_one_person_is_written_to_at_the_pace_that_the_provider_wants(store: Store) -> None:
    provider = _Unhurried()
    delivery = out(store, provider, ahead=0.0)
    for text in ("a1", "a2", "a3"):
        await store.put(urn="tel:+8562011111111", text=text)
    await store.put(urn="tel:+8562022222222", text="b1")
    await drain(delivery)
    assert sorted(provider.texts) == ["a1", "b1"]
    for second in range(1, 4):
        store.pinned.advance(0.9)
        await drain(delivery)
        assert len(provider.texts) == min(1 + second, 4)
        store.pinned.advance(0.12)
        await drain(delivery)
    assert provider.texts[-2:] == ["a2", "a3"]
    assert {row.attempts for row in await store.rows()} == {1}
