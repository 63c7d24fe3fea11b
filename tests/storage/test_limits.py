"""What limits promise, in memory and in Redis alike."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.clock import Chance, Clock
from bot.limits import Limits, MemoryLimits
from bot.redis import connect
from bot.redis_limits import RedisLimits
from tests.pinned import PinnedTime
from tests.servers.redis import RedisServer


async def test_the_limit_is_allowed_and_no_more(limits: Limits) -> None:
    waits = await asyncio.gather(*(limits.take("person", 10, 3600) for _ in range(25)))
    assert waits.count(0.0) == 10
    assert all(0 < wait <= 360 for wait in waits if wait)


async def test_it_is_allowed_again_after_the_wait_it_names(limits: Limits, pinned: PinnedTime) -> None:
    assert [await limits.take("person", 2, 60) for _ in range(2)] == [0.0, 0.0]
    wait = await limits.take("person", 2, 60)
    assert wait == pytest.approx(30)
    pinned.advance(wait - 1)
    assert await limits.take("person", 2, 60) == pytest.approx(1)
    pinned.advance(1)
    assert await limits.take("person", 2, 60) == 0.0
    assert await limits.take("person", 2, 60) > 0


async def test_after_a_pause_the_whole_limit_is_there_but_never_more(
    limits: Limits, pinned: PinnedTime
) -> None:
    for _ in range(5):
        await limits.take("person", 5, 60)
    pinned.advance(86_400)
    waits = [await limits.take("person", 5, 60) for _ in range(7)]
    assert [wait == 0.0 for wait in waits] == [True] * 5 + [False] * 2


async def test_a_cost_counts_as_many_and_a_refusal_counts_nothing(limits: Limits) -> None:
    assert await limits.take("person", 10, 60, cost=8) == 0.0
    assert await limits.take("person", 10, 60, cost=3) > 0
    assert await limits.take("person", 10, 60, cost=2) == 0.0


async def test_keys_are_apart(limits: Limits) -> None:
    assert await limits.take("one", 1, 60) == 0.0
    assert await limits.take("another", 1, 60) == 0.0


async def test_both_kinds_give_the_same_answers(redis: Redis, pinned: PinnedTime, chance: Chance) -> None:
    memory, shared = MemoryLimits(pinned.clock), RedisLimits(redis, pinned.clock)
    for _ in range(400):
        pinned.advance(chance.random.choice([0, 0.01, 0.5, 3]))
        key, cost = chance.random.choice("ab"), chance.random.randint(1, 3)
        expected = await memory.take(key, 7, 11, cost)
        assert await shared.take(key, 7, 11, cost) == pytest.approx(expected, abs=0.0021)


async def test_places_are_given_out_one_after_the_other(limits: Limits, pinned: PinnedTime) -> None:
    assert await limits.book("line", 2.0, 0) == 0.0
    waits = [await limits.book("line", 2.0, count) for count in (1, 3, 0, 1)]
    assert waits == pytest.approx([0, 2, 8, 8])
    pinned.advance(60)
    assert [await limits.book("line", 2.0) for _ in range(2)] == pytest.approx([0, 2])


async def test_places_at_the_same_moment_are_made_up_for(limits: Limits) -> None:
    waits = [await limits.book("person", 6.0, after=1.0, burst=3) for _ in range(5)]
    assert waits == pytest.approx([1, 1, 1, 7, 13])


async def test_both_kinds_give_out_the_same_places(redis: Redis, pinned: PinnedTime, chance: Chance) -> None:
    memory, shared = MemoryLimits(pinned.clock), RedisLimits(redis, pinned.clock)
    for _ in range(400):
        pinned.advance(chance.random.choice([0, 0.01, 0.5, 30]))
        key, after = chance.random.choice("ab"), chance.random.choice([0.0, 0.2])
        count, burst = chance.random.randint(0, 3), ord(key) - ord("a") + 1
        expected = await memory.book(key, 0.7, count, after=after, burst=burst)
        assert await shared.book(key, 0.7, count, after=after, burst=burst) == pytest.approx(
            expected, abs=0.01
        )


async def test_memory_forgets_what_has_refilled(pinned: PinnedTime) -> None:
    limits = MemoryLimits(pinned.clock)
    for number in range(4096):
        pinned.advance(1)
        await limits.take(str(number), 1, 10)
    assert len(limits._empty_at) <= 11


async def test_without_redis_a_process_counts_for_itself(clock: Clock) -> None:
    server = RedisServer()
    server.start()
    client = connect(server.url)
    limits = RedisLimits(client, clock)
    try:
        assert await limits.take("person", 1, 60) == 0.0
        server.stop()
        assert await limits.take("person", 1, 60) == 0.0
        assert await limits.take("person", 1, 60) > 0
    finally:
        await client.aclose()
        server.stop()
