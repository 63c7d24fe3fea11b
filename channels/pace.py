"""The pace: when a message may leave, by what a provider takes over all and what it takes for one person."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Collection

from bot.clock import Clock
from bot.limits import Limits
from channels.base import Channel, Paced

# Sums of floats are not exact.
_SLACK = 0.0005
# A hundredth slower than the rule, so that a timer that fires late by some milliseconds does not break it.
_MARGIN = 1.01
# Half of that again for what follows something late: between the note of a moment and the send that it is for,
# a busy machine may hold the process up by so much, and the provider counts the send.
_HELD_UP = 1.005
# More is taken up when a quarter of what was given out has left: few claims, and time for a store that is slow.
_TAKEN_UP = 0.75


class Pace:
    """Gives each message its own moment, evenly after the one before: no second is busier than another.

    Moments are given out `ahead`, in seconds, so that a round that comes late loses none. Time in which nothing
    waited is not made up for.
    """

    def __init__(self, channels: Collection[Channel], limits: Limits, clock: Clock, ahead: float) -> None:
        rates = {each.name: each.rate for each in channels if each.rate > 0}
        self._intervals = {name: _MARGIN / rate for name, rate in rates.items()}
        self._left = {name: _Left(rate) for name, rate in rates.items()}
        self._paced = {each.name: each for each in channels if isinstance(each, Paced)}
        self._limits = limits
        self._clock = clock
        self._ahead = ahead

    def waiting(self, channel: str) -> int:
        """How many messages may wait for their moments at once."""
        interval = self._intervals.get(channel)
        return math.ceil(self._ahead / interval) if interval else 0

    async def room(self, channel: str, most: int) -> tuple[int, float]:
        """How many messages may be taken up now, up to `most`; where none, in how many seconds."""
        interval = self._intervals.get(channel)
        if interval is None:
            return most, 0.0
        wait = await self._limits.book(f"pace:{channel}", interval, 0)
        if (early := wait - self._ahead * _TAKEN_UP) > _SLACK:
            return 0, early
        return min(most, 1 + max(0, math.floor((self._ahead - wait) / interval))), 0.0

    async def too_soon(self, channel: str, person: str) -> float:
        """In how many seconds a message to this person may be taken up; 0 when it may be now."""
        wait = await self._persons(channel, person, 0)
        return wait - self._ahead if wait > self._ahead + _SLACK else 0.0

    async def wait(self, channel: str, person: str) -> None:
        """Give a message its moment, and wait for it."""
        if (seconds := await self._moment(channel, person)) > 0:
            await asyncio.sleep(seconds)
        if left := self._left.get(channel):
            await left.wait(self._clock)

    async def _moment(self, channel: str, person: str) -> float:
        """How many seconds away it is."""
        wait = 0.0
        if interval := self._intervals.get(channel):
            wait = await self._limits.book(f"pace:{channel}", interval)
        return await self._persons(channel, person, 1, after=wait)

    async def _persons(self, channel: str, person: str, count: int, after: float = 0.0) -> float:
        """How many seconds away a person's next place is, `after` at the soonest."""
        paced = self._paced.get(channel)
        if paced is None:
            return after
        key, interval = f"pace:{channel}:{person}", paced.pause * _MARGIN
        return await self._limits.book(key, interval, count, after=after, burst=paced.burst)


class _Left:
    """When the last second's worth left: what was late would else crowd what comes at its moment."""

    def __init__(self, rate: float) -> None:
        count = max(1, int(rate))
        self._seconds = count / rate * _HELD_UP
        self._moments = deque([[-math.inf] for _ in range(count)], count)

    async def wait(self, clock: Clock) -> None:
        """Wait until the message is none too many, and note when that was."""
        before, mine = self._moments[0], [0.0]
        self._moments.append(mine)
        # What is before may wait too, and leave later than it meant to.
        while (wait := before[0] + self._seconds - clock.monotonic()) > 0:
            mine[0] = before[0] + self._seconds
            await asyncio.sleep(wait)
        mine[0] = clock.monotonic()
