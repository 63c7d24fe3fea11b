"""The whole product in a small country, over both databases; one person writes, or several."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from bot.config import Config
from bot.messages import Capabilities, InboundMessage
from bot.schema import unclear_messages, unclear_senders
from bot.urns import Urn
from composition.installation import Installation, Ways, open_installation

FICTIONAL = Path(__file__).parents[1] / "packs" / "fictional"
ANN, BEN = Urn("tel", "+99700000001"), Urn("tel", "+99700000002")
WAYS = Ways(
    capabilities={
        "sms": Capabilities(max_units=1600, sms=True),
        "chat": Capabilities(max_units=4000, inline=True),
    }
)


@dataclass(kw_only=True)
class Talk:
    """An installation, and what it keeps of what people say."""

    opened: Installation
    said: int = 0

    async def say(self, *texts: str, by: Urn = ANN, channel: str = "chat") -> None:
        """Messages of one person, one after the other; what begins with a slash is picked, not typed."""
        for text in texts:
            self.said += 1
            message = InboundMessage(
                channel=channel,
                external_id=str(self.said),
                urn=by,
                text="" if text.startswith("/") else text,
                payload=text if text.startswith("/") else "",
                received_at=self.opened.ground.clock.now(),
            )
            await self.opened.pipeline.accept(message)

    async def kept(self) -> dict[str, Any]:
        """What lies there for staff: by the words, what is known of each person's saying them."""
        ground = self.opened.ground
        senders = await ground.db.fetch(select(unclear_senders).order_by(unclear_senders.c.at))
        rows = await ground.db.fetch(select(unclear_messages).order_by(unclear_messages.c.created_at))
        found: dict[str, Any] = {}
        for row in rows:
            text = ground.vault.open(row.text_sealed, f"unclear_messages:{row.id}").decode()
            found[text] = [
                {**each._asdict(), "guesses": orjson.loads(each.guesses)}
                for each in senders
                if each.unclear_id == row.id
            ]
        return found


Open = Callable[..., AbstractAsyncContextManager[Talk]]


@pytest.fixture
def open_talk(database_url: str, tmp_path: Path, models: Path) -> Open:
    """Opens the installation with settings of a test's own."""
    folder = tmp_path / "installation"
    folder.mkdir()
    (folder / "models").symlink_to(models)

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Talk]:
        config = Config(
            data_dir=folder, pack=FICTIONAL, database_url=database_url, store_seconds=30.0, **settings
        )
        async with open_installation(config, WAYS, lambda: None) as installation:
            yield Talk(opened=installation)

    return opened


@pytest.fixture
async def talk(open_talk: Open) -> AsyncIterator[Talk]:
    """The installation as it is set by default."""
    async with open_talk() as opened:
        yield opened
