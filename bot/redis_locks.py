"""Locks of several processes, in Redis."""

from __future__ import annotations

import secrets

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.clock import Clock
from bot.locks import MemoryLocks
from bot.redis import Outage

# Only the holder releases: after an expiry the key may be somebody else's.
_RELEASE = """
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end
return 0
"""


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
