"""Twilio, as it calls us; with a channel that knows its tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession
from yarl import URL

from channels import twilio
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered
from tests.servers.twilio import ACCOUNT, NUMBER, TOKEN, TwilioServer

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[TwilioCaller]:
    """See `tests.channels.providers.connect`."""
    server = TwilioServer(session)
    await server.start()
    settings = twilio.Settings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        previous_auth_token="the-token-before",
        shared_keys={"webhooks_sharedkey_1": "a-shared-secret"},
        sender=NUMBER,
        api_url=server.url,
        timeout=seconds,
    )
    config = ChannelConfig(name="twilio", kind="twilio", settings=settings)
    edge.channels["twilio"] = twilio.build(config, edge.wiring(session))
    yield TwilioCaller(edge, server, session, settings)
    await server.stop()


class TwilioCaller:
    """Fields that Twilio always sends are filled in; `sign` is wrong, none, old, sha256 or a token."""

    urn = "tel:+8562055512345"

    def __init__(
        self, edge: Edge, server: TwilioServer, session: ClientSession, settings: twilio.Settings
    ) -> None:
        self.edge = edge
        self.settings = settings
        self._server = server
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        url = f"{self.edge.url}/channels/twilio/{spec.get('endpoint', 'messages')}{spec.get('query', '')}"
        fields = {} if "body" in spec else {"AccountSid": ACCOUNT, "To": NUMBER, "NumMedia": "0"}
        fields |= {name: value * spec.get("times", 1) for name, value in spec.get("form", {}).items()}
        fields = {name: value for name, value in fields.items() if name not in spec.get("without", ())}
        body = spec.get("body", urlencode(fields))
        headers = {**_FORM, **self._signature(spec, url, fields), **spec.get("headers", {})}
        url += spec.get("query_after_signing", "")
        data = bytes.fromhex(spec["hex"]) if "hex" in spec else body.encode()
        return await fetch(
            self._session, spec.get("method", "POST"), URL(url, encoded=True), data=data, headers=headers
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"form": {"MessageSid": f"SM{number:032x}", "From": "+8562055512345", "Body": text}}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        raise NotImplementedError

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; `undelivered 30003` carries a code."""
        status, _, code = word.partition(" ")
        response = await self._server.call_back(self._server.messages[0], status, code)
        assert response.status == 200

    @property
    def plan(self) -> deque[str | int]:
        """See `Caller.plan`."""
        return self._server.plan

    @property
    def taken(self) -> Sequence[Mapping[str, str]]:
        """See `Caller.taken`."""
        return [{**each, "text": each["body"]} for each in self._server.messages]

    def _signature(self, spec: Mapping[str, Any], url: str, fields: Mapping[str, str]) -> dict[str, str]:
        way = spec.get("sign", "right")
        sign = self._server.sign
        if way == "none":
            return {}
        if way.startswith("sha256"):
            key = "a-shared-secret" if way == "sha256" else TOKEN
            settings = spec.get("settings", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256")
            return {
                "X-Twilio-Signature": sign(url, fields, key, "HMAC_SHA256"),
                "X-Twilio-Webhooks-Signature-Settings": settings,
            }
        token = {"right": TOKEN, "old": "the-token-before", "wrong": "somebody else's"}[way]
        return {"X-Twilio-Signature": sign(url, fields, token)}
