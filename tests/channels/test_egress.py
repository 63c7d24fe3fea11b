"""The way out: whatever an address says, nobody is asked but the provider, and no more is read than is wanted."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_UNSPEC, AddressFamily
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from bot.files.errors import NotKept
from bot.yaml_read import read_yaml
from channels.base import Source
from channels.egress import Egress, is_public
from channels.errors import FetchError
from tests.servers.ports import free_port
from tests.servers.provider import ProviderServer, lose

TABLE: dict[str, Any] = read_yaml(Path(__file__).with_name("egress.yml"))
LIMIT = 1000
FILE = b"a file of the provider"


class Home(ProviderServer):
    """A provider's files; `asked` are the requests, `authorised` those that came with credentials."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.authorised: list[str] = []

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/{what:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if "Authorization" in request.headers:
            self.authorised.append(request.path_qs)
        what, _, number = request.match_info["what"].partition("/")
        match what:
            case "file":
                return web.Response(body=FILE)
            case "to" | "odd":
                where = request.raw_path.partition("?")[2]
                return web.Response(
                    status=307, headers={"Location": where if what == "to" else unquote(where)}
                )
            case "status":
                return web.Response(status=int(number))
            case "packed":
                body = gzip.compress(bytes(5_000_000))
                return web.Response(body=body, headers={"Content-Encoding": "gzip"})
            case "said":
                return web.Response(body=bytes(int(number)))
            case "lose":
                lose(request)
            case "silent":
                await self._closing.wait()
        return await self._stream(request, drip=what == "drip")

    async def _stream(self, request: web.Request, *, drip: bool) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not self._closing.is_set() and request.transport is not None:
            await response.write(b"x" if drip else bytes(100))
            await asyncio.sleep(0.02 if drip else 0)
        return response


class Names(AbstractResolver):
    """Resolves as the table says; `asked` counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
    ) -> list[ResolveResult]:
        del family
        self.asked.append(host)
        if host not in TABLE["names"]:
            raise OSError("no such name")
        return [
            {"hostname": host, "host": each, "port": port, "family": AF_INET, "proto": 0, "flags": 0}
            for each in TABLE["names"][host]
        ]

    async def close(self) -> None:
        """Nothing is held."""


class World:
    def __init__(self, home: Home, bait: Home, names: Names, egress: Egress) -> None:
        self.home, self.bait, self.names = home, bait, names
        self._egress = egress

    async def fetch(self, url: str, *, redirects: int = 1) -> bytes:
        for name, value in (("HOME", self.home.url), ("BAIT", f"127.0.0.1:{self.bait.port}")):
            url = url.replace(name, value)
        source = Source(
            url=url,
            hosts=("provider.test",),
            inside=self.home.url,
            headers={"Authorization": "secret"},
            redirects=redirects,
        )
        return await self._egress.fetch(source, LIMIT)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    home, bait, names = Home(), Home(), Names()
    await home.start()
    await bait.start()
    async with Egress(resolver=names, seconds=0.5) as egress:
        yield World(home, bait, names, egress)
    await home.stop()
    await bait.stop()


@pytest.mark.parametrize("row", TABLE["refused"], ids=lambda row: row["url"][:40])
async def test_nobody_else_is_asked(row: dict[str, str], world: World) -> None:
    with pytest.raises(FetchError) as error:
        await world.fetch(row["url"])
    assert error.value.code == row["code"]
    assert world.bait.asked == []


@pytest.mark.parametrize("row", TABLE["fetched"], ids=lambda row: row["url"][:40])
async def test_the_provider_is(row: dict[str, str], world: World) -> None:
    assert await world.fetch(row["url"]) == FILE
    assert world.home.asked[0] == row["url"].replace("HOME", world.home.url).removeprefix(world.home.url)


@pytest.mark.parametrize("row", TABLE["too_large"], ids=lambda row: row["url"][:40])
async def test_no_more_is_read_than_is_wanted(row: dict[str, str], world: World) -> None:
    with pytest.raises(NotKept, match="too_large"):
        await world.fetch(row["url"])


async def test_credentials_go_to_whom_the_channel_addressed_and_no_further(world: World) -> None:
    await world.fetch("HOME/to?/file")
    assert world.home.asked == ["/to?/file", "/file"]
    assert world.home.authorised == ["/to?/file"]


async def test_no_redirect_is_followed_that_the_provider_does_not_make(world: World) -> None:
    with pytest.raises(FetchError, match="redirected"):
        await world.fetch("HOME/to?/file", redirects=0)


async def test_a_name_is_asked_for_once_and_the_answer_that_was_looked_at_is_used(world: World) -> None:
    """A second answer could be another: that is how a name is bound again between look and use."""
    with pytest.raises(FetchError, match="not_public"):
        await world.fetch("https://cdn.provider.test/x")
    assert world.names.asked == ["cdn.provider.test"]


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    """A public name and its address, as far as this test knows: the TLS handshake arrives there."""
    port = free_port()
    seen: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(3))
        writer.close()

    class Once(Names):
        async def resolve(
            self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
        ) -> list[ResolveResult]:
            # What is asked for a second time leads elsewhere.
            found = await super().resolve(host, port, family)
            return [{**found[0], "host": "127.0.0.1", "port": served} for _ in found[: 2 - len(self.asked)]]

    server = await asyncio.start_server(take, "127.0.0.1", port)
    served = port
    async with Egress(resolver=Once(), public=lambda _: True, seconds=2) as egress:
        source = Source(url="https://cdn.provider.test/x", hosts=("provider.test",))
        with pytest.raises(FetchError, match=r"lost_answer|no_answer"):
            await egress.fetch(source, LIMIT)
    server.close()
    await server.wait_closed()
    assert seen[0][:1] == b"\x16"


@pytest.mark.parametrize("address", TABLE["public"])
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", TABLE["not_public"])
def test_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_public_by_another_spelling(address: Any) -> None:
    for spelling in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
        assert not is_public(ip_address(spelling))
