"""The Messenger Platform, as it calls us, and the Graph API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from channels import messenger
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.meta import ACCESS_TOKEN, APP_SECRET, PAGE_ID, VERIFY_TOKEN, MetaServer, sign


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[MessengerCaller]:
    """See `tests.channels.providers.connect`."""
    server = MetaServer()
    await server.start()
    settings = messenger.Settings(
        page_id=PAGE_ID,
        access_token=ACCESS_TOKEN,
        app_secret=APP_SECRET,
        previous_app_secret="the-secret-before",
        verify_token=VERIFY_TOKEN,
        api_url=server.url,
        timeout=seconds,
    )
    config = ChannelConfig(name="messenger", kind="messenger", settings=settings)
    edge.channels["messenger"] = messenger.build(config, edge.wiring(session))
    yield MessengerCaller(edge, server, session)
    await server.stop()


class MessengerCaller(ServedCaller[MetaServer]):
    """`events` are put where Meta has them, with a sender; `document` is a body as it is."""

    urn = f"messenger:{PAGE_ID}:77"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`; `secret` signs, an empty one leaves the signature out."""
        url = f"{self.edge.url}/channels/messenger/messages{spec.get('query', '')}"
        if spec.get("method") == "GET":
            return await fetch(self._session, "GET", url)
        body = (spec.get("raw") or json.dumps(_batch(spec))) * spec.get("repeat", 1)
        secret = spec.get("secret", APP_SECRET)
        headers = {"X-Hub-Signature-256": sign(body.encode(), secret)} if secret else {}
        headers["Content-Type"] = "application/json"
        return await fetch(
            self._session, "POST", url, data=body.encode(), headers=headers | spec.get("headers", {})
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"events": [{"message": {"mid": f"m_{number}", "text": text}}]}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        reply = self._server.messages[-1]["replies"][place - 1]
        quick = {"mid": f"m_{number}", "text": reply["title"], "quick_reply": {"payload": reply["payload"]}}
        return {"events": [{"message": quick}]}

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; only `delivered` is told by message."""
        assert word == "delivered"
        mids = [self._server.messages[0]["id"]]
        answered, _, body = await self.call({"events": [{"delivery": {"mids": mids, "watermark": 1}}]})
        assert answered == 200, body


def _batch(spec: Mapping[str, Any]) -> dict[str, Any]:
    if "document" in spec:
        return dict(spec["document"])
    always = {"sender": {"id": "77"}, "recipient": {"id": PAGE_ID}, "timestamp": 1_790_000_000_000}
    events = [always | each for each in spec["events"]]
    if "times" in spec:
        events[0]["message"]["text"] *= spec["times"]
    return {"object": "page", "entry": [{"id": PAGE_ID, "time": 1_790_000_000_000, "messaging": events}]}
