"""The client of Redis, which holds only what may be lost: locks, limits and wake-ups."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.clock import Clock

_TIMEOUT_SECONDS = 0.25
_OUTAGE_SECONDS = 1.0


def connect(url: str, timeout: float = _TIMEOUT_SECONDS) -> Redis:
    """A client that connects on first use and never makes a turn wait: its callers do without it after `timeout` seconds."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        max_connections=50,
        decode_responses=True,
    )
    return client


class Outage:
    """Remembers that Redis failed a moment ago: a Redis that hangs costs one turn a second its time-out, not all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = float("-inf")

    def is_on(self) -> bool:
        """Whether Redis is not worth asking now."""
        return self._clock.monotonic() < self._until

    def begin(self) -> None:
        """Redis has just failed."""
        self._until = self._clock.monotonic() + _OUTAGE_SECONDS
