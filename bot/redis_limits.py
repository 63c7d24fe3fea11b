"""Rate limits shared by several processes, in Redis."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.clock import Clock, to_ms
from bot.limits import MemoryLimits
from bot.redis import Outage

# Generic cell rate algorithm (ITU-T I.371): one number a key, the moment at which the bucket is empty again.
_TAKE = """
local interval, cost, limit, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local empty_at = math.max(tonumber(redis.call("get", KEYS[1]) or now), now)
local after = empty_at + interval * cost
local wait = after - now - interval * limit
if wait > 0.5 then return math.ceil(wait) end
redis.call("set", KEYS[1], string.format("%.3f", after), "px", math.max(1, math.ceil(after - now)))
return 0
"""
# The same number again, from which the next place is given instead of a refusal.
_BOOK = """
local interval, count, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, earliest = tonumber(ARGV[4]), tonumber(ARGV[5])
local empty_at = tonumber(redis.call("get", KEYS[1]) or earliest)
local first = math.max(empty_at - interval * (burst - 1), earliest)
if count > 0 then
    local after = math.max(empty_at, earliest) + interval * count
    redis.call("set", KEYS[1], string.format("%.3f", after), "px", math.max(1, math.ceil(after - now)))
end
return string.format("%.3f", first - now)
"""


class RedisLimits:
    """Limits shared by several processes; while Redis is away each process counts for itself."""

    def __init__(self, redis: Redis, clock: Clock, prefix: str = "patou:limit:") -> None:
        self._clock = clock
        self._prefix = prefix
        self._alone = MemoryLimits(clock)
        self._outage = Outage(clock)
        self._take = redis.register_script(_TAKE)
        self._book = redis.register_script(_BOOK)

    async def take(self, key: str, limit: int, seconds: float, cost: int = 1) -> float:
        """See `Limits.take`."""
        if self._outage.is_on():
            return await self._alone.take(key, limit, seconds, cost)
        try:
            wait = await self._take(
                keys=[self._prefix + key],
                args=[seconds * 1000 / limit, cost, limit, to_ms(self._clock.now())],
            )
        except RedisError:
            self._outage.begin()
            return await self._alone.take(key, limit, seconds, cost)
        return float(wait) / 1000

    async def book(
        self, key: str, seconds: float, count: int = 1, *, after: float = 0.0, burst: int = 1
    ) -> float:
        """See `Limits.book`."""
        now = self._clock.now().timestamp() * 1000
        try:
            if not self._outage.is_on():
                wait = await self._book(
                    keys=[self._prefix + key],
                    args=[seconds * 1000, count, burst, now, now + after * 1000],
                )
                return float(wait) / 1000
        except RedisError:
            self._outage.begin()
        return await self._alone.book(key, seconds, count, after=after, burst=burst)
