"""What every answer of the server carries, and what it never tells."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from bot.errors import DatabaseUnavailable
from tests.servers.ports import free_port
from web.server import Server

SECRET = "a-secret-of-our-insides"


async def _fine(_: web.Request) -> web.Response:
    return web.json_response({})


async def _breaks(_: web.Request) -> web.Response:
    raise RuntimeError(SECRET)


async def _unavailable(_: web.Request) -> web.Response:
    raise DatabaseUnavailable(SECRET)


async def _refuses(_: web.Request) -> web.Response:
    raise web.HTTPForbidden


ROUTES = [
    web.get("/fine", _fine),
    web.get("/breaks", _breaks),
    web.get("/unavailable", _unavailable),
    web.get("/refuses", _refuses),
]


@pytest.fixture(params=[True, False], ids=["https", "http"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, bool]]:
    https = bool(request.param)
    async with Server({"anyone": ROUTES}, https=https).listen("127.0.0.1", free_port()) as address:
        yield address, https


@pytest.mark.parametrize(
    "path", ["/fine", "/breaks", "/unavailable", "/refuses", "/nowhere", "/../etc/passwd"]
)
async def test_every_answer_tells_browsers_to_run_frame_and_load_nothing(
    server: tuple[str, bool], path: str
) -> None:
    address, https = server
    async with ClientSession() as session, session.get(address + path) as response:
        headers = response.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "patou"
        assert ("Strict-Transport-Security" in headers) is https


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fine", 200),
        ("GET", "/breaks", 500),
        ("GET", "/unavailable", 503),
        ("GET", "/refuses", 403),
        ("GET", "/nowhere", 404),
        ("POST", "/fine", 405),
    ],
)
async def test_faults_are_told_by_their_name_alone(
    server: tuple[str, bool], method: str, path: str, status: int
) -> None:
    async with ClientSession() as session, session.request(method, server[0] + path) as response:
        text = await response.text()
        assert response.status == status
        assert SECRET not in text
        assert path not in text
        assert ("Retry-After" in response.headers) is (status == 503)
        assert (response.headers.get("Allow") == "GET,HEAD") is (status == 405)


async def test_what_comes_packed_and_is_not_read_is_not_unpacked_either() -> None:
    """A megabyte that was a thousand times as long would take all the time that there is."""
    bodies = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    packed = gzip.compress(bytes(10_000_000))
    async with (
        Server({"anyone": [web.post("/take", take)]}, https=False).listen("127.0.0.1", free_port()) as url,
        ClientSession() as session,
        session.post(f"{url}/take", data=packed, headers={"Content-Encoding": "gzip"}) as response,
    ):
        assert response.status == 200
    assert bodies == [packed]
