"""A gateway as nobody sells it, for the mapping: JSON in, and a word of success in a 200."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiohttp import web

from tests.servers.provider import ProviderServer, lose

KEY, AUTHORIZATION = "a-key-of-the-tests", "Bearer of the tests"
_FIELDS = {"login", "msisdn", "unicode", "ref", "callback", "valid"}


class HttpSmsServer(ProviderServer):
    """`plan` takes ok, an HTTP status, busy (in a 200), hang or lose."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [web.post("/send", self._send)]

    async def _send(self, request: web.Request) -> web.StreamResponse:
        document = json.loads(await request.read())
        if request.headers.get("Authorization") != AUTHORIZATION:
            return web.Response(status=401)
        if document.keys() != _FIELDS or not document["msisdn"].isdecimal():
            return web.Response(status=400)
        outcome = await self.next()
        if isinstance(outcome, int):
            headers = {"Retry-After": "7"} if outcome == 429 else {}
            return web.Response(status=outcome, text="upstream", headers=headers)
        if outcome == "busy":
            return web.json_response({"status": "busy"})
        number = f"n{len(self.messages) + 1}"
        text = bytes.fromhex(document["unicode"]).decode("utf-16-be")
        told = {"to": document["msisdn"], "text": text, "id": number, "callback": document["callback"]}
        told["valid"] = document["valid"]
        self.messages.append(told)
        if outcome == "lose":
            lose(request)
        return web.json_response({"status": "queued", "number": number})
