"""A Bot API that is not ours: the npm package telegram-test-api, in a Node process on a free loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession

from tests.servers.node import FOLDER, node, npm_package
from tests.servers.ports import free_port
from tests.system.server import until

_PERSON = {"id": 77, "is_bot": False, "first_name": "Noy", "language_code": "lo"}
_CHAT = {"id": 77, "type": "private", "first_name": "Noy"}


class BotApi:
    """Telegram of one bot and one person; what it calls is the webhook that the bot has set."""

    def __init__(self, session: ClientSession, token: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._session = session
        self._token = token
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait until it answers."""
        npm_package("telegram-test-api")
        self._process = await asyncio.create_subprocess_exec(
            str(node()), str(FOLDER / "telegram.js"), str(self.port)
        )
        await until(self._answers, "telegram-test-api to listen")

    async def stop(self) -> None:
        """End it; fails when it has ended by itself, which it does when a webhook cannot be called."""
        assert self._process is not None
        assert self._process.returncode is None, "telegram-test-api has ended by itself"
        self._process.kill()
        await self._process.wait()

    async def say(self, text: str) -> None:
        """Let the person write."""
        await self._post("sendMessage", {**self._update(), "text": text})

    async def press(self, place: int) -> None:
        """Let the person press a button below the bot's last message; places begin at 1."""
        shown = (await self.sent())[-1]
        data = shown["reply_markup"]["inline_keyboard"][place - 1][0]["callback_data"]
        message = {"message_id": 5, "date": 1_790_000_000, "chat": _CHAT, **shown}
        await self._post("sendCallback", {**self._update(), "message": message, "data": data})

    async def sent(self) -> Sequence[Mapping[str, Any]]:
        """The bot's messages, in order."""
        return [each["message"] for each in await self._history() if "answered" not in each]

    async def answered(self) -> Sequence[tuple[int, str]]:
        """What the webhook answered to each update: the status, and the method that was then executed."""
        return [(each["answered"], each["executed"]) for each in await self._history() if "answered" in each]

    def _update(self) -> dict[str, Any]:
        return {"botToken": self._token, "from": _PERSON, "chat": _CHAT, "date": 1_790_000_000}

    async def _history(self) -> Sequence[Mapping[str, Any]]:
        result = await self._post("getUpdatesHistory", {"token": self._token})
        return list(result["result"])

    async def _post(self, path: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        async with self._session.post(f"{self.url}/{path}", json=document) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json())

    async def _answers(self) -> bool:
        try:
            await self._history()
        except ClientError:
            return False
        return True
