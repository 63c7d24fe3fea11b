"""The same conversations over every kind of channel, from the provider's request to what the provider is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.clock import Clock
from bot.config import Config
from bot.messages import Capabilities
from bot.text.parts import count as parts
from bot.yaml_read import read_yaml
from channels.config import kinds
from channels.delivery import Delivery
from channels.terminal import CAPABILITIES
from composition.installation import Ways, open_installation
from tests.channels.harness import Edge, Store, drain
from tests.channels.providers import Caller, connect
from tests.servers.ports import free_port
from tests.system.server import until

TALKS: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("conversations.yml"))
MOST_PARTS = 4
_numbers = count(1_000)


class _Now:
    """The time that it is, where tests mostly hold it."""

    clock = Clock()


@pytest.fixture
async def caller(kind: str, tmp_path: Path, trained: Path, session: ClientSession) -> AsyncIterator[Caller]:
    """The provider of a kind, with an installation behind the edge."""
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
        async with connect(kind, edge, session, seconds=20.0) as caller:
            capabilities |= {name: each.capabilities for name, each in edge.channels.items()}
            await edge.listen(edge.door().routes())
            yield caller
            await edge.close()


@pytest.mark.parametrize("kind", kinds())
async def test_the_conversations(kind: str, caller: Caller) -> None:
    for talk in TALKS:
        for step in talk["steps"]:
            await _hold(kind, step, caller)


@pytest.mark.parametrize("kind", sorted(CAPABILITIES.keys() & set(kinds())))
async def test_the_terminal_shows_what_the_channel_shows(
    kind: str, edge: Edge, session: ClientSession
) -> None:
    async with connect(kind, edge, session):
        shown = replace(edge.channels[kind].capabilities, inline=True, fetched=False, window=0.0)
        assert CAPABILITIES[kind] == shown


async def _hold(kind: str, step: dict[str, Any], caller: Caller) -> None:
    """One message, and what came back as this channel shows it."""
    can = caller.edge.channels[kind].capabilities
    before, place = len(caller.taken), step.get("choose", 0)
    text = str(step.get("user", place))
    pressed = place > 0 and can.buttons > 0
    spec = caller.pressed(place, next(_numbers)) if pressed else caller.said(text, next(_numbers))
    status, _, body = await caller.call(spec)
    assert status == 200, body
    if not can.inline:
        delivery = caller.edge.delivery()
        await until(lambda: _delivered(caller.edge.store, delivery), "the replies to be sent")
    replies = caller.taken[before:]
    told = "\n".join(each["text"] for each in replies)
    assert all(word in told for word in step["says"]), told
    assert all(0 < len(each["text"]) <= max(can.max_units, can.max_septets) for each in replies)
    if can.sms:
        assert sum(parts(each["text"]) for each in replies) <= MOST_PARTS, told
    if "choices" in step:
        # Below the text where there are buttons, else in it.
        assert (f"{step['choices']} " in told) == (not can.buttons), told


async def _delivered(store: Store, delivery: Delivery) -> bool:
    """Whether nothing waits any more; some providers want a pause between two messages."""
    await drain(delivery)
    return "queued" not in await store.states()
