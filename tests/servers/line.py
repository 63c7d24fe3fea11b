"""A small, strict LINE Messaging API: checks what LINE checks, and misbehaves on demand.

Source of the rules: LINE's OpenAPI description of the Messaging API.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections import deque
from typing import Any

from aiohttp import web

from tests.servers.ports import free_port

CHANNEL_SECRET = "a-channel-secret-of-the-tests"
ACCESS_TOKEN = "an-access-token-of-the-tests"


class LineServer:
    """`plan` says how the next pushes go: ok, an HTTP status, hang, lose, `take and fail` or garbage.

    Messages taken are in `messages`, in order; one whose retry key was taken is refused with 409.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.plan: deque[str | int] = deque()
        self.messages: list[dict[str, Any]] = []
        self.repeated = 0
        self._keys: set[uuid.UUID] = set()
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """What `api_url` would be."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes([web.post("/v2/bot/message/push", self._push)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Let go of whoever hangs, and close."""
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _push(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, "Authentication failed")
        document = json.loads(await request.read())
        fault = _fault(document)
        if fault:
            return _error(400, fault)
        key = uuid.UUID(request.headers["X-Line-Retry-Key"])
        if key in self._keys:
            self.repeated += 1
            return _error(409, "The retry key is already accepted")
        outcome = self.plan.popleft() if self.plan else "ok"
        if outcome == "hang":
            await self._closing.wait()
        if isinstance(outcome, int):
            headers = {"Retry-After": "7"} if outcome == 429 else {}
            return web.json_response({"message": "refused"}, status=outcome, headers=headers)
        self._keys.add(key)
        self.messages.append({"to": document["to"], **document["messages"][0]})
        if outcome == "lose":
            assert request.transport is not None
            request.transport.abort()
        if outcome == "take and fail":
            return _error(500, "Internal Server Error")
        return web.json_response({"sentMessages": [{"id": str(len(self.messages)), "quoteToken": "q"}]})


def sign(body: bytes, secret: str = CHANNEL_SECRET) -> str:
    """The x-line-signature of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _fault(document: dict[str, Any]) -> str:
    """What the API would complain about."""
    message = document["messages"][0] if len(document.get("messages", [])) == 1 else {}
    actions = [each["action"] for each in message.get("quickReply", {}).get("items", [])]
    checks = {
        "unknown field": document.keys() == {"to", "messages"}
        and message.keys() <= {"type", "text", "quickReply"},
        "to": document["to"].startswith("U"),
        "text": 1 <= len(message.get("text", "")) <= 5000,
        "quickReply": len(actions) <= 13,
        "label": all(1 <= len(each["label"]) <= 20 for each in actions),
        "data": all(1 <= len(each.get("data", "x")) <= 300 for each in actions),
    }
    return next((fault for fault, fine in checks.items() if not fine), "")


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
