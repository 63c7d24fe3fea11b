"""A small, strict LINE Messaging API: checks what LINE checks, and misbehaves on demand.

Source of the rules: LINE's OpenAPI description of the Messaging API.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.servers.provider import ProviderServer, lose

CHANNEL_SECRET = "a-channel-secret-of-the-tests"
ACCESS_TOKEN = "an-access-token-of-the-tests"


class LineServer(ProviderServer):
    """`plan` says how the next pushes and replies go: ok, an HTTP status, hang, lose, `take and fail` or garbage.

    Messages taken are in `messages`, in order; one whose retry key was taken is refused with 409, a
    reply whose token was used with 400.
    """

    def __init__(self) -> None:
        super().__init__()
        self.repeated = 0
        self.endpoint = ""
        self._keys: set[uuid.UUID] = set()
        self.files: dict[str, bytes] = {}  # by the ids of the messages that they came in
        self._tokens: set[str] = set()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [
            web.post("/v2/bot/message/push", self._push),
            web.post("/v2/bot/message/reply", self._reply),
            web.get("/v2/bot/info", self._info),
            web.get("/v2/bot/message/{id}/content", self._content),
            web.route("*", "/v2/bot/channel/webhook/endpoint", self._endpoint),
        ]

    async def _push(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, "Authentication failed")
        document = json.loads(await request.read())
        fault = _fault(document, {"to", "messages"})
        if fault or not document["to"].startswith("U"):
            return _error(400, fault or "to")
        key = uuid.UUID(request.headers["X-Line-Retry-Key"])
        if key in self._keys:
            self.repeated += 1
            return _error(409, "The retry key is already accepted")
        outcome = await self.next()
        if isinstance(outcome, int):
            headers = {"Retry-After": "7"} if outcome == 429 else {}
            return web.json_response({"message": "refused"}, status=outcome, headers=headers)
        self._keys.add(key)
        return self._take(request, outcome, {"to": document["to"], **document["messages"][0]})

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, "Authentication failed")
        document = json.loads(await request.read())
        fault = _fault(document, {"replyToken", "messages"})
        token = document.get("replyToken")
        if fault or token in self._tokens or not token.startswith("r"):
            return _error(400, fault or "Invalid reply token")
        outcome = await self.next()
        if isinstance(outcome, int):
            return web.json_response({"message": "refused"}, status=outcome)
        self._tokens.add(token)
        return self._take(request, outcome, {"reply": token, **document["messages"][0]})

    def _take(self, request: web.Request, outcome: str, message: dict[str, Any]) -> web.StreamResponse:
        self.messages.append(message)
        if outcome == "lose":
            lose(request)
        if outcome == "take and fail":
            return _error(500, "Internal Server Error")
        return web.json_response({"sentMessages": [{"id": str(len(self.messages)), "quoteToken": "q"}]})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, "Authentication failed")
        found = self.files.get(request.match_info["id"])
        return _error(404, "Not found") if found is None else web.Response(body=found)

    async def _info(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, "Authentication failed")
        return web.json_response({"userId": "U0", "displayName": "The office"})

    async def _endpoint(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, "Authentication failed")
        if request.method == "PUT":
            self.endpoint = json.loads(await request.read())["endpoint"]
            return web.json_response({})
        return web.json_response({"endpoint": self.endpoint, "active": True})


def sign(body: bytes, secret: str = CHANNEL_SECRET) -> str:
    """The x-line-signature of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _fault(document: dict[str, Any], members: set[str]) -> str:
    """What the API would complain about; `members` are those of the call."""
    message = document["messages"][0] if len(document.get("messages", [])) == 1 else {}
    if message.get("type") == "location":
        return "" if _is_place(message) and document.keys() == members else "location"
    actions = [each["action"] for each in message.get("quickReply", {}).get("items", [])]
    checks = {
        "unknown field": document.keys() == members and message.keys() <= {"type", "text", "quickReply"},
        "text": 1 <= len(message.get("text", "")) <= 5000,
        "quickReply": len(actions) <= 13,
        "label": all(1 <= len(each["label"]) <= 20 for each in actions),
        "data": all(1 <= len(each.get("data", "x")) <= 300 for each in actions),
    }
    return next((fault for fault, fine in checks.items() if not fine), "")


def _is_place(message: dict[str, Any]) -> bool:
    return (
        message.keys() == {"type", "title", "address", "latitude", "longitude"}
        and all(1 <= len(message[name]) <= 100 for name in ("title", "address"))
        and abs(message["latitude"]) <= 90
        and abs(message["longitude"]) <= 180
    )


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
