"""The WhatsApp Cloud API, as it calls us, and the Graph API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from channels import whatsapp
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.meta import ACCESS_TOKEN, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, MetaServer, sign


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[WhatsAppCaller]:
    """See `tests.channels.providers.connect`."""
    server = MetaServer()
    await server.start()
    settings = whatsapp.Settings(
        phone_number_id=PHONE_NUMBER_ID,
        access_token=ACCESS_TOKEN,
        app_secret=APP_SECRET,
        previous_app_secret="the-secret-before",
        verify_token=VERIFY_TOKEN,
        template="case_news",
        api_url=server.url,
        timeout=seconds,
    )
    config = ChannelConfig(name="whatsapp", kind="whatsapp", settings=settings)
    edge.channels["whatsapp"] = whatsapp.build(config, edge.wiring(session))
    yield WhatsAppCaller(edge, server, session)
    await server.stop()


class WhatsAppCaller(ServedCaller[MetaServer]):
    """`messages` and `statuses` are put where Meta has them; `document` is a body as it is."""

    urn = "whatsapp:+8562055512345"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`; `secret` signs, an empty one leaves the signature out."""
        url = f"{self.edge.url}/channels/whatsapp/messages{spec.get('query', '')}"
        if spec.get("method") == "GET":
            return await fetch(self._session, "GET", url)
        # As Meta writes it: what is not ASCII escaped, and slashes too.
        body = (spec.get("raw") or json.dumps(_batch(spec)).replace("/", "\\/")) * spec.get("repeat", 1)
        secret = spec.get("secret", APP_SECRET)
        headers = {"X-Hub-Signature-256": sign(body.encode(), secret)} if secret else {}
        headers["Content-Type"] = "application/json"
        return await fetch(
            self._session, "POST", url, data=body.encode(), headers=headers | spec.get("headers", {})
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"messages": [{"id": f"wamid.{number}", "text": {"body": text}}]}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        action = self._server.messages[-1]["action"]
        kind = "button_reply" if "buttons" in action else "list_reply"
        rows = action.get("sections", [{}])[0].get("rows") or [each["reply"] for each in action["buttons"]]
        interactive = {"type": kind, kind: rows[place - 1]}
        return {"messages": [{"id": f"wamid.{number}", "type": "interactive", "interactive": interactive}]}

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; `failed 131026` carries a code."""
        state, _, code = word.partition(" ")
        message = self._server.messages[0]
        status: dict[str, Any] = {"id": message["id"], "status": state, "timestamp": "1790000000"}
        status["biz_opaque_callback_data"] = message["ours"]
        if code:
            status["errors"] = [{"code": int(code), "title": "x"}]
        answered, _, body = await self.call({"statuses": [status]})
        assert answered == 200, body


def _batch(spec: Mapping[str, Any]) -> dict[str, Any]:
    if "document" in spec:
        return dict(spec["document"])
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "1500",
            "phone_number_id": spec.get("number", PHONE_NUMBER_ID),
        },
        "contacts": [{"profile": {"name": "Noy"}, "wa_id": "8562055512345", "user_id": "LA.1"}],
    }
    always = {"from": "8562055512345", "id": "wamid.1", "timestamp": "1790000000", "type": "text"}
    if "messages" in spec:
        value["messages"] = [always | each for each in spec["messages"]]
        if "times" in spec:
            value["messages"][0]["text"]["body"] *= spec["times"]
    if "statuses" in spec:
        value["statuses"] = spec["statuses"]
    change = {"field": spec.get("field", "messages"), "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
