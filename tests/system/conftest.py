"""The providers' servers, and a server that the tests of a module share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.servers.kannel import SendsmsServer
from tests.servers.twilio import TwilioServer
from tests.system.phones import KannelSide, TwilioSide
from tests.system.server import PatouServer, Setup

Make = Callable[..., PatouServer]


@pytest.fixture(scope="module")
async def session() -> AsyncIterator[ClientSession]:
    """The HTTP client of the providers."""
    async with ClientSession() as session:
        yield session


@pytest.fixture(scope="module")
async def twilio(session: ClientSession) -> AsyncIterator[TwilioServer]:
    """The strict Twilio."""
    server = TwilioServer(session)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def sendsms(session: ClientSession) -> AsyncIterator[SendsmsServer]:
    """The strict sendsms of a Kannel."""
    server = SendsmsServer(session)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory,
    trained: Path,
    session: ClientSession,
    twilio: TwilioServer,
    sendsms: SendsmsServer,
) -> AsyncIterator[PatouServer]:
    """A server on SQLite that the tests of a module share: each uses phones of its own."""
    setup = Setup(
        folder=tmp_path_factory.mktemp("server"),
        models=trained,
        twilio_url=twilio.url,
        sendsms_url=sendsms.url,
    )
    server = PatouServer(setup, session)
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def make(
    tmp_path: Path, trained: Path, session: ClientSession, twilio: TwilioServer, sendsms: SendsmsServer
) -> AsyncIterator[Make]:
    """Makes servers of this test's own, with fields of `Setup` as wanted; the test starts them."""
    made = []
    setup = Setup(folder=tmp_path, models=trained, twilio_url=twilio.url, sendsms_url=sendsms.url)

    def make(**wanted: object) -> PatouServer:
        made.append(PatouServer(replace(setup, **wanted), session))  # type: ignore[arg-type]  # by name
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def twilio_side(server: PatouServer, twilio: TwilioServer, session: ClientSession) -> TwilioSide:
    """Phones behind Twilio."""
    return TwilioSide(server, twilio, session)


@pytest.fixture
def kannel_side(server: PatouServer, sendsms: SendsmsServer, session: ClientSession) -> KannelSide:
    """Phones behind Kannel."""
    return KannelSide(server, sendsms, session)
