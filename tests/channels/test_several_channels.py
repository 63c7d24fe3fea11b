"""One person over several channels at once, from the providers' requests to what the providers are sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from bot.clock import Clock
from bot.config import Config
from bot.messages import Capabilities
from bot.schema import outbox
from bot.urns import Urn
from bot.yaml_read import read_yaml
from channels.delivery import Delivery
from complaints.follows import Follows
from composition.installation import Installation, Ways, open_installation
from tests.channels.harness import Edge, Store, drain
from tests.channels.providers import Caller, connect
from tests.channels.providers.telegram import TelegramCaller
from tests.servers.ports import free_port
from tests.system.server import until

TALKS: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("several.yml"))
NAMES = ("kannel", "telegram", "line", "whatsapp")
PHONE = "8562055512345"
_RECEIPT = re.compile(r"Number (?P<reference>\d{4} \d{4}), PIN (?P<pin>\d{6})")
_numbers = count(50_000)


class _Now:
    """The time that it is, where tests mostly hold it."""

    clock = Clock()


@dataclass(kw_only=True)
class Phone:
    """A person's phone with several apps, and what the last receipt said."""

    opened: Installation
    edge: Edge
    callers: Mapping[str, Caller]
    receipt: dict[str, str] = field(default_factory=dict)

    async def hold(self, step: Mapping[str, Any]) -> None:
        """One message, or what the system tells; and what came back."""
        name = step.get("by") or step["told"]
        caller = self.callers[name]
        before = len(caller.taken)
        caller.plan.extend([step["fails"]] * 3 if "fails" in step else [])
        if "told" in step:
            await self._tell_followed()
        else:
            status, _, body = await caller.call(self._spec(caller, step))
            assert status == 200, body
        delivery = self._delivery()
        await until(lambda: self._rests(delivery), "the replies to be sent")
        caller.plan.clear()
        told = "\n".join(each["text"] for each in caller.taken[before:])
        if found := _RECEIPT.search(told):
            self.receipt = found.groupdict()
        for words in step.get("says", ()):
            assert self._filled(words) in told, (step, told)
        if "followed" in step:
            assert await self._followed(step["followed"])

    def _spec(self, caller: Caller, step: Mapping[str, Any]) -> Mapping[str, Any]:
        if "shares" in step:
            assert isinstance(caller, TelegramCaller)
            return caller.shared(PHONE, next(_numbers), step["shares"])
        if "choose" in step:
            return caller.pressed(step["choose"], next(_numbers))
        return caller.said(self._filled(str(step["user"])), next(_numbers))

    def _filled(self, words: str) -> str:
        return words.format(**self.receipt) if "{" in words else words

    async def _tell_followed(self) -> None:
        """As the notices do, at any hour."""
        ground = self.opened.ground
        for untold in await Follows(ground.db, ground.vault).untold():
            assert untold.urn
            about = {"follow": untold.id}
            await self.opened.pipeline.originate(
                untold.urn, untold.channel, "case_followed", about, untold.cause
            )

    async def _followed(self, name: str) -> bool:
        """Whether the receipt that was refused waits for the phone, or was sent there."""
        rows = await self.opened.ground.db.fetch(select(outbox).where(outbox.c.channel == name))
        found = [row for row in rows if row.cause.startswith("follow-up:")]
        lookup = self.opened.ground.vault.lookup(str(Urn("tel", f"+{PHONE}")))
        return [row.urn_lookup for row in found] == [lookup]

    def _delivery(self) -> Delivery:
        return Delivery(
            outbox=self.opened.outbox,
            channels=self.edge.channels,
            limits=self.opened.limits,
            clock=self.opened.ground.clock,
            chance=self.opened.ground.chance,
            opt_outs=self.edge.recording(),
            metrics=self.edge.metrics,
            after_failure=self.opened.follow_up.after,
        )

    async def _rests(self, delivery: Delivery) -> bool:
        """Whether nothing waits any more that may go now; some providers want a pause between two messages."""
        await drain(delivery)
        rows = await self.opened.ground.db.fetch(select(outbox).where(outbox.c.state == "queued"))
        return all(row.cause.startswith("follow-up:") for row in rows)


@pytest.fixture
async def phone(tmp_path: Path, trained: Path, session: ClientSession) -> AsyncIterator[Phone]:
    """An installation with four providers at once."""
    (tmp_path / "models").symlink_to(trained)
    config = Config(
        data_dir=tmp_path, anchor_file=tmp_path / "anchors.jsonl", turn_seconds=30.0, store_seconds=30.0
    )
    capabilities: dict[str, Capabilities] = {}
    ways = Ways(capabilities=capabilities, follow_ups={"whatsapp": "kannel"})
    async with open_installation(config, ways, lambda: None) as opened, AsyncExitStack() as stack:
        ground = opened.ground
        store = Store(ground.db, ground.vault, _Now(), ground.chance)  # type: ignore[arg-type]  # its clock alone
        edge = Edge(store, opened.limits, free_port())
        edge.pipeline = opened.pipeline  # type: ignore[assignment]  # the real one
        callers = {
            name: await stack.enter_async_context(connect(name, edge, session, seconds=20.0))
            for name in NAMES
        }
        capabilities |= {name: each.capabilities for name, each in edge.channels.items()}
        await edge.listen(edge.door().routes())
        yield Phone(opened=opened, edge=edge, callers=callers)
        await edge.close()


async def test_one_person_over_several_channels(phone: Phone) -> None:
    for talk in TALKS:
        for step in talk["steps"]:
            await phone.hold(step)
