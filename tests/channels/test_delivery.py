"""The door out: sends, refusals and retries, and how it starts and stops; time is pinned and nothing waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.db import WriteSet
from bot.errors import DatabaseUnavailable
from bot.limits import MemoryLimits
from channels.figures import Figures
from tests.channels.harness import Edge, Store, drain
from tests.channels.provider import Provider, Staggered, out

# Two, four and eight seconds, a quarter more or less.
PAUSES = [(1.5, 2.5), (3.0, 5.0), (6.0, 10.0)]


async def test_a_message_is_sent_once_with_its_part_rows(store: Store) -> None:
    provider = Provider()
    delivery = out(store, provider)
    sent = await store.put(text="ສະບາຍດີ")
    await drain(delivery)
    await drain(delivery)
    assert provider.texts == ["ສະບາຍດີ"]
    row = await store.row(sent)
    assert (row.state, row.attempts, len(row.attempt_id)) == ("sent", 1, 26)
    assert [each.provider_id for each in await store.parts(sent)] == ["p1"]


@pytest.mark.parametrize(
    ("error", "state", "code", "urn"),
    [
        ("opted out", "failed", "21610", "opted_out"),
        ("unreachable", "failed", "21211", "unreachable"),
        ("refused", "failed", "21617", "active"),
        ("doubt", "in_doubt", "timeout", "active"),
        ("misconfigured", "queued", "20003", "active"),
        ("throttled", "queued", "20429", "active"),
        ("retry", "queued", "http_503", "active"),
    ],
)
async def test_what_an_error_leads_to(store: Store, error: str, state: str, code: str, urn: str) -> None:
    provider = Provider()
    provider.plan.append(error)
    sent = await store.put()
    await drain(out(store, provider))
    row = await store.row(sent)
    assert (row.state, row.error_code) == (state, code)
    assert await store.urn_state("tel:+8562055512345") == urn
    assert provider.taken == []


async def test_a_transient_error_is_tried_again_with_a_growing_pause(store: Store) -> None:
    provider = Provider()
    provider.plan.extend(["retry"] * 3)
    delivery = out(store, provider)
    sent = await store.put()
    pauses = []
    for _ in range(3):
        await drain(delivery)
        pause = (await store.row(sent)).due_at / 1000 - store.clock.now().timestamp()
        pauses.append(pause)
        store.pinned.advance(pause)
    await drain(delivery)
    assert provider.texts == ["hello"]
    assert [low <= pause <= high for pause, (low, high) in zip(pauses, PAUSES, strict=True)] == [True] * 3


async def test_a_pause_that_no_calendar_holds_stops_nobody(store: Store) -> None:
    provider = Provider()
    provider.plan.append("retry, in aeons")
    delivery = out(store, provider)
    await store.put()
    await drain(delivery)
    await store.put(urn="tel:+8562022222222", text="other")
    await drain(delivery)
    assert provider.texts == ["other"]
    store.pinned.advance(3600)
    await drain(delivery)
    assert provider.texts == ["other", "hello"]


async def test_tries_are_limited_where_the_error_says_so(store: Store) -> None:
    provider = Provider()
    provider.plan.extend(["retry twice"] * 5)
    delivery = out(store, provider)
    sent = await store.put()
    for _ in range(5):
        await drain(delivery)
        store.pinned.advance(60)
    assert (await store.row(sent)).attempts == 2
    assert await store.states() == ["failed"]


async def test_throttling_stops_the_channel_and_does_not_count_as_a_try(store: Store) -> None:
    provider = Provider()
    provider.plan.append("throttled")
    delivery = out(store, provider)
    first = await store.put()
    await drain(delivery)
    await store.put(urn="tel:+8562022222222", text="other")
    store.pinned.advance(6)
    await drain(delivery)
    assert provider.taken == []
    assert (await store.row(first)).attempts == 0
    store.pinned.advance(2)
    await drain(delivery)
    assert sorted(provider.texts) == ["hello", "other"]


async def test_sends_that_end_within_a_moment_are_stored_together(store: Store) -> None:
    commits = 0
    mark = store.outbox.mark

    async def counted(*marks: Any) -> None:
        nonlocal commits
        commits += 1
        await mark(*marks)

    store.outbox.mark = counted  # type: ignore[assignment, method-assign]  # its own, counted
    provider = Staggered()
    for number in range(5):
        await store.put(urn=f"tel:+85620{number:08d}")
    await drain(out(store, provider, linger=10.0))
    assert (len(provider.taken), commits) == (5, 1)


async def test_too_many_opt_outs_are_not_believed(store: Store) -> None:
    edge = Edge(store, MemoryLimits(store.clock), 1)
    provider = Provider()
    provider.plan.extend(["opted out"] * 25)
    edge.channels["test"] = provider
    for number in range(25):
        await store.put(urn=f"tel:+85620{number:08d}")
    await drain(edge.delivery())
    assert len(edge.opt_outs) == 20
    assert {event.channel for event in edge.opt_outs} == {"test"}
    assert len({event.cause for event in edge.opt_outs}) == 20


async def test_stopping_stores_what_ends_in_time_and_leaves_the_rest_in_flight(store: Store) -> None:
    provider = Provider()
    provider.held = asyncio.Event()
    delivery = out(store, provider)
    await store.put()
    running = asyncio.create_task(delivery.run())
    delivery.wake()
    await provider.called.wait()
    stopping = asyncio.create_task(delivery.stop(5))
    provider.held.set()
    await stopping
    await running
    assert await store.states() == ["sent"]


@pytest.mark.parametrize(("looks_crowded", "waited"), [(3, 0.9), (1_000, 1.2), (0, 0.0)])
async def test_a_crowd_at_the_door_in_is_answered_first_for_a_moment(
    store: Store, looks_crowded: int, waited: float
) -> None:
    provider = Provider()
    edge = Edge(store, MemoryLimits(store.clock), 1)
    edge.channels["test"] = provider
    looks = 0

    def crowded() -> bool:
        nonlocal looks
        looks += 1
        if looks > looks_crowded or provider.called.is_set():
            return False
        store.pinned.advance(0.3)
        return True

    delivery = edge.delivery(crowded)
    await store.put()
    began = store.clock.monotonic()
    running = asyncio.create_task(delivery.run())
    async with asyncio.timeout(30):
        await provider.called.wait()
        assert store.clock.monotonic() - began == pytest.approx(waited)
        await delivery.stop(5)
        await running


async def test_a_bounded_stop_leaves_what_hangs(store: Store) -> None:
    provider = Provider()
    provider.held = asyncio.Event()
    delivery = out(store, provider)
    await store.put()
    await delivery.step()
    await delivery.stop(0.01)
    assert await store.states() == ["sending"]


async def test_the_database_may_go_away_between_send_and_mark(store: Store) -> None:
    provider = Provider()
    provider.held = asyncio.Event()
    delivery = out(store, provider)
    await store.put()
    await delivery.step()
    fine = store.outbox.mark

    async def away(*_: object) -> None:
        raise DatabaseUnavailable

    store.outbox.mark = away  # type: ignore[assignment, method-assign]  # the store's fault, injected
    provider.held.set()
    with pytest.raises(DatabaseUnavailable):
        await drain(delivery)
    store.outbox.mark = fine  # type: ignore[method-assign]  # healed
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent"], ["hello"])


class _Broken(MemoryLimits):
    """Limits that fail for one channel."""

    async def book(
        self, key: str, seconds: float, count: int = 1, *, after: float = 0.0, burst: int = 1
    ) -> float:
        if "broken" in key:
            raise RuntimeError(key)
        return await super().book(key, seconds, count, after=after, burst=burst)


async def test_what_breaks_on_one_channel_stops_no_other(store: Store) -> None:
    """Neither a fault before the send nor one in what follows a loss; both were stored as they are."""
    broken, fine = Provider("broken", rate=5.0), Provider("fine")
    broken.pause = 1.0  # type: ignore[attr-defined]  # makes it Paced
    broken.burst = 1  # type: ignore[attr-defined]  # likewise
    edge = Edge(store, _Broken(store.clock), 1, Figures(poll=0.05))
    edge.channels |= {"broken": broken, "fine": fine}

    async def fails(_: str) -> WriteSet:
        raise RuntimeError

    delivery = edge.delivery(after_failure=fails)
    await store.put("broken", urn="tel:+8562055512340")
    fine.plan.append("refused")
    lost = await store.put("fine", urn="tel:+8562055512341")
    for _ in range(3):
        await delivery.step()
    sent = await store.put("fine", urn="tel:+8562055512342")
    for _ in range(5):
        await delivery.step()
    assert [(await store.row(each)).state for each in (lost, sent)] == ["failed", "sent"]
