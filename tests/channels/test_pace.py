"""The pace of a channel, on a loop whose time leaps: how much leaves, and how much of it in any second."""

from __future__ import annotations

import asyncio
import math
import selectors
from bisect import bisect_left
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from itertools import cycle
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import Clock
from bot.limits import MemoryLimits
from channels.figures import Figures
from channels.pace import Pace
from tests.channels.provider import Provider
from tests.pinned import START

T = TypeVar("T")
AHEAD = Figures().ahead
SECONDS = 60.0
RATES = [0.05, 0.4, 1.0, 2.5, 10.0, 30.0, 120.0]


class _Leaping(selectors.SelectSelector):
    """Instead of waiting it lets the time pass."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See `selectors.BaseSelector.select`."""
        self.now += max(0.0, timeout or 0.0)
        return super().select(0)


class _LeapingLoop(asyncio.SelectorEventLoop):
    """A loop on which an hour of sleep takes no time."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        """See `asyncio.AbstractEventLoop.time`."""
        return self._leaping.now

    def hold_up(self, seconds: float) -> None:
        """Let time pass in which nothing of ours runs."""
        self._leaping.now += seconds

    @property
    def clock(self) -> Clock:
        """What shows its time."""
        return Clock(now=lambda: START + timedelta(seconds=self.time()), monotonic=self.time)


class _Unhurried(Provider):
    """A provider that wants six seconds between two messages to one person, of which three may be borrowed."""

    pause = 6.0
    burst = 3


def leap(work: Coroutine[Any, Any, T], loop: _LeapingLoop) -> T:
    """The result of the work, at once."""
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


async def send(
    loop: _LeapingLoop,
    rate: float,
    late: Sequence[float],
    held_up: Sequence[float] = (0.0,),
    stalled: Sequence[float] = (0.0,),
) -> list[float]:
    """When messages left in a minute with more waiting than might go, by rounds that come so much late.

    The machine does something else for `stalled` every second, and for `held_up` when a message is about to leave.
    """
    pace = Pace([Provider(rate=rate)], MemoryLimits(loop.clock), loop.clock, AHEAD)
    left: list[float] = []
    flights: list[asyncio.Task[None]] = []

    holdups = cycle(held_up)

    async def fly() -> None:
        await pace.wait("test", "somebody")
        loop.hold_up(next(holdups))
        left.append(loop.time())

    async def stall() -> None:
        for seconds in cycle(stalled):
            await asyncio.sleep(1.0)
            loop.hold_up(seconds)

    stalling = asyncio.create_task(stall())
    for delay in cycle(late):
        count, wait = await pace.room("test", 1_000)
        flights += [asyncio.create_task(fly()) for _ in range(count)]
        if loop.time() >= SECONDS:
            break
        await asyncio.sleep(wait + delay)
    await asyncio.gather(*flights)
    stalling.cancel()
    return [each for each in left if each < SECONDS]


def most(left: Sequence[float], seconds: float) -> int:
    """The largest number in any so many seconds."""
    return max(bisect_left(left, start + seconds - 1e-6) - index for index, start in enumerate(left))


@pytest.mark.parametrize("rate", RATES)
@settings(max_examples=5, deadline=None)
@given(late=st.lists(st.floats(0.0, AHEAD / 2 - 0.01), min_size=1, max_size=9))
def test_what_a_provider_takes_is_used_within_two_in_a_hundred(rate: float, late: list[float]) -> None:
    loop = _LeapingLoop()
    left = leap(send(loop, rate, [*late, 0.01]), loop)
    assert math.floor(rate * SECONDS * 0.98) <= len(left) <= math.ceil(rate * SECONDS)


@pytest.mark.parametrize("rate", RATES)
@settings(max_examples=5, deadline=None)
@given(late=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=9))
def test_no_second_is_too_full_whatever_came_late(rate: float, late: list[float]) -> None:
    loop = _LeapingLoop()
    left = leap(send(loop, rate, [*late, 0.01]), loop)
    span = max(1.0, 1 / rate)
    assert most(left, span) <= math.ceil(rate * span)


@pytest.mark.parametrize("rate", [30.0, 80.0])
@pytest.mark.parametrize("stalled", [[0.2, 0.1], [0.05], [0.0, 0.0, 0.4]])
def test_no_second_is_too_full_on_a_machine_that_does_something_else(
    rate: float, stalled: list[float]
) -> None:
    loop = _LeapingLoop()
    left = leap(send(loop, rate, [0.25, 0.01], [0.0, 0.001, 0.0045, 0.0, 0.0], stalled), loop)
    assert most(left, 1.0) <= rate


async def one_person(loop: _LeapingLoop, count: int) -> list[float]:
    """When messages to one person leave, each taken up as soon as it may be."""
    pace = Pace([_Unhurried(rate=10.0)], MemoryLimits(loop.clock), loop.clock, AHEAD)
    left = []
    for _ in range(count):
        while (wait := await pace.too_soon("test", "somebody")) > 0:  # noqa: ASYNC110 - the door out does likewise
            await asyncio.sleep(wait)
        await pace.wait("test", "somebody")
        left.append(loop.time())
    return left


def test_one_person_is_given_what_may_be_borrowed_and_then_one_a_pause() -> None:
    loop = _LeapingLoop()
    left = leap(one_person(loop, 6), loop)
    assert left[:3] == pytest.approx([0.0, 0.1, 0.2], abs=0.01)
    assert left[3:] == pytest.approx([6.06, 12.12, 18.18], abs=0.01)


def test_a_channel_without_a_rate_sends_what_there_is() -> None:
    loop = _LeapingLoop()
    pace = Pace([Provider()], MemoryLimits(loop.clock), loop.clock, AHEAD)
    assert leap(pace.room("test", 32), loop) == (32, 0.0)
