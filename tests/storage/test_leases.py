"""What leases promise: one holder at a time, on both engines."""

from __future__ import annotations

import asyncio

from bot.db import Database
from bot.leases import Leases
from tests.pinned import PinnedTime


async def test_one_of_many_holds_the_lease_and_may_extend_it(db: Database, pinned: PinnedTime) -> None:
    processes = [Leases(db, pinned.clock, f"process-{number}") for number in range(8)]
    held = await asyncio.gather(*(process.hold("clocks", 30) for process in processes))
    assert held.count(True) == 1
    holder = processes[held.index(True)]
    pinned.advance(29)
    assert await holder.hold("clocks", 30)
    pinned.advance(29)
    assert sum([await process.hold("clocks", 30) for process in processes]) == 1


async def test_an_expired_lease_goes_to_another(db: Database, pinned: PinnedTime) -> None:
    one, other = Leases(db, pinned.clock, "one"), Leases(db, pinned.clock, "other")
    assert await one.hold("clocks", 30)
    pinned.advance(30)
    assert await other.hold("clocks", 30)
    assert not await one.hold("clocks", 30)


async def test_leases_of_other_names_are_apart(db: Database, pinned: PinnedTime) -> None:
    one, other = Leases(db, pinned.clock, "one"), Leases(db, pinned.clock, "other")
    assert await one.hold("clocks", 30)
    assert await other.hold("bind", 30)
    assert not await other.hold("clocks", 30)
