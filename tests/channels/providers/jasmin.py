"""Jasmin, as it calls us, and its HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession

from channels import jasmin
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.jasmin import KEY, PASSWORD, USER, JasminServer

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[JasminCaller]:
    """See `tests.channels.providers.connect`."""
    server = JasminServer()
    await server.start()
    settings = jasmin.Settings(
        send_url=f"{server.url}/send",
        username=USER,
        password=PASSWORD,
        key=KEY,
        sender="1500",
        addresses=("127.0.0.0/8",),
        timeout=seconds,
    )
    config = ChannelConfig(name="jasmin", kind="jasmin", settings=settings)
    edge.channels["jasmin"] = jasmin.build(config, edge.wiring(session))
    yield JasminCaller(edge, server, session)
    await server.stop()


class JasminCaller(ServedCaller[JasminServer]):
    """`form` are the fields; `key` is another one, or empty for none; `basic` a password instead."""

    urn = "tel:+8562055512345"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        url = f"{self.edge.url}/channels/jasmin/{spec.get('endpoint', 'messages')}"
        key = spec.get("key", "" if "basic" in spec else KEY)
        url += f"?key={key}" if key else ""
        body = spec.get("raw") or urlencode(spec["form"])
        headers = {**_FORM, **spec.get("headers", {})}
        return await fetch(
            self._session,
            spec.get("method", "POST"),
            url,
            data=(body * spec.get("times", 1)).encode(),
            headers=headers,
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        binary = text.encode("utf-16-be").hex()
        return {"form": {"id": f"j{number}", "from": "8562055512345", "coding": "8", "binary": binary}}

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; the words are the SMSC's."""
        answered = await self._server.call_back(self._session, self._server.messages[0], word)
        assert answered == "ACK/Jasmin"
