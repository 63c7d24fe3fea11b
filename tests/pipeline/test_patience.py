"""What patience promises: who is done in time is left alone, the others are given up, oldest first."""

from __future__ import annotations

import asyncio

import pytest

from bot.patience import Patience


async def test_what_is_not_done_is_given_up_oldest_first() -> None:
    given_up: list[str] = []

    def give_up(future: asyncio.Future[None]) -> None:
        given_up.append(names[future])
        future.set_result(None)

    patience = Patience(0.0, give_up)
    loop = asyncio.get_running_loop()
    names = {loop.create_future(): name for name in ("first", "done", "left", "last")}
    first, done, left, last = names
    for future in names:
        patience.watch(future)
    done.set_result(None)
    left.cancel()
    await asyncio.gather(first, last)
    assert given_up == ["first", "last"]


async def test_it_goes_on_after_nothing_was_left_to_wait_for() -> None:
    patience = Patience(0.0, lambda future: future.set_result(None))
    for _ in range(2):
        future = asyncio.get_running_loop().create_future()
        patience.watch(future)
        await future


async def test_each_is_given_up_when_its_own_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    begun = now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    patience = Patience(10.0, lambda future: future.set_result(None))
    older, younger = loop.create_future(), loop.create_future()
    states = {}
    for after in (0, 4, 9, 11, 13, 15):
        now = begun + after
        if after in (0, 4):
            patience.watch(younger if after else older)
        await _turn()
        states[after] = (older.done(), younger.done())
    neither, one, both = (False, False), (True, False), (True, True)
    assert states == {0: neither, 4: neither, 9: neither, 11: one, 13: one, 15: both}


async def _turn() -> None:
    """Let the loop call what is due, and what that wakes."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_one_that_cannot_be_given_up_holds_back_no_other() -> None:
    loop = asyncio.get_running_loop()
    faults: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, fault: faults.append(fault))
    first, second = loop.create_future(), loop.create_future()

    def give_up(future: asyncio.Future[None]) -> None:
        if future is first:
            raise RuntimeError
        future.set_result(None)

    patience = Patience(0.0, give_up)
    for future in (first, second):
        patience.watch(future)
    await second
    assert [type(fault["exception"]) for fault in faults] == [RuntimeError]
    first.cancel()
