"""What the small, strict servers of the providers share: where they listen, and how they misbehave on demand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.servers.ports import free_port


class ProviderServer:
    """`plan` says how the next messages go, `ok` when it is empty; those taken are in `messages`, in order."""

    def __init__(self) -> None:
        self.port = free_port()
        self.plan: deque[str | int] = deque()
        self.messages: list[dict[str, Any]] = []
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What it serves."""
        raise NotImplementedError

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Let go of whoever hangs, and close."""
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def next(self) -> str | int:
        """How this message goes; `hang` takes nothing and does not answer as long as the server stands."""
        outcome = self.plan.popleft() if self.plan else "ok"
        if outcome == "hang":
            await self._closing.wait()
        return outcome


def lose(request: web.Request) -> None:
    """Close the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
