"""How each kind of provider calls us, and what it saw of our sending: the tables are written in these words."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from aiohttp import ClientSession
from yarl import URL

from tests.channels.harness import Edge, fetch
from tests.servers.kannel import KEY, SendsmsServer
from tests.servers.twilio import ACCOUNT, NUMBER, TOKEN, TwilioServer

Answered = tuple[int, Mapping[str, str], bytes]
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Caller(Protocol):
    """One provider, seen from a table."""

    urn: str

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """Make one request as the table describes it."""

    async def receipt(self, word: str) -> None:
        """Tell what became of the first message that was taken."""

    @property
    def plan(self) -> deque[str | int]:
        """How the next sends go."""

    @property
    def taken(self) -> Sequence[Mapping[str, str]]:
        """`to` and `text` of what the provider took."""


class TwilioCaller:
    """Fields that Twilio always sends are filled in; `sign` is wrong, none, old, sha256 or a token."""

    urn = "tel:+8562055512345"

    def __init__(self, edge: Edge, server: TwilioServer, session: ClientSession) -> None:
        self._edge = edge
        self._server = server
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        url = f"{self._edge.url}/channels/twilio/{spec.get('endpoint', 'messages')}{spec.get('query', '')}"
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
        return [{"to": each["to"], "text": each["body"]} for each in self._server.messages]

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


class KannelCaller:
    """`query` is sent as it is written, after the key; `key` is another one, or empty for none."""

    urn = "tel:+8562055512345"
    _KINDS = {"delivered": "1", "failed": "2", "buffered": "4", "sent": "8", "rejected": "16"}  # noqa: RUF012 - never written to

    def __init__(self, edge: Edge, server: SendsmsServer, session: ClientSession) -> None:
        self._edge = edge
        self._server = server
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        key = spec.get("key", KEY)
        query = "&".join(
            part for part in (f"key={key}" if key else "", spec["query"] * spec.get("times", 1)) if part
        )
        url = f"{self._edge.url}/channels/kannel/{spec.get('endpoint', 'messages')}?{query}"
        exact = URL(url, encoded=True)
        return await fetch(self._session, spec.get("method", "GET"), exact, headers=spec.get("headers"))

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
        return [{"to": each["to"], "text": each["text"]} for each in self._server.messages]


class WebCaller:
    """`json` is the body, `raw` its bytes where it is no JSON."""

    urn = ""
    taken: Sequence[Mapping[str, str]] = ()

    def __init__(self, edge: Edge, session: ClientSession) -> None:
        self.plan: deque[str | int] = deque()
        self._edge = edge
        self._session = session

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        body = spec.get("raw") or json.dumps(spec["json"])
        headers = {"Content-Type": "application/json", **spec.get("headers", {})}
        url = f"{self._edge.url}/channels/web/messages"
        data = (body * spec.get("times", 1)).encode()
        return await fetch(self._session, spec.get("method", "POST"), url, data=data, headers=headers)

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; the page sends none."""
        raise NotImplementedError
