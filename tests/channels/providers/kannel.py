"""Kannel, as it calls us, and its sendsms."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession
from yarl import URL

from channels import kannel
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered
from tests.servers.kannel import KEY, PASSWORD, USER, SendsmsServer


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[KannelCaller]:
    """See `tests.channels.providers.connect`."""
    server = SendsmsServer(session)
    await server.start()
    settings = kannel.Settings(
        sendsms_url=server.url,
        username=USER,
        password=PASSWORD,
        key=KEY,
        sender="1500",
        addresses=("127.0.0.0/8",),
        timeout=seconds,
    )
    config = ChannelConfig(name="kannel", kind="kannel", settings=settings)
    edge.channels["kannel"] = kannel.build(config, edge.wiring(session))
    yield KannelCaller(edge, server, session)
    await server.stop()


class KannelCaller:
    """`query` is sent as it is written, after the key; `key` is another one, or empty for none."""

    urn = "tel:+8562055512345"
    _KINDS = {"delivered": "1", "failed": "2", "buffered": "4", "sent": "8", "rejected": "16"}  # noqa: RUF012 - never written to

    def __init__(self, edge: Edge, server: SendsmsServer, session: ClientSession) -> None:
        self.edge = edge
        self._server = server
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        key = spec.get("key", KEY)
        query = "&".join(
            part for part in (f"key={key}" if key else "", spec["query"] * spec.get("times", 1)) if part
        )
        url = f"{self.edge.url}/channels/kannel/{spec.get('endpoint', 'messages')}?{query}"
        exact = URL(url, encoded=True)
        return await fetch(self._session, spec.get("method", "GET"), exact, headers=spec.get("headers"))

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        words = quote(text.encode("utf-16-be"))
        return {"query": f"from=8562055512345&to=1500&id=k{number}&charset=UTF-16BE&coding=2&text={words}"}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        raise NotImplementedError

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`."""
        assert await self._server.call_back(self._server.messages[0], self._KINDS[word]) == 200

    @property
    def plan(self) -> deque[str | int]:
        """See `Caller.plan`."""
        return self._server.plan

    @property
    def taken(self) -> Sequence[Mapping[str, str]]:
        """See `Caller.taken`."""
        return self._server.messages
