"""Africa's Talking, as it calls us, and its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession

from channels import africastalking
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.africastalking import API_KEY, KEY, USER, AfricasTalkingServer

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[AfricasTalkingCaller]:
    """See `tests.channels.providers.connect`."""
    server = AfricasTalkingServer()
    await server.start()
    settings = africastalking.Settings(
        username=USER, api_key=API_KEY, key=KEY, sender="1500", api_url=server.url, timeout=seconds
    )
    config = ChannelConfig(name="africastalking", kind="africastalking", settings=settings)
    edge.channels["africastalking"] = africastalking.build(config, edge.wiring(session))
    yield AfricasTalkingCaller(edge, server, session)
    await server.stop()


class AfricasTalkingCaller(ServedCaller[AfricasTalkingServer]):
    """`form` are the fields; `key` is another one, or empty for none."""

    urn = "tel:+8562055512345"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        key = spec.get("key", KEY)
        url = f"{self.edge.url}/channels/africastalking/{spec.get('endpoint', 'messages')}"
        url += f"?key={key}" if key else ""
        body = spec.get("raw") or urlencode(spec.get("form", {}))
        data = bytes.fromhex(spec["hex"]) if "hex" in spec else (body * spec.get("times", 1)).encode()
        return await fetch(self._session, "POST", url, data=data, headers=_FORM)

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"form": {"id": f"a{number}", "from": "+8562055512345", "to": "1500", "text": text}}

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; `Failed UserInBlacklist` carries a reason."""
        status, _, reason = word.partition(" ")
        form = {"id": self._server.messages[0]["id"], "status": status, "phoneNumber": "+8562055512345"}
        form |= {"failureReason": reason} if reason else {}
        answered, _, body = await self.call({"endpoint": "status", "form": form})
        assert answered == 200, body
