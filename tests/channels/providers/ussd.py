"""USSD gateways, as they call us: each dialect has a channel of its own beside that of Africa's Talking, which shows Lao."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, encode_basic_auth
from yarl import URL

from bot.messages import OutboundMessage
from bot.urns import Urn
from channels import ussd
from channels.config import ChannelConfig
from tests.channels.harness import Edge, Recorder, fetch
from tests.channels.providers import Answered
from tests.servers.ussd import GATEWAYS, AfricasTalking
from tests.servers.ussd_gateway import CODE, KEY

_MORE = "\n99 "
_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json", "xml": "text/xml"}


@asynccontextmanager
async def connect(edge: Edge, session: ClientSession, seconds: float = 0.0) -> AsyncIterator[UssdCaller]:
    """See `tests.channels.providers.connect`; no call is made."""
    del seconds
    for dialect in GATEWAYS:
        own = dialect == "africastalking"
        name = "ussd" if own else f"ussd-{dialect}"
        settings = ussd.Settings(dialect=dialect, key=KEY, codes=(CODE,), ucs2=own)
        config = ChannelConfig(name=name, kind="ussd", settings=settings)
        edge.channels[name] = ussd.build(config, edge.wiring(session))
    yield UssdCaller(edge, session)


class UssdCaller:
    """`dialect` is one besides Africa's Talking; `form`, `json`, `xml` or `query` is the call, `path` stands behind.

    `screen` is what the conversation shows, the `last` one or not. `key` is another one, or empty for none.
    """

    urn = "tel:+8562055512345"

    def __init__(self, edge: Edge, session: ClientSession) -> None:
        self.plan: deque[str | int] = deque()
        self.taken: list[Mapping[str, Any]] = []
        self.edge = edge
        self._session = session
        self._dialogue: AfricasTalking | None = None

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        if "typed" in spec:
            return await self._talk(spec["typed"])
        self._show(spec)
        dialect = spec.get("dialect", "")
        url = f"{self.edge.url}/channels/ussd{'-' + dialect if dialect else ''}/ussd{spec.get('path', '')}"
        key = spec.get("key", "" if "basic" in spec else KEY)
        query = urlencode({**spec.get("query", {}), **({"key": key} if key else {})})
        headers = {"Authorization": encode_basic_auth("gateway", spec["basic"])} if "basic" in spec else {}
        kind = next((each for each in _TYPES if each in spec), "")
        if kind:
            headers["Content-Type"] = _TYPES[kind]
        method = spec.get("method", "POST" if kind else "GET")
        body = _body(kind, spec.get(kind)) * spec.get("times", 1)
        return await fetch(
            self._session, method, URL(f"{url}?{query}", encoded=True), data=body or None, headers=headers
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`; the code is dialled where no session is open."""
        del number
        return {"typed": text}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`; there are no buttons."""
        raise NotImplementedError

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; there are none."""
        raise NotImplementedError

    async def _talk(self, text: str) -> Answered:
        """Type the text, and read on to the end of what is told."""
        if self._dialogue is None:
            url = f"{self.edge.url}/channels/ussd/ussd"
            self._dialogue = AfricasTalking(url, self._session, f"ATUid_{len(self.taken)}", lao=True)
            await self._dialogue.dial()
        screen = await self._dialogue.answer(text)
        shown = [screen]
        while _MORE in screen.text and not screen.ends:
            screen = await self._dialogue.answer("99")
            shown.append(screen)
        self.taken += [{"text": each.text} for each in shown]
        if screen.ends:
            self._dialogue = None
        return 200, {}, b""

    def _show(self, spec: Mapping[str, Any]) -> None:
        """Have the conversation answer with a screen, where it is a pretended one."""
        if isinstance(self.edge.pipeline, Recorder) and "screen" in spec:
            message = OutboundMessage(
                id="0" * 26,
                channel="ussd",
                urn=Urn.parse(self.urn),
                text=spec["screen"],
                cause="test",
                created_at=self.edge.clock.now(),
                session_end=spec.get("last", False),
            )
            self.edge.pipeline.replies = (message,)


def _body(kind: str, told: Any) -> bytes:
    if isinstance(told, str):
        return told.encode("utf-8", "surrogatepass")
    if kind == "json":
        return json.dumps(told).encode()
    return urlencode(told).encode() if kind else b""
