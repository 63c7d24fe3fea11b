"""An edge over a store, and the providers' servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bot.clock import Chance, Clock
from bot.crypto import Vault, open_vault
from bot.db import Database, open_database
from bot.limits import MemoryLimits
from channels.base import Wiring
from channels.config import ChannelConfig
from tests.channels.harness import Edge, Store
from tests.conftest import MASTER
from tests.pinned import PinnedTime
from tests.servers import kannel as kannel_server
from tests.servers import twilio as twilio_server
from tests.servers.kannel import SendsmsServer
from tests.servers.ports import free_port
from tests.servers.twilio import TwilioServer


@pytest.fixture
def store(db: Database, vault: Vault, pinned: PinnedTime, chance: Chance) -> Store:
    """An outbox on both engines in turn."""
    return Store(db, vault, pinned, chance)


@pytest.fixture
async def sqlite_store(sqlite_url: str, pinned: PinnedTime, chance: Chance) -> AsyncIterator[Store]:
    """An outbox on SQLite, for tests that are not about the store."""
    database = await open_database(sqlite_url, Clock())
    yield Store(database, await open_vault(database, MASTER, pinned.clock), pinned, chance)
    await database.close()


@pytest.fixture
async def edge(sqlite_store: Store) -> AsyncIterator[Edge]:
    """Both doors over SQLite."""
    edge = Edge(sqlite_store, MemoryLimits(sqlite_store.clock), free_port())
    yield edge
    await edge.close()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The shared HTTP client."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def wiring(session: ClientSession, edge: Edge) -> Wiring:
    """What the edge's channels are built from."""
    return Wiring(session=session, clock=edge.clock, public_url=edge.url)


@pytest.fixture
async def twilio(session: ClientSession) -> AsyncIterator[TwilioServer]:
    """The strict Twilio."""
    server = TwilioServer(session)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def sendsms(session: ClientSession) -> AsyncIterator[SendsmsServer]:
    """The strict sendsms."""
    server = SendsmsServer(session)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def twilio_channel(edge: Edge, wiring: Wiring, twilio: TwilioServer) -> Edge:
    """The edge with a Twilio channel."""
    from channels import twilio as kind

    settings = kind.Settings(
        account_sid=twilio_server.ACCOUNT,
        auth_token=twilio_server.TOKEN,
        previous_auth_token="the-token-before",
        shared_keys={"webhooks_sharedkey_1": "a-shared-secret"},
        sender=twilio_server.NUMBER,
        api_url=twilio.url,
        timeout=0.3,
    )
    edge.channels["twilio"] = kind.build(
        ChannelConfig(name="twilio", kind="twilio", settings=settings), wiring
    )
    return edge


@pytest.fixture
def kannel_channel(edge: Edge, wiring: Wiring, sendsms: SendsmsServer) -> Edge:
    """The edge with a Kannel channel."""
    from channels import kannel as kind

    settings = kind.Settings(
        sendsms_url=sendsms.url,
        username=kannel_server.USER,
        password=kannel_server.PASSWORD,
        key=kannel_server.KEY,
        sender="1500",
        addresses=("127.0.0.0/8",),
        timeout=0.3,
    )
    edge.channels["kannel"] = kind.build(
        ChannelConfig(name="kannel", kind="kannel", settings=settings), wiring
    )
    return edge


@pytest.fixture
def web_channel(edge: Edge, wiring: Wiring) -> Edge:
    """The edge with a web chat."""
    from channels import web as kind

    edge.channels["web"] = kind.build(ChannelConfig(name="web", kind="web", settings=kind.Settings()), wiring)
    return edge
