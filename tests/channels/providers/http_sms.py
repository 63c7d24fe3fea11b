"""A gateway that only the mapping knows, as it calls us."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, encode_basic_auth
from yarl import URL

from channels import http_sms
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.http_sms import AUTHORIZATION, KEY, HttpSmsServer


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[HttpSmsCaller]:
    """See `tests.channels.providers.connect`."""
    server = HttpSmsServer()
    await server.start()
    settings = http_sms.Settings(
        send_url=f"{server.url}/send",
        send_as="json",
        send_fields={
            "login": "patou",
            "msisdn": "{digits}",
            "unicode": "{hex}",
            "ref": "{id}",
            "callback": "{report_url}",
            "valid": "{valid_minutes} or {valid_seconds}, until {valid_until}",
        },
        headers={"Authorization": AUTHORIZATION},
        taken='"status": ?"queued"',
        provider_id='"number": ?"([^"]+)"',
        key=KEY,
        message_fields={"from": "msisdn", "text": "message", "id": "msgId", "to": "short"},
        report_fields={"id": "number", "status": "state"},
        report_states={"OK": "delivered", "KO": "failed", "ACK": "sent"},
        reply="OK",
        timeout=seconds,
    )
    config = ChannelConfig(name="http_sms", kind="http_sms", settings=settings)
    edge.channels["http_sms"] = http_sms.build(config, edge.wiring(session))
    yield HttpSmsCaller(edge, server, session)
    await server.stop()


class HttpSmsCaller(ServedCaller[HttpSmsServer]):
    """`json` is a body, `query` is sent as it is; `key` is another one, or empty for none; `basic` a password."""

    urn = "tel:+8562055512345"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        key = spec.get("key", "" if "basic" in spec else KEY)
        query = "&".join(part for part in (f"key={key}" if key else "", spec.get("query", "")) if part)
        url = URL(
            f"{self.edge.url}/channels/http_sms/{spec.get('endpoint', 'messages')}?{query}", encoded=True
        )
        headers = {"Authorization": encode_basic_auth("gateway", spec["basic"])} if "basic" in spec else {}
        if "query" in spec and "json" not in spec:
            return await fetch(self._session, "GET", url, headers=headers)
        body = (spec.get("raw") or json.dumps(spec["json"])) * spec.get("times", 1)
        headers["Content-Type"] = "application/json"
        return await fetch(self._session, "POST", url, data=body.encode(), headers=headers)

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"json": {"msgId": number, "msisdn": "8562055512345", "message": text}}

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; the words are the gateway's."""
        async with self._session.get(
            self._server.messages[0]["callback"], params={"state": word}
        ) as response:
            assert (response.status, await response.text()) == (200, "OK")
