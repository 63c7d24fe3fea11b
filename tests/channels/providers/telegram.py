"""Telegram, as it calls us, and its Bot API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from channels import telegram
from channels.config import ChannelConfig
from tests.channels.harness import Edge, fetch
from tests.channels.providers import PATIENT, Answered, ServedCaller
from tests.servers.telegram import SECRET, TOKEN, TelegramServer

_FROM = {"id": 77, "is_bot": False, "first_name": "Noy", "language_code": "lo"}
_CHAT = {"id": 77, "type": "private", "first_name": "Noy"}


@asynccontextmanager
async def connect(
    edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AsyncIterator[TelegramCaller]:
    """See `tests.channels.providers.connect`."""
    server = TelegramServer()
    await server.start()
    settings = telegram.Settings(
        token=TOKEN, secret=SECRET, previous_secret="the-secret-before", api_url=server.url, timeout=seconds
    )
    config = ChannelConfig(name="telegram", kind="telegram", settings=settings)
    edge.channels["telegram"] = telegram.build(config, edge.wiring(session))
    yield TelegramCaller(edge, server, session)
    await server.stop()


class TelegramCaller(ServedCaller[TelegramServer]):
    """`message`, `edited` and `pressed` are updates with what Telegram always tells; `update` is one as it is."""

    urn = "telegram:77"

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        secret = spec.get("secret", SECRET)
        headers = {"Content-Type": "application/json", **spec.get("headers", {})}
        headers |= {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        url = f"{self.edge.url}/channels/telegram/messages"
        body = (spec.get("raw") or json.dumps(_update(spec))) * spec.get("repeat", 1)
        return await fetch(
            self._session, spec.get("method", "POST"), url, data=body.encode(), headers=headers
        )

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        return {"id": number, "message": {"text": text}}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        keyboard = self._server.messages[-1]["inline_keyboard"]
        data = keyboard[place - 1][0]["callback_data"]
        return {"id": number, "pressed": {"data": data}, "markup": {"inline_keyboard": keyboard}}

    def shared(self, phone: str, number: int, owner: int = 77) -> Mapping[str, Any]:
        """The spec of sharing a contact; its sender is 77."""
        return {"id": number, "message": {"contact": {"phone_number": phone, "user_id": owner}}}


def _update(spec: Mapping[str, Any]) -> dict[str, Any]:
    if "update" in spec:
        return dict(spec["update"])
    update: dict[str, Any] = {"update_id": spec.get("id", 1)}
    message = {"message_id": 5, "date": 1_790_000_000, "from": _FROM, "chat": _CHAT}
    if "message" in spec:
        update["message"] = message | spec["message"]
        if "times" in spec:
            update["message"]["text"] *= spec["times"]
    if "edited" in spec:
        update["edited_message"] = message | spec["edited"]
    if "pressed" in spec:
        shown = message | {"text": "…", "reply_markup": spec.get("markup", {"inline_keyboard": []})}
        update["callback_query"] = {"id": "q1", "from": _FROM, "message": shown, **spec["pressed"]}
    return update
