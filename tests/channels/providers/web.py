"""The page of the web chat, as it calls us."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from channels import web
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import Answered

SESSION = "0123456789abcdef0123456789abcdef"


@asynccontextmanager
async def connect(edge: Edge, session: ClientSession, seconds: float = 0.0) -> AsyncIterator[WebCaller]:
    """See `tests.channels.providers.connect`; no call is made."""
    del seconds
    config = ChannelConfig(name="web", kind="web", settings=web.Settings())
    edge.channels["web"] = web.build(config, edge.wiring(session))
    yield WebCaller(edge, session)


class WebCaller:
    """`json` is the body, `raw` its bytes where it is no JSON."""

    urn = ""

    def __init__(self, edge: Edge, session: ClientSession) -> None:
        self.plan: deque[str | int] = deque()
        self.taken: list[Mapping[str, Any]] = []
        self.edge = edge
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        body = spec.get("raw") or json.dumps(spec["json"])
        headers = {"Content-Type": "application/json", **spec.get("headers", {})}
        url = f"{self.edge.url}/channels/web/messages"
        data = (body * spec.get("times", 1)).encode()
        answer = await fetch(self._session, spec.get("method", "POST"), url, data=data, headers=headers)
        if answer[0] == 200 and spec.get("json", {}).get("session"):
            self.taken += json.loads(answer[2])["messages"]
        return answer

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"json": {"session": SESSION, "id": str(number), "text": text}}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        payload = self.taken[-1]["choices"][place - 1]["payload"]
        return {"json": {"session": SESSION, "id": str(number), "payload": payload}}

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; the page sends none."""
        raise NotImplementedError
