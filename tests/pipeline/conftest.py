"""The real pipeline over both databases; only what the dialog answers is the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import insert, select

from bot.backlog import Backlog
from bot.clock import Chance, Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.dispatcher import Response
from bot.effects import EffectContext
from bot.engine import Engine
from bot.erasure import Erasure
from bot.errors import Taken
from bot.messages import Capabilities, InboundMessage
from bot.nlu.parse_data import Intent, ParseContext, ParseData
from bot.pack import Pack
from bot.pipeline import Parts, Pipeline
from bot.rendering import Renderer
from bot.schema import inbox, meta, outbox
from bot.trackers import TrackerState
from bot.turns import Turn
from bot.urns import Urn
from complaints.retention import held_contacts
from tests.parts import pipeline_parts
from tests.pinned import PinnedTime

PACK = Pack.load(Path(__file__).parents[2] / "nlu_data")
CAPABILITIES = {
    "sms": Capabilities(max_units=1600, sms=True),
    "chat": Capabilities(max_units=4000, inline=True),
}


@dataclass(frozen=True, kw_only=True)
class Note:
    """An effect that leaves one row under its key."""

    key: str


class Reader:
    """Understands nothing, quickly."""

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        intent = Intent(name="greet", confidence=1.0)
        return ParseData(
            text=text, language=context.language or "en", intent=intent, intent_ranking=[intent], entities=[]
        )


@dataclass
class Dialog:
    """Answers with one text; `think` runs in every turn before that."""

    think: Callable[[InboundMessage], Any] = lambda _: None
    effects: Callable[[InboundMessage], tuple[Any, ...]] = lambda _: ()
    understood: bool = True
    heard: list[str] = field(default_factory=list)

    async def respond(self, state: TrackerState, inbound: InboundMessage, parsed: Mapping[str, Any]) -> Turn:
        self.heard.append(inbound.text)
        thought = self.think(inbound)
        if asyncio.iscoroutine(thought):
            await thought
        state.slots["language"] = parsed["language"]
        state.slots["turns"] = state.slots.get("turns", 0) + 1
        return Turn(
            state=state,
            responses=(Response(key="utter_thanks"),),
            effects=self.effects(inbound),
            understood=self.understood,
        )

    async def originate(
        self, state: TrackerState, intent: str, slots: Mapping[str, Any], now: datetime
    ) -> Turn:
        del slots, now
        state.slots["language"] = "en"
        return Turn(state=state, responses=(Response(key=intent),), effects=())


@dataclass(frozen=True, kw_only=True)
class World:
    """The pipeline, and a look at what it stored."""

    pipeline: Pipeline
    backlog: Backlog
    dialog: Dialog
    parts: Parts
    pinned: PinnedTime

    def message(self, external_id: str, text: str = "hello", **about: Any) -> InboundMessage:
        return InboundMessage(
            channel=about.get("channel", "sms"),
            external_id=external_id,
            urn=about.get("urn", Urn("tel", "+8562055512345")),
            text=text,
            received_at=self.parts.clock.now(),
        )

    async def inbox(self) -> dict[str, str]:
        """State by external id."""
        return {row.external_id: row.state for row in await self.parts.db.fetch(select(inbox))}

    async def replies(self) -> list[str]:
        """The causes of everything in the outbox, in the order in which it is to be sent."""
        return [row.cause for row in await self.parts.db.fetch(select(outbox).order_by(outbox.c.id))]

    async def notes(self) -> list[str]:
        """The keys of the effects that were stored."""
        return sorted(row.key for row in await self.parts.db.fetch(select(meta)))

    async def turns(self, urn: Urn | None = None) -> int:
        """How many turns the person's tracker has seen."""
        who = urn or Urn("tel", "+8562055512345")
        lookup = self.parts.vault.lookup(str(who))
        person = await self.parts.people.load(who, lookup, self.parts.clock.now())
        return int(person.state.slots.get("turns", 0))


def write_note(effect: Note, context: EffectContext, writes: WriteSet) -> None:
    writes.add(insert(meta), {"key": effect.key, "value": context.cause}, rows=1, otherwise=Taken)


@pytest.fixture
def world(db: Database, vault: Vault, chance: Chance, pinned: PinnedTime) -> World:
    clock = Clock(now=pinned.clock.now)
    dialog = Dialog()
    parts = pipeline_parts(
        db,
        vault,
        clock,
        chance,
        capabilities=CAPABILITIES,
        interpreter=Reader(),
        engine=cast("Engine", dialog),
        renderer=Renderer(PACK, {}),
        writers={Note: write_note, **Erasure(held_contacts(), ()).by_effect()},
        may_answer=lambda urn: not urn.address.startswith("+1"),
    )
    pipeline = Pipeline(parts, committed=lambda: None, waiting=lambda: None)
    backlog = Backlog(parts.inbox, pipeline, clock)
    return World(pipeline=pipeline, backlog=backlog, dialog=dialog, parts=parts, pinned=pinned)
