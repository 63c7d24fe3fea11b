"""Who calls behind our own proxies: what they wrote down counts, what a client claims never does."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.yaml_read import read_yaml
from tests.servers.ports import free_port
from web.proxies import Proxies
from web.server import Server

OURS = Proxies([ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8")])
ROWS = read_yaml(Path(__file__).parent / "proxies.yml")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["name"]))
def test_who_is_behind_the_proxies(row: dict[str, str]) -> None:
    assert OURS.peer(row["remote"], row["forwarded"]) == row["peer"]


@given(claimed=st.lists(st.ip_addresses().map(str) | st.text(max_size=20), max_size=8))
def test_what_a_client_claims_changes_nothing(claimed: list[str]) -> None:
    forwarded = ", ".join([*claimed, "198.51.100.7"])
    assert OURS.peer("127.0.0.1", forwarded) == "198.51.100.7"


@pytest.mark.parametrize(("proxies", "seen"), [(OURS, "198.51.100.7"), (None, "127.0.0.1")])
async def test_handlers_see_the_caller(proxies: Proxies | None, seen: str) -> None:
    """Also where a proxy adds a line of its own below the client's."""

    async def who(request: web.Request) -> web.Response:
        return web.json_response({"who": request.remote, "body": (await request.read()).decode()})

    forwarded = CIMultiDict([("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "198.51.100.7")])
    server = Server({"anyone": [web.post("/who", who)]}, https=False, proxies=proxies)
    async with (
        server.listen("127.0.0.1", free_port()) as address,
        ClientSession() as session,
        session.post(f"{address}/who", data=b"words", headers=forwarded) as response,
    ):
        assert await response.json() == {"who": seen, "body": "words"}
