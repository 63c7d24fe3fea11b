"""How long a channel takes to verify and to read one message in Lao."""

from __future__ import annotations

import statistics
import time
from contextlib import suppress
from dataclasses import replace
from typing import cast

from aiohttp import ClientSession, web

from bot.clock import Clock
from channels.base import Channel, RawRequest, Wiring
from channels.config import kinds
from channels.webhook import read_request
from tests.bench.rows import Row
from tests.channels.harness import Edge
from tests.channels.providers import connect
from tests.servers.ports import free_port

_TIMES = 2_000
_WORDS = "ຂ້ອຍຢາກຮ້ອງທຸກ ເຈົ້າໜ້າທີ່ເມືອງປາກເຊເຮັດວຽກຊັກຊ້າຫຼາຍ " * 3
_BODY_BYTES, _SECONDS = 64 * 1024, 5.0


class _Desk:
    """Where a provider's request is put down instead of being taken."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.requests: list[RawRequest] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def wiring(self, session: ClientSession) -> Wiring:
        """As `Edge` has it."""
        return Wiring(session=session, clock=Clock(), public_url=self.url)

    async def put_down(self, request: web.Request) -> web.Response:
        """The handler of every path."""
        self.requests.append(await read_request(request, _BODY_BYTES, _SECONDS))
        return web.json_response({"messages": []})


async def reading() -> list[Row]:
    """A row a kind of channel."""
    rows = []
    for kind in kinds():
        if kind == "smpp":  # what comes over a link is no request; tests/bench/smpp.py measures it
            continue
        request, channel = await _a_message(kind)
        seconds = [_read(channel, replace(request)) for _ in range(_TIMES)]
        p99 = statistics.quantiles(seconds, n=100)[98] * 1000
        rows.append(Row(what=f"{kind}: a message verified and read, p99", figure=f"{p99:.2f} ms"))
    return rows


async def _a_message(kind: str) -> tuple[RawRequest, Channel]:
    desk = _Desk()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", desk.put_down)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", desk.port).start()
    async with ClientSession() as session, connect(kind, cast("Edge", desk), session) as caller:
        with suppress(AssertionError):  # a strict provider does not take what the desk says
            await caller.call(caller.said(_WORDS, 1))
    await runner.cleanup()
    return desk.requests[-1], desk.channels[kind]


def _read(channel: Channel, request: RawRequest) -> float:
    began = time.perf_counter()
    channel.verify(request)
    (_,) = channel.parse(request)
    return time.perf_counter() - began
