"""What locks promise, in memory and in Redis alike."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bot.clock import Clock
from bot.locks import Locks
from bot.redis import connect
from bot.redis_locks import RedisLocks
from tests.pinned import PinnedTime
from tests.servers.redis import RedisServer


async def test_one_of_many_gets_the_lock(locks: Locks) -> None:
    tokens = await asyncio.gather(*(locks.try_acquire("person", 10) for _ in range(20)))
    assert len([token for token in tokens if token]) == 1


async def test_a_released_lock_is_free_and_names_are_apart(locks: Locks) -> None:
    token = await locks.try_acquire("person", 10)
    assert token
    assert await locks.try_acquire("another", 10)
    await locks.release("person", token)
    assert await locks.try_acquire("person", 10)


async def test_only_the_token_releases(locks: Locks) -> None:
    assert await locks.try_acquire("person", 10)
    await locks.release("person", "somebody else's")
    assert await locks.try_acquire("person", 10) is None


async def test_a_lock_expires_and_its_late_holder_cannot_release_the_next(
    locks: Locks, pinned: PinnedTime
) -> None:
    late = await locks.try_acquire("person", 0.03)
    assert late
    async with asyncio.timeout(5):
        while await locks.try_acquire("person", 10) is None:
            pinned.advance(0.01)
    await locks.release("person", late)
    assert await locks.try_acquire("person", 10) is None


async def test_tokens_differ(locks: Locks) -> None:
    tokens = set()
    for _ in range(50):
        token = await locks.try_acquire("person", 10)
        assert token
        tokens.add(token)
        await locks.release("person", token)
    assert len(tokens) == 50


async def test_two_processes_share_locks_through_redis(
    redis: Redis, redis_server: RedisServer, clock: Clock
) -> None:
    other = connect(redis_server.url, timeout=30)
    here, there = RedisLocks(redis, clock), RedisLocks(other, clock)
    token = await here.try_acquire("person", 10)
    assert token
    assert await there.try_acquire("person", 10) is None
    await here.release("person", token)
    assert await there.try_acquire("person", 10)
    await other.aclose()


async def test_without_redis_a_process_locks_for_itself_and_finds_redis_again(pinned: PinnedTime) -> None:
    server = RedisServer()
    server.start()
    client = connect(server.url)
    locks = RedisLocks(client, pinned.clock)
    try:
        token = await locks.try_acquire("person", 10)
        assert token
        server.stop()
        async with asyncio.timeout(2):
            alone = await locks.try_acquire("person", 10)
            assert alone
            assert await locks.try_acquire("person", 10) is None
            await locks.release("person", alone)
            assert await locks.try_acquire("person", 10)
        server.start()
        pinned.advance(1)
        assert await locks.try_acquire("new", 10)
        assert await client.exists("patou:lock:new") == 1
    finally:
        await client.aclose()
        server.stop()
