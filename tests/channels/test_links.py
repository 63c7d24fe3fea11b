"""Links: held by one process at a time, let go when the lease is not sure, and opened again whatever ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.leases import Leases
from bot.messages import InboundMessage
from bot.metrics import Metrics
from bot.urns import Urn
from channels.base import InboundPart, Take
from channels.joining import Joining
from channels.links import Holding, Links
from channels.smpp_text import joined
from tests.channels.harness import Edge, Store
from tests.channels.provider import Provider
from tests.channels.test_joining import Desk
from tests.system.server import until

HOLDING = Holding(lease=2.0, every=0.02)


class Line(Provider):
    """A channel with a link; `faults` is how often it ends with an error first."""

    def __init__(self, faults: int = 0) -> None:
        super().__init__()
        self.faults = faults
        self.runs = 0
        self.up = False
        self.take: Take | None = None

    async def run(self, take: Take) -> None:
        """See `channels.base.Linked`."""
        self.runs += 1
        if self.runs <= self.faults:
            raise RuntimeError("a fault")
        self.up, self.take = True, take
        try:
            await asyncio.Event().wait()
        finally:
            self.up = False


class Away(Leases):
    """Leases over a store that can be away."""

    away = False

    async def hold(self, name: str, seconds: float) -> bool:
        """See `Leases.hold`."""
        if self.away:
            raise DatabaseUnavailable
        return await super().hold(name, seconds)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def joining(store: Store, desk: Desk) -> Joining:
    wait = timedelta(seconds=0.2)
    return Joining(intake=desk, db=store.db, vault=store.vault, clock=Clock(), mended=joined, wait=wait)


@asynccontextmanager
async def process(
    owner: str, line: Line, joining: Joining, store: Store, metrics: Metrics | None = None
) -> AsyncIterator[Away]:
    """A process that holds what it can."""
    leases = Away(store.db, Clock(), owner)
    links = Links(
        channels={"line": line},
        joining=joining,
        leases=leases,
        clock=Clock(),
        metrics=metrics or Metrics(),
        holding=HOLDING,
    )
    running = asyncio.create_task(links.run())
    yield leases
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_one_process_holds_a_link_and_the_next_follows(joining: Joining, store: Store) -> None:
    first, second, metrics = Line(), Line(), Metrics()
    async with process("second", second, joining, store, metrics):
        await until(lambda: _is(lambda: second.up), "the second")
        assert 'patou_link_up{channel="line"} 1.0' in metrics.text().decode()
        async with process("first", first, joining, store):
            await asyncio.sleep(0.1)
            assert not first.up
    assert not second.up
    assert 'patou_link_up{channel="line"} 0.0' in metrics.text().decode()
    async with process("first", first, joining, store):
        await until(lambda: _is(lambda: first.up), "the first")


async def test_a_link_that_ends_with_a_fault_is_opened_again(joining: Joining, store: Store) -> None:
    line = Line(faults=3)
    async with process("one", line, joining, store):
        await until(lambda: _is(lambda: line.up), "the link")
    assert line.runs == 4


async def test_a_process_that_cannot_renew_its_lease_lets_go(joining: Joining, store: Store) -> None:
    line = Line()
    async with process("one", line, joining, store) as leases:
        await until(lambda: _is(lambda: line.up), "the link")
        leases.away = True
        await until(lambda: _is(lambda: not line.up), "the end of it")
        leases.away = False
        await until(lambda: _is(lambda: line.up), "the link again")


async def test_a_lease_that_another_has_taken_ends_the_link(joining: Joining, store: Store) -> None:
    line = Line()
    async with process("one", line, joining, store):
        await until(lambda: _is(lambda: line.up), "the link")
        later = replace(Clock(), now=lambda: Clock().now() + timedelta(hours=1))
        assert await Leases(store.db, later, "two").hold("link:line", 600)
        await until(lambda: _is(lambda: not line.up), "the end of it")


async def test_what_comes_over_a_link_is_joined_and_swept(joining: Joining, store: Store, desk: Desk) -> None:
    line = Line()
    message = InboundMessage(
        channel="line",
        external_id="1",
        urn=Urn("tel", "+8562055512345"),
        text="half",
        received_at=Clock().now(),
    )
    async with process("one", line, joining, store):
        await until(lambda: _is(lambda: line.up), "the link")
        assert line.take is not None
        part = InboundPart(message=message, group="1", number=0, total=2)
        assert (await line.take(part)).kind == "part"
        await until(lambda: _is(lambda: bool(desk.messages)), "what has come")
    assert desk.texts == ["half"]


async def test_nothing_is_taken_up_for_a_link_that_is_down(edge: Edge) -> None:
    line = Line()
    edge.channels["test"] = line
    delivery = edge.delivery()
    sent = await edge.store.put()
    assert await delivery.step() == 0
    assert (await edge.store.row(sent)).state == "queued"
    line.up = True
    await delivery.step()
    assert (await edge.store.row(sent)).state == "sent"


async def test_no_links_no_work(joining: Joining, store: Store) -> None:
    links = Links(
        channels={"test": Provider()},
        joining=joining,
        leases=Leases(store.db, Clock(), "one"),
        clock=Clock(),
        metrics=Metrics(),
    )
    await links.run()


async def _is(condition: Callable[[], bool]) -> bool:
    return condition()
