"""The page of the web chat, as it calls us."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from channels import web
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import Answered


@asynccontextmanager
async def connect(edge: Edge, session: ClientSession) -> AsyncIterator[WebCaller]:
    """See `tests.channels.providers.connect`."""
    config = ChannelConfig(name="web", kind="web", settings=web.Settings())
    edge.channels["web"] = web.build(config, edge.wiring(session))
    yield WebCaller(edge, session)


class WebCaller:
    """`json` is the body, `raw` its bytes where it is no JSON."""

    urn = ""
    taken: Sequence[Mapping[str, str]] = ()

    def __init__(self, edge: Edge, session: ClientSession) -> None:
        self.plan: deque[str | int] = deque()
        self.edge = edge
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        body = spec.get("raw") or json.dumps(spec["json"])
        headers = {"Content-Type": "application/json", **spec.get("headers", {})}
        url = f"{self.edge.url}/channels/web/messages"
        data = (body * spec.get("times", 1)).encode()
        return await fetch(self._session, spec.get("method", "POST"), url, data=data, headers=headers)

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; the page sends none."""
        raise NotImplementedError
