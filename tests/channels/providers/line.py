"""LINE, as it calls us, and its Messaging API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from channels import line
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.line import ACCESS_TOKEN, CHANNEL_SECRET, LineServer, sign


@asynccontextmanager
async def connect(edge: Edge, session: ClientSession, seconds: float = PATIENT) -> AsyncIterator[LineCaller]:
    """See `tests.channels.providers.connect`."""
    server = LineServer()
    await server.start()
    settings = line.Settings(
        channel_secret=CHANNEL_SECRET,
        previous_channel_secret="the-secret-before",
        access_token=ACCESS_TOKEN,
        api_url=server.url,
        data_url=server.url,
        timeout=seconds,
    )
    config = ChannelConfig(name="line", kind="line", settings=settings)
    edge.channels["line"] = line.build(config, edge.wiring(session))
    yield LineCaller(edge, server, session)
    await server.stop()


class LineCaller(ServedCaller[LineServer]):
    """`events` have what LINE always tells filled in; `document` is a body as it is."""

    urn = "line:U77"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`; `secret` signs, an empty one leaves the signature out."""
        body = (spec.get("raw") or json.dumps(_batch(spec), ensure_ascii=False)) * spec.get("repeat", 1)
        secret = spec.get("secret", CHANNEL_SECRET)
        headers = {"X-Line-Signature": sign(body.encode(), secret)} if secret else {}
        headers["Content-Type"] = "application/json; charset=utf-8"
        url = f"{self.edge.url}/channels/line/messages"
        return await fetch(
            self._session, "POST", url, data=body.encode(), headers=headers | spec.get("headers", {})
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        message = {"type": "text", "id": str(number), "text": text}
        return {
            "events": [{"webhookEventId": f"01E{number}", "replyToken": f"r{number}", "message": message}]
        }

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        action = self._server.messages[-1]["quickReply"]["items"][place - 1]["action"]
        event = {"type": "postback", "postback": {"data": action["data"]}}
        return {"events": [{"webhookEventId": f"01E{number}", **event}]}


def _batch(spec: Mapping[str, Any]) -> dict[str, Any]:
    if "document" in spec:
        return dict(spec["document"])
    always = {
        "type": "message",
        "mode": "active",
        "timestamp": 1_790_000_000_000,
        "webhookEventId": "01E1",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": "r1",
        "source": {"type": "user", "userId": "U77"},
    }
    events = [always | each for each in spec["events"]]
    if "times" in spec:
        events[0]["message"]["text"] *= spec["times"]
    return {"destination": "U0", "events": events}
