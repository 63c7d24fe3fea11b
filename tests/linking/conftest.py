"""The real pipeline with the real linking; a message proves a phone where it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Table, func, select

from bot.addresses import Addresses
from bot.backlog import Backlog
from bot.consent import Purpose, RecordConsent, current, write_consent
from bot.contacts import Person
from bot.conversation import Conversation
from bot.dispatcher import Response
from bot.effects import EffectContext, Effects
from bot.engine import Engine
from bot.erasure import Erasure, ForgetPerson
from bot.guesses import CarriedGuesses, Guesses
from bot.linking import Linking, LinkPhone, UnlinkPhones
from bot.messages import Capabilities, InboundMessage
from bot.pipeline import Handled, Parts, Pipeline
from bot.trackers import TrackerState
from bot.turns import Turn
from bot.urns import Urn
from complaints.cases import Case, CaseKind
from complaints.erasure import erase_cases
from complaints.filing import FileCase
from complaints.follows import (
    EndFollowing,
    FollowCase,
    Follows,
    FollowWriters,
    RefuseFollowers,
    TellFollowed,
    erase_follows,
    join_follows,
)
from complaints.joining import join_cases
from complaints.retention import held_contacts
from complaints.store import Cases, CaseWriters
from services.erasure import erase_requests
from services.joining import join_requests
from services.ratings import About, Rate, RatingWriter
from services.reminders import AskReminder, ReminderKind, reminder_writers
from tests.pinned import PinnedTime
from tests.pipeline.conftest import World, world

__all__ = ["world"]

KEPT = timedelta(days=700)
PHONE, TELEGRAM, LINE = Urn("tel", "+8562055512345"), Urn("telegram", "77"), Urn("line", "U1")


@dataclass(kw_only=True)
class Linked:
    """People who write from several addresses, and what is stored of them."""

    pipeline: Pipeline
    parts: Parts
    pinned: PinnedTime
    addresses: Addresses
    cases: Cases
    follows: Follows
    guesses: Guesses

    async def say(self, text: str, urn: Urn, *, proven: Urn | None = None, external_id: str = "") -> Handled:
        """A message; what it causes is named by its first word."""
        self.pinned.advance(1)
        message = InboundMessage(
            channel=channel(urn),
            external_id=external_id or f"{urn}/{text}",
            urn=urn,
            text=text,
            received_at=self.parts.clock.now(),
            proven=proven,
        )
        return (await self.pipeline.accept(message)).kind

    async def answer_all(self) -> None:
        """Let the worker answer what was kept for it."""
        backlog = Backlog(self.parts.inbox, self.pipeline, self.parts.clock)
        while await backlog.step():
            self.pinned.advance(1)

    async def who(self, urn: Urn) -> Person:
        """The person behind an address."""
        parts = self.parts
        return await parts.people.load(urn, parts.vault.lookup(str(urn)), parts.clock.now())

    def context(self, urn: Urn, contact: str) -> EffectContext:
        """That of an effect without a turn."""
        parts, now = self.parts, self.parts.clock.now()
        return EffectContext(
            contact_id=contact,
            cause=f"{urn}/{now}",
            channel=channel(urn),
            now=now,
            db=parts.db,
            vault=parts.vault,
            chance=parts.chance,
        )

    async def count(self, table: Table, contact: str = "") -> int:
        """Rows of a table, those of a person only."""
        wanted = select(func.count()).select_from(table)
        if contact:
            wanted = wanted.where(table.c.contact_id == contact)
        row = await self.parts.db.first(wanted)
        assert row
        return int(row[0])

    async def wants_news(self, contact: str) -> bool:
        """Whether news may be sent."""
        return await current(self.parts.db, contact, Purpose.AWARENESS)


def linking(parts: Parts) -> Linking:
    """The writer with what the domains hand over."""
    joins = (join_follows, join_cases, join_requests)
    return Linking(CarriedGuesses(parts.db, parts.vault), joins, KEPT)


def channel(urn: Urn) -> str:
    """The channel that brings an address."""
    return "sms" if urn.scheme == "tel" else urn.scheme


class Talker:
    """A dialog in which the first word of a message says what it causes."""

    def __init__(self, addresses: Addresses, cases: Cases) -> None:
        self._addresses = addresses
        self._cases = cases

    async def respond(self, state: TrackerState, inbound: InboundMessage, parsed: Mapping[str, Any]) -> Turn:
        """Remember that a turn was held, and answer."""
        state.slots |= {"language": parsed["language"], "turns": state.slots.get("turns", 0) + 1}
        effects = [each async for each in self._effects(state, inbound)]
        return Turn(state=state, responses=(Response(key="utter_thanks"),), effects=tuple(effects))

    async def originate(
        self, state: TrackerState, intent: str, slots: Mapping[str, Any], now: datetime
    ) -> Turn:
        """Tell of a follower."""
        del intent, now
        state.slots["language"] = "en"
        told = TellFollowed(id=slots["follow"])
        return Turn(state=state, responses=(Response(key="utter_thanks"),), effects=(told,))

    async def _case(self, reference: str) -> Case:
        view = await self._cases.find(reference)
        assert view
        return view.case

    async def _effects(self, state: TrackerState, inbound: InboundMessage) -> AsyncIterator[Any]:
        if inbound.proven:
            yield LinkPhone(
                phone=inbound.proven,
                holder=await self._addresses.holder(inbound.proven),
                stand=await self._addresses.stand(state.contact_id),
                scheme=inbound.urn.scheme,
            )
        match inbound.text.split():
            case ["news", *_]:
                yield RecordConsent(purpose=Purpose.AWARENESS, granted=True)
            case ["stop", *_]:
                yield RecordConsent(purpose=Purpose.AWARENESS, granted=False)
            case ["complain", reference, *_]:
                yield _filing(reference, inbound)
            case ["remind", *_]:
                yield AskReminder(kind=ReminderKind.DAY, about="x", due_at=inbound.received_at)
            case ["rate", *_]:
                yield Rate(about=About.TALK, subject=inbound.text, score=4, language="en")
            case ["unlink", *_]:
                phones = [each for each in await self._addresses.of(state.contact_id) if each.phone]
                yield UnlinkPhones(phones=tuple(phones))
            case ["forget", *_]:
                yield ForgetPerson()
            case words:
                async for effect in self._of_followers(words):
                    yield effect

    async def _of_followers(self, words: Sequence[str]) -> AsyncIterator[Any]:
        match words:
            case ["follow", reference, *_]:
                yield FollowCase(case=await self._case(reference))
            case ["refuse", reference, *_]:
                yield RefuseFollowers(case=await self._case(reference))
            case ["end", *_]:
                yield EndFollowing()


def _filing(reference: str, inbound: InboundMessage) -> FileCase:
    return FileCase(
        reference=reference, pin="123456", kind=CaseKind.COMPLAINT, category="delay", description="canary",
        place="", service="", language="en", channel=inbound.channel, filed_at=inbound.received_at,
        promised_at=inbound.received_at + timedelta(days=9), desk="national-desk",
    )  # fmt: skip


@pytest.fixture
def linked(world: World) -> Linked:
    """Nobody yet."""
    parts = world.parts
    addresses = Addresses(parts.db, parts.vault)
    cases = Cases(parts.db, parts.vault, parts.clock)
    parts_of = (erase_follows, erase_cases, erase_requests)
    writers = {
        RecordConsent: write_consent,
        **reminder_writers(),
        **RatingWriter(keep=KEPT).by_effect(),
        **CaseWriters(KEPT).by_effect(),
        **FollowWriters(parts.db).by_effect(),
        **Erasure(held_contacts(), parts_of).by_effect(),
        **linking(parts).by_effect(),
    }
    chat = Capabilities(max_units=4000)
    capabilities = {"sms": parts.capabilities["sms"], "telegram": chat, "line": chat}
    conversation = Conversation(
        vault=parts.vault, chance=parts.chance, capabilities=capabilities, spending=parts.spending, kept=KEPT
    )
    parts = replace(
        parts,
        effects=Effects(
            writers=writers, db=parts.db, vault=parts.vault, clock=parts.clock, chance=parts.chance
        ),
        engine=cast("Engine", Talker(addresses, cases)),
        capabilities=capabilities,
        conversation=conversation,
    )
    return Linked(
        pipeline=Pipeline(parts, committed=lambda: None, waiting=lambda: None),
        parts=parts,
        pinned=world.pinned,
        addresses=addresses,
        cases=cases,
        follows=Follows(parts.db, parts.vault),
        guesses=Guesses(parts.db, parts.vault, parts.clock),
    )
