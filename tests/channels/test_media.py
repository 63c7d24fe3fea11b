"""What comes besides words, channel by channel: how it is told, where it is fetched, and what reaches nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web

from bot.files.errors import NotKept
from bot.messages import Attachment, MediaKind
from bot.yaml_read import read_yaml
from channels.base import Fetching
from channels.config import kinds
from channels.egress import Egress
from channels.errors import FetchError
from tests.channels.harness import Edge
from tests.channels.providers import Caller, connect
from tests.servers.provider import ProviderServer

TABLE: dict[str, dict[str, Any]] = read_yaml(Path(__file__).with_name("media.yml"))
REQUIRED = {"photo", "voice", "document", "location", "several", "caption", "ignored"}
FILE = b"a file of the provider"


class Bait(ProviderServer):
    """A server that nobody should ask."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/{what:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        return web.Response(body=b"secret")


def rows(what: str) -> list[Any]:
    return [
        pytest.param(kind, row, id=f"{kind}: {row.get('name', row.get('reference'))}")
        for kind, table in TABLE.items()
        for row in table[what]
    ]


@pytest.fixture
async def caller(kind: str, edge: Edge, session: ClientSession) -> AsyncIterator[Caller]:
    async with connect(kind, edge, session, 2.0) as caller:
        yield caller


@pytest.fixture
async def bait() -> AsyncIterator[Bait]:
    server = Bait()
    await server.start()
    yield server
    assert server.asked == []
    await server.stop()


@pytest.mark.parametrize("kind", kinds())
async def test_every_channel_that_fetches_has_its_rows(kind: str, edge: Edge, session: ClientSession) -> None:
    async with connect(kind, edge, session):
        assert isinstance(edge.channels[kind], Fetching) == (kind in TABLE)
    table = TABLE.get(kind)
    if table:
        assert {row["kind"] for row in table["told"]} | set(table.get("without", {})) >= REQUIRED - (
            {"ignored"} if kind == "twilio" else set()
        )


@pytest.mark.parametrize(("kind", "row"), rows("told"))
async def test_told(kind: str, row: dict[str, Any], caller: Caller, edge: Edge) -> None:
    assert kind in edge.channels
    await edge.listen(edge.door().routes())
    status, _, body = await caller.call(row["spec"])
    assert status == 200, body
    taken = [
        {
            "text": each.text,
            "attachments": [
                {name: value for name, value in asdict(attachment).items() if value}
                for attachment in each.attachments
            ],
        }
        for each in edge.pipeline.messages
    ]
    attachments = [
        {name: value for name, value in each.items() if value} for each in row.get("attachments", [])
    ]
    told = {"text": row.get("text", ""), "attachments": attachments}
    assert taken == ([] if row["kind"] == "ignored" else [told])


@pytest.mark.parametrize(("kind", "row"), rows("fetched"))
async def test_fetched(kind: str, row: dict[str, Any], caller: Caller, edge: Edge) -> None:
    assert await _fetched(kind, row, caller, edge, "") == FILE


@pytest.mark.parametrize(("kind", "row"), rows("nothing"))
async def test_nothing_is_reached(
    kind: str, row: dict[str, Any], caller: Caller, edge: Edge, bait: Bait
) -> None:
    with pytest.raises((FetchError, NotKept)) as error:
        await _fetched(kind, row, caller, edge, f"127.0.0.1:{bait.port}")
    assert str(error.value) == row["code"]


async def _fetched(kind: str, row: dict[str, Any], caller: Caller, edge: Edge, bait: str) -> bytes:
    server = caller._server  # type: ignore[attr-defined]  # every caller that is served has one

    def placed(text: str) -> str:
        return text.replace("HOME", server.url).replace("BAIT", bait)

    for name in ("paths", "urls"):
        for key, value in row.get(name, {}).items():
            getattr(server, name)[key] = placed(value)
    for name in row.get("files", ()):
        server.files[name] = FILE
    attachment = Attachment(kind=MediaKind.PHOTO, reference=placed(row["reference"]))
    async with Egress(seconds=2) as egress:
        source = await cast("Fetching", edge.channels[kind]).locate(attachment)
        return await egress.fetch(source, 1000)
