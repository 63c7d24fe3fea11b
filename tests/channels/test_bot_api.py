"""Telegram once more, with a Bot API that somebody else wrote: the webhook is set, words come in, replies and buttons go out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.clock import Clock
from bot.config import Config
from bot.messages import Capabilities
from channels import telegram
from channels.config import ChannelConfig
from composition.installation import Ways, open_installation
from tests.channels.harness import Edge, Store, drain
from tests.servers.bot_api import BotApi
from tests.servers.ports import free_port
from tests.servers.telegram import SECRET, TOKEN
from tests.system.server import until


class _Now:
    """The time that it is, where tests mostly hold it."""

    clock = Clock()


@pytest.fixture
async def bot_api(session: ClientSession) -> AsyncIterator[BotApi]:
    """The independent Bot API."""
    server = BotApi(session, TOKEN)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def served(
    bot_api: BotApi, session: ClientSession, tmp_path: Path, trained: Path
) -> AsyncIterator[Edge]:
    """An installation whose one channel is Telegram by that Bot API, its webhook set."""
    (tmp_path / "models").symlink_to(trained)
    config = Config(
        data_dir=tmp_path, anchor_file=tmp_path / "anchors.jsonl", turn_seconds=30.0, store_seconds=30.0
    )
    capabilities: dict[str, Capabilities] = {}
    async with open_installation(config, Ways(capabilities=capabilities), lambda: None) as opened:
        ground = opened.ground
        store = Store(ground.db, ground.vault, _Now(), ground.chance)  # type: ignore[arg-type]  # its clock alone
        edge = Edge(store, opened.limits, free_port())
        edge.pipeline = opened.pipeline  # type: ignore[assignment]  # the real one
        settings = telegram.Settings(token=TOKEN, secret=SECRET, api_url=bot_api.url, timeout=20.0)
        channel = telegram.build(
            ChannelConfig(name="telegram", kind="telegram", settings=settings), edge.wiring(session)
        )
        edge.channels["telegram"] = channel
        capabilities["telegram"] = channel.capabilities
        await edge.listen(edge.door().routes())
        await channel.register()
        yield edge
        await edge.close()


async def test_a_complaint_is_told_and_confirmed_by_a_button(served: Edge, bot_api: BotApi) -> None:
    delivery = served.delivery()

    async def told(word: str) -> bool:
        await drain(delivery)
        return any(word in each["text"] for each in await bot_api.sent())

    async def answered() -> bool:
        return await bot_api.answered() == [(200, ""), (200, "answerCallbackQuery")]

    await bot_api.say(
        "I want to complain, the officer at the Pakse district office shouted at me and sent me away"
    )
    await until(lambda: told("Pakse"), "the question whether it is right")
    asked = (await bot_api.sent())[-1]
    assert len(asked["reply_markup"]["inline_keyboard"]) == 3
    await bot_api.press(1)
    await until(lambda: told("PIN"), "the receipt")
    await until(answered, "both answers of the webhook, one of them executed")
