"""Rate limits: how often something may happen, and when next; those of one process, in memory."""

from __future__ import annotations

import math
from typing import Protocol

from bot.clock import Clock

# Sums of floats are not exact.
_SLACK_MS = 0.5
_SWEEP_EVERY = 4096


class Limits(Protocol):
    """Counters that refill evenly."""

    async def take(self, key: str, limit: int, seconds: float, cost: int = 1) -> float:
        """Use `cost` of the `limit` that `key` has per `seconds`.

        0.0 when allowed; otherwise nothing is used, and the seconds until it would be allowed.
        """

    async def book(
        self, key: str, seconds: float, count: int = 1, *, after: float = 0.0, burst: int = 1
    ) -> float:
        """Give out the next `count` places of `key`, one each `seconds`, none sooner than `after` seconds from now.

        The seconds until the first of them. A count of 0 gives out nothing, and tells. `burst` places may
        lie at the same moment, and later ones then wait until they are made up for.
        """


class MemoryLimits:
    """Limits of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._empty_at: dict[str, float] = {}
        self._takes = 0

    async def take(self, key: str, limit: int, seconds: float, cost: int = 1) -> float:
        """See `Limits.take`."""
        now = self._clock.now().timestamp() * 1000
        self._sweep(now)
        interval = seconds * 1000 / limit
        after = max(self._empty_at.get(key, now), now) + interval * cost
        wait = after - now - interval * limit
        if wait > _SLACK_MS:
            return math.ceil(wait) / 1000
        self._empty_at[key] = after
        return 0.0

    async def book(
        self, key: str, seconds: float, count: int = 1, *, after: float = 0.0, burst: int = 1
    ) -> float:
        """See `Limits.book`."""
        now = self._clock.now().timestamp() * 1000
        self._sweep(now)
        interval, earliest = seconds * 1000, now + after * 1000
        empty_at = self._empty_at.get(key, earliest)
        first = max(empty_at - interval * (burst - 1), earliest)
        if count > 0:
            self._empty_at[key] = max(empty_at, earliest) + interval * count
        return (first - now) / 1000

    def _sweep(self, now: float) -> None:
        """Forget now and then what has refilled, so that memory follows the living keys."""
        self._takes += 1
        if self._takes % _SWEEP_EVERY == 0:
            self._empty_at = {key: moment for key, moment in self._empty_at.items() if moment > now}
