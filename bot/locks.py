"""Locks: one turn at a time per person, in memory for one process and in Redis for several."""

from __future__ import annotations

import secrets
from itertools import count
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.clock import Clock
from bot.redis import Outage

# Only the holder releases: after an expiry the key may be somebody else's.
_RELEASE = """
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end
return 0
"""


class Locks(Protocol):
    """Exclusive names with an expiry; an optimisation only: what is stored is guarded by its version."""

    async def try_acquire(self, key: str, seconds: float) -> str | None:
        """Take the name for at most `seconds`; a token to release it with, or None while another has it."""

    async def release(self, key: str, token: str) -> None:
        """Give the name back; nothing happens when it expired or went to another holder."""


class MemoryLocks:
    """Locks of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens = map(str, count())
        self._held: dict[str, tuple[str, float]] = {}

    async def try_acquire(self, key: str, seconds: float) -> str | None:
        """See `Locks.try_acquire`."""
        now = self._clock.monotonic()
        _token, until = self._held.get(key, ("", now))
        if until > now:
            return None
        token = next(self._tokens)
        self._held[key] = (token, now + seconds)
        return token

    async def release(self, key: str, token: str) -> None:
        """See `Locks.release`."""
        if self._held.get(key, ("", 0.0))[0] == token:
            del self._held[key]


class RedisLocks:
    """Locks of several processes; while Redis is away each process locks for itself."""

    def __init__(self, redis: Redis, clock: Clock, prefix: str = "patou:lock:") -> None:
        self._redis = redis
        self._prefix = prefix
        self._alone = MemoryLocks(clock)
        self._outage = Outage(clock)
        self._release = redis.register_script(_RELEASE)

    async def try_acquire(self, key: str, seconds: float) -> str | None:
        """See `Locks.try_acquire`."""
        if self._outage.is_on():
            return await self._alone.try_acquire(key, seconds)
        token = secrets.token_hex(8)
        try:
            taken = await self._redis.set(
                self._prefix + key, token, nx=True, px=max(1, round(seconds * 1000))
            )
        except RedisError:
            self._outage.begin()
            return await self._alone.try_acquire(key, seconds)
        return token if taken else None

    async def release(self, key: str, token: str) -> None:
        """See `Locks.release`; what cannot be released expires by itself."""
        await self._alone.release(key, token)
        if self._outage.is_on():
            return
        try:
            await self._release(keys=[self._prefix + key], args=[token])
        except RedisError:
            self._outage.begin()
