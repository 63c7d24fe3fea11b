"""smpp34's SMSC behind a network that is cut at random moments: nothing is lost and nothing doubled, either way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bot.clock import Clock
from bot.limits import MemoryLimits
from channels.figures import Figures
from channels.smpp_text import Place, header
from tests.channels.harness import Edge, Store
from tests.channels.providers.smpp import linked, settings_for
from tests.servers.ports import free_port
from tests.servers.rust_smsc import Brought, Network, RustSmsc
from tests.system.server import until

DROPS = 20
OUT, IN = 200, 100
PEOPLE = 60


class _Now:
    """The time that it is, where tests mostly hold it."""

    clock = Clock()

    def advance(self, seconds: float) -> None:
        """It passes by itself."""


@pytest.fixture
async def smsc() -> AsyncIterator[RustSmsc]:
    server = RustSmsc()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def network(smsc: RustSmsc) -> AsyncIterator[Network]:
    network = Network(smsc.port)
    await network.start()
    yield network
    await network.stop()


async def test_twenty_random_drops(
    sqlite_store: Store, session: ClientSession, smsc: RustSmsc, network: Network
) -> None:
    random_ = random.Random(11)  # noqa: S311 (it must repeat itself)
    store = Store(sqlite_store.db, sqlite_store.vault, _Now(), sqlite_store.chance)  # type: ignore[arg-type]  # its clock alone
    # A receipt comes within a moment here: what has none after five seconds was never taken.
    edge = Edge(store, MemoryLimits(store.clock), free_port(), Figures(poll=0.05, grace=5.0, sweep=0.2))
    settings = settings_for(network.port, timeout=1.0, enquire_link=1.0)
    expected = [f"message {number}" for number in range(OUT)]
    for number, text in enumerate(expected):
        await store.put("smpp", text=text, urn=f"tel:+85620555{number % PEOPLE:05}")
    async with linked(edge, session, settings):
        delivery = edge.delivery()
        running = asyncio.create_task(delivery.run())
        catching_up = asyncio.create_task(edge.intake().run())
        smsc.bring(_incoming(random_))
        for _ in range(DROPS):
            await asyncio.sleep(random_.uniform(0.01, 0.1))
            network.cut()
        await until(lambda: _is_delivered(store), "every message to be delivered", seconds=40)
        await until(lambda: _is_all_in(edge), "every message to come in", seconds=20)
        await delivery.stop()
        await running
        catching_up.cancel()
    assert sorted(octets.decode() for _, octets in smsc.taken) == sorted(expected)
    assert sorted(each.text for each in edge.pipeline.messages) == sorted(
        [*(f"in {number}" for number in range(IN)), *(f"long {number}: one two" for number in range(IN))]
    )


def _incoming(random_: random.Random) -> list[Brought]:
    """Messages of one part and of two, in any order."""
    brought = []
    for number in range(IN):
        brought.append(Brought(source=f"85620777{number:05}", to="1500", octets=f"in {number}".encode()))
        texts = (f"long {number}: one ", "two")
        brought += [
            Brought(
                source=f"85620777{number:05}",
                to="1500",
                octets=header(Place(reference=number, number=place, total=2)) + text.encode(),
                fields={"esm_class": 0x40},
            )
            for place, text in enumerate(texts)
        ]
    random_.shuffle(brought)
    return brought


async def _is_delivered(store: Store) -> bool:
    return set(await store.states()) == {"delivered"}


async def _is_all_in(edge: Edge) -> bool:
    return len(edge.pipeline.messages) == 2 * IN
