"""A small, strict Africa's Talking: checks what its SMS API checks, and misbehaves on demand.

Source of the rules: the provider's documentation and its own client library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from tests.servers.provider import ProviderServer, lose

USER, API_KEY, KEY = "patou", "an-api-key-of-the-tests", "a-key-of-the-tests"
_FIELDS = {"username", "to", "message", "from", "bulkSMSMode", "enqueue"}
_STATUSES = {400, 401, 429, 500, 502, 503}


class AfricasTalkingServer(ProviderServer):
    """`plan` takes ok, one of the provider's codes, an HTTP status, hang, lose, nobody or garbage."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [web.post("/version1/messaging", self._send), web.get("/version1/user", self._user)]

    async def _send(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if request.headers.get("apiKey") != API_KEY or form.get("username") != USER:
            return web.Response(status=401, text="The supplied authentication is invalid")
        if form.keys() - _FIELDS or not form.get("to", "").startswith("+") or not form.get("message"):
            return web.Response(status=400, text="Request is missing required form field")
        outcome = await self.next()
        if outcome in _STATUSES:
            headers = {"Retry-After": "7"} if outcome == 429 else {}
            return web.Response(status=int(outcome), text="upstream", headers=headers)
        if isinstance(outcome, int):
            return _told([{"statusCode": outcome, "number": form["to"], "status": "x", "messageId": "None"}])
        if outcome == "nobody":
            return _told([])
        number = f"ATXid_{len(self.messages) + 1}"
        self.messages.append({"to": form["to"], "text": form["message"], "id": number})
        if outcome == "lose":
            lose(request)
        taken = {"statusCode": 101, "number": form["to"], "status": "Success", "messageId": number}
        return web.Response(text="<html>") if outcome == "garbage" else _told([taken])

    async def _user(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("apiKey") != API_KEY or request.query["username"] != USER:
            return web.Response(status=401, text="The supplied authentication is invalid")
        return web.json_response({"UserData": {"balance": "KES 1785.50"}})


def _told(recipients: Sequence[Mapping[str, object]]) -> web.Response:
    told = {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": list(recipients)}}
    return web.json_response(told, status=201)
