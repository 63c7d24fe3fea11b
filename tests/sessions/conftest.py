"""A phone that dials: the real pipeline and engine over both databases, behind one small menu."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict
from sqlalchemy import insert, select

from bot.backlog import Backlog
from bot.clock import Chance
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.dispatcher import TurnDispatcher
from bot.effects import EffectContext
from bot.engine import Engine
from bot.messages import Capabilities, InboundMessage, OutboundMessage, SessionEvent
from bot.nlu.data import Entity
from bot.nlu.parse_data import Intent, ParseContext, ParseData
from bot.outbox_rows import opened
from bot.pack import Pack
from bot.pipeline import Outcome, Parts, Pipeline
from bot.rendering import Renderer
from bot.rules import Rules
from bot.schema import meta, outbox
from bot.urns import Urn
from tests.parts import pipeline_parts
from tests.pinned import PinnedTime

HERE = Path(__file__).parent
NUMBER = Urn("tel", "+8562055512345")
CHANNELS = {
    "dial": Capabilities(max_units=80, max_septets=182, session=True, inline=True),
    "plain": Capabilities(max_units=80, max_septets=182, session=True, inline=True, ucs2=False),
    "alone": Capabilities(max_units=80, max_septets=182, session=True, inline=True),
    "sms": Capabilities(max_units=1600, sms=True),
}
MENUS = {
    "": ("utter_menu", [("Things", '/menu{"at": "things"}'), ("Report", "/report"), ("Long", "/long")]),
    "things": ("utter_things", [("Boat", "/fee"), ("Cart", "/fee")]),
}
LAO = {"Things": "ສິ່ງຂອງ", "Report": "ແຈ້ງ", "Long": "ຍາວ"}


@dataclass(frozen=True, kw_only=True)
class Filed:
    """An effect that leaves one row."""

    story: str


class _Menu(Action):
    def name(self) -> str:
        return "action_menu"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del domain
        key, items = MENUS[next(tracker.get_latest_entity_values("at"), "")]
        called = LAO if tracker.get_slot("language") == "lo" else {}
        buttons = [{"title": called.get(title, title), "payload": payload} for title, payload in items]
        dispatcher.utter_message(response=key, buttons=buttons)
        return [FollowupAction("action_listen")]


class _Fee(Action):
    def name(self) -> str:
        return "action_fee"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del tracker, domain
        dispatcher.utter_message(response="utter_fee", amount="10")
        return []


class _Long(Action):
    """Says the story that the test tells, and offers what it wants offered."""

    def __init__(self) -> None:
        self.story = "word " * 60
        self.offers: list[dict[str, str]] = []

    def name(self) -> str:
        return "action_long"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del tracker, domain
        dispatcher.utter_message(response="utter_long", story=self.story, buttons=self.offers)
        return []


class _Language(Action):
    def name(self) -> str:
        return "action_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del domain
        dispatcher.utter_message(response="utter_menu")
        wanted = next(tracker.get_latest_entity_values("language"))
        return [SlotSet("language", wanted), SlotSet("language_chosen", True)]


class _File(Action):
    def name(self) -> str:
        return "action_file"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del domain
        assert isinstance(dispatcher, TurnDispatcher)
        dispatcher.effect(Filed(story=str(tracker.get_slot("story"))))
        dispatcher.utter_message(response="utter_receipt", number="5724")
        return [SlotSet("story", None), SlotSet("place", None)]


@dataclass
class Reader:
    """Understands one wish, or nothing; `think` runs before it does so."""

    think: Callable[[str], Any] = lambda _: None
    wish: str = ""
    values: dict[str, str] = field(default_factory=dict)

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        thought = self.think(text)
        if asyncio.iscoroutine(thought):
            await thought
        intent = Intent(name=self.wish or "nlu_fallback", confidence=1.0)
        entities = [
            Entity(entity=name, value=value, start=0, end=0, confidence=1.0)
            for name, value in self.values.items()
        ]
        return ParseData(
            text=text, language=context.language, intent=intent, intent_ranking=[intent], entities=entities
        )


@dataclass
class Phone:
    """One phone, and a look at what came of it."""

    pipeline: Pipeline
    backlog: Backlog
    parts: Parts
    reader: Reader
    long: _Long
    pinned: PinnedTime
    channel: str = "dial"
    session: int = 0
    language: str = "en"
    typed: list[str] = field(default_factory=list)

    def hop(self, event: SessionEvent, text: str, **about: Any) -> InboundMessage:
        """A request as the channel hands it in."""
        message = InboundMessage(
            channel=self.channel,
            external_id="",
            urn=NUMBER,
            text=text,
            received_at=self.parts.clock.now(),
            language=self.language,
            session=event,
            session_id=f"session-{self.session}",
        )
        return replace(message, **about)

    async def ask(self, message: InboundMessage, after: float = 5.0) -> Outcome:
        """Send a request so many seconds after the one before."""
        self.pinned.advance(after)
        return await self.pipeline.accept(replace(message, received_at=self.parts.clock.now()))

    async def dial(self, ahead: str = "") -> str:
        """A new session; its first screen."""
        self.session += 1
        return shown(await self.ask(self.hop(SessionEvent.NEW, ahead)))

    async def type(self, *texts: str) -> str:
        """Answer screen after screen; the last one."""
        screen = ""
        for text in texts:
            screen = shown(await self.ask(self.hop(SessionEvent.CONTINUE, text)))
        return screen

    async def filed(self) -> list[str]:
        """The stories that were filed."""
        return sorted(
            row.value for row in await self.parts.db.fetch(select(meta)) if row.key.startswith("filed")
        )

    async def sent(self, channel: str = "sms") -> list[OutboundMessage]:
        """What lies in the outbox for a channel, opened."""
        rows = await self.parts.db.fetch(
            select(outbox).where(outbox.c.channel == channel).order_by(outbox.c.id)
        )
        return [opened(row, self.parts.vault) for row in rows]


def shown(outcome: Outcome) -> str:
    """The one screen of an outcome; a line that it ends with where the session ends."""
    (message,) = outcome.messages
    return f"{message.text}\n[end]" if message.session_end else message.text


def _write(effect: Filed, context: EffectContext, writes: WriteSet) -> None:
    writes.add(insert(meta), {"key": f"filed {context.cause}"[:60], "value": effect.story}, rows=1)


@pytest.fixture
def phone(db: Database, vault: Vault, chance: Chance, pinned: PinnedTime) -> Phone:
    return make_phone(db, vault, chance, pinned)


def make_phone(
    db: Database,
    vault: Vault,
    chance: Chance,
    pinned: PinnedTime,
    capabilities: Mapping[str, Capabilities] = CHANNELS,
) -> Phone:
    """A phone at a pipeline of its own."""
    clock = pinned.clock
    pack, reader, long = Pack.load(HERE / "pack"), Reader(), _Long()
    renderer = Renderer(pack, {}, frozenset({"utter_receipt"}))
    parts = pipeline_parts(
        db,
        vault,
        clock,
        chance,
        capabilities=capabilities,
        interpreter=reader,
        engine=Engine(
            rules=Rules.load(HERE / "rules.yml"),
            actions=[_Menu(), _Fee(), long, _File(), _Language()],
            languages=pack.languages,
            texts=pack.texts["en"],
            item_words=(),
            key=str.casefold,
            parts=renderer.parts,
        ),
        renderer=renderer,
        writers={Filed: _write},
        routes={"dial": "sms", "plain": "sms"},
    )
    pipeline = Pipeline(parts, committed=lambda: None, waiting=lambda: None)
    backlog = Backlog(parts.inbox, pipeline, clock)
    return Phone(pipeline=pipeline, backlog=backlog, parts=parts, reader=reader, long=long, pinned=pinned)
