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
from tests.channels.harness import Edge, Store
from tests.channels.providers.kannel import KannelCaller
from tests.channels.providers.kannel import connect as connect_kannel
from tests.channels.providers.telegram import TelegramCaller
from tests.channels.providers.telegram import connect as connect_telegram
from tests.channels.providers.twilio import TwilioCaller
from tests.channels.providers.twilio import connect as connect_twilio
from tests.channels.providers.web import WebCaller
from tests.channels.providers.web import connect as connect_web
from tests.conftest import MASTER
from tests.pinned import PinnedTime
from tests.servers.ports import free_port
from tests.servers.smsc import Smsc


@pytest.fixture
def store(db: Database, vault: Vault, pinned: PinnedTime, chance: Chance) -> Store:
    """An outbox on both engines in turn."""
    return Store(db, vault, pinned, chance)


@pytest.fixture
async def sqlite_store(sqlite_url: str, pinned: PinnedTime, chance: Chance) -> AsyncIterator[Store]:
    """An outbox on SQLite, for tests that are not about the store."""
    database = await open_database(sqlite_url, Clock(), patience=30)
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
    return edge.wiring(session)


@pytest.fixture
async def twilio_caller(edge: Edge, session: ClientSession) -> AsyncIterator[TwilioCaller]:
    """The strict Twilio, with its channel on the edge."""
    async with connect_twilio(edge, session) as caller:
        yield caller


@pytest.fixture
async def kannel_caller(edge: Edge, session: ClientSession) -> AsyncIterator[KannelCaller]:
    """The strict sendsms, with its channel on the edge."""
    async with connect_kannel(edge, session) as caller:
        yield caller


@pytest.fixture
async def web_caller(edge: Edge, session: ClientSession) -> AsyncIterator[WebCaller]:
    """The page of the web chat, with its channel on the edge."""
    async with connect_web(edge, session) as caller:
        yield caller


@pytest.fixture
async def telegram_caller(edge: Edge, session: ClientSession) -> AsyncIterator[TelegramCaller]:
    """The strict Bot API, with its channel on the edge."""
    async with connect_telegram(edge, session) as caller:
        yield caller


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """The strict SMSC, without a channel."""
    server = Smsc()
    await server.start()
    yield server
    await server.stop()
