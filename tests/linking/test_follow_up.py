"""What mattered and did not arrive goes to the phone: once, with consent, by day, never what should not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.clock import Chance, from_ms, to_ms
from bot.consent import Purpose, RecordConsent, write_consent
from bot.contacts import People
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.follow_up import FollowUp
from bot.limits import MemoryLimits
from bot.messages import Capabilities, DeliveryState, OutboundMessage, Priority
from bot.metrics import Metrics
from bot.outbox import Outbox, set_urn_state
from bot.outbox_rows import enqueue
from bot.receipts import Receipts
from bot.schema import messages, outbox, urns
from bot.sending import SendingHours
from bot.spending import Spending
from bot.text.parts import count
from bot.trackers import TrackerState
from bot.urns import Urn
from channels.delivery import Delivery
from channels.errors import SendError
from channels.figures import Figures
from channels.optouts import OptOuts
from dialogs.follow_up import ShortNotice
from tests.channels.harness import drain, report
from tests.channels.provider import Provider
from tests.pinned import PinnedTime
from tests.pipeline.conftest import PACK

KEPT = timedelta(days=90)
WHATSAPP, TELEGRAM, PHONE = (
    Urn("whatsapp", "+8562055512345"),
    Urn("telegram", "77"),
    Urn("tel", "+8562055512345"),
)
REFUSED = SendError(code="131047")


@dataclass(kw_only=True)
class Reached:
    """An app whose messages fail as planned, and the phone that they go to."""

    db: Database
    vault: Vault
    pinned: PinnedTime
    chance: Chance
    app: Provider = field(default_factory=lambda: Provider("app"))
    sms: Provider = field(default_factory=lambda: Provider("sms"))
    budget: int = 100
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        clock = self.pinned.clock
        self.app.capabilities = Capabilities(max_units=4000)
        self.follow_up = FollowUp(
            db=self.db, vault=self.vault, clock=clock, routes={"app": "sms"}, hours=SendingHours.load(PACK),
            spending=Spending(self.db, clock, ZoneInfo("Asia/Vientiane"), self.budget),
            may_write=lambda urn: not urn.address.startswith("+1"), short=ShortNotice(PACK).of, kept=KEPT,
        )  # fmt: skip
        self.outbox = Outbox(self.db, self.vault, clock, self.chance, self.follow_up.after)
        self.receipts = Receipts(self.db, clock, self.follow_up.after)
        self.delivery = Delivery(
            outbox=self.outbox, channels={"app": self.app, "sms": self.sms}, limits=MemoryLimits(clock),
            clock=clock, chance=self.chance, opt_outs=cast("OptOuts", _Nobody()), metrics=Metrics(),
            figures=Figures(poll=0.01), after_failure=self.follow_up.after,
        )  # fmt: skip

    async def knows(self, urn: Urn, contact: str = "p1", *, state: str = "active") -> None:
        """Somebody has written from there."""
        people, now = People(self.db, self.vault, self.chance, KEPT), self.pinned.clock.now()
        lookup = self.vault.lookup(str(urn))
        person = replace(await people.load(urn, lookup, now), contact_id=contact)
        writes = WriteSet()
        person_state = TrackerState(contact_id=contact, slots={"language": "en"}, version=0)
        people.save(person, person_state, now, writes)
        set_urn_state(writes, lookup, state)
        await self.db.commit(writes)

    async def links(self, phone: Urn) -> None:
        """The phone is that of p1 too."""
        lookup, writes = self.vault.lookup(str(phone)), WriteSet()
        row = {
            "lookup": lookup, "contact_id": "p1", "scheme": "tel", "state": "active", "created_at": 1,
            "address_sealed": self.vault.seal(str(phone).encode(), f"urns:{lookup}"),
        }  # fmt: skip
        writes.add(self.db.insert(urns), row, rows=1)
        await self.db.commit(writes)

    async def says(self, *, granted: bool = True, purpose: Purpose = Purpose.FOLLOW_UP) -> None:
        """Yes, or no."""
        self.pinned.advance(1)
        now = self.pinned.clock.now()
        context = EffectContext(
            contact_id="p1", cause=f"app:{now}", channel="app", now=now, db=self.db, vault=self.vault,
            chance=self.chance,
        )  # fmt: skip
        writes = WriteSet()
        write_consent(RecordConsent(purpose=purpose, granted=granted), context, writes)
        await self.db.commit(writes)

    async def puts(self, text: str = "1234 5678: solved", urn: Urn = WHATSAPP, **about: Any) -> str:
        """Queue what is to be told."""
        now = self.pinned.clock.now()
        message = OutboundMessage(
            id=self.chance.id(now), channel="app", urn=urn, text=text, cause="app:1", created_at=now,
            **{"matters": True, **about},
        )  # fmt: skip
        writes = WriteSet()
        enqueue(
            writes, message, contact_id="p1", urn_lookup=self.vault.lookup(str(urn)), vault=self.vault,
            purge_at=to_ms(now + KEPT),
        )  # fmt: skip
        words = {
            "id": message.id, "contact_id": "p1", "direction": "out", "channel": "app", "at": to_ms(now),
            "text_sealed": self.vault.seal(text.encode(), f"messages:{message.id}"), "purge_at": to_ms(now + KEPT),
        }  # fmt: skip
        writes.add(self.db.insert(messages), words, rows=1)
        await self.db.commit(writes)
        return message.id

    async def fails(self, error: SendError = REFUSED) -> None:
        """The app refuses what is queued; all is delivered that can be."""
        self.app.plan.append(error)
        await drain(self.delivery)

    async def followed(self) -> list[Any]:
        """The rows that follow up."""
        return list(await self.db.fetch(select(outbox).where(outbox.c.channel == "sms")))


class _Nobody:
    """No opt-outs are recorded here."""

    async def record(self, **_: Any) -> bool:
        return True


@pytest.fixture
async def reached(db: Database, vault: Vault, pinned: PinnedTime, chance: Chance) -> Reached:
    """Somebody in an app who agreed."""
    reached = Reached(db=db, vault=vault, pinned=pinned, chance=chance)
    await reached.knows(WHATSAPP)
    await reached.says()
    return reached


async def test_what_fails_goes_once_to_the_phone(reached: Reached) -> None:
    await reached.puts()
    await reached.fails()
    assert [(each.text, str(each.urn)) for each in reached.sms.taken] == [
        ("1234 5678: solved", "tel:+8562055512345")
    ]
    (row,) = await reached.followed()
    assert (row.contact_id, row.state) == ("p1", "sent")


async def test_a_failure_told_twice_and_by_both_ways_is_followed_once(reached: Reached) -> None:
    sent = await reached.puts()
    await drain(reached.delivery)
    for _ in range(2):
        told = report("app", "failed", reached.pinned.clock, provider_id="p1", error_code="131026")
        await reached.receipts.apply(told)
    writes = await reached.follow_up.after(sent)
    await reached.db.commit(writes)
    assert len(await reached.followed()) == 1


async def test_what_did_not_fail_after_all_is_not_followed(reached: Reached) -> None:
    sent = await reached.puts()
    await drain(reached.delivery)
    await reached.receipts.apply(report("app", "delivered", reached.pinned.clock, provider_id="p1"))
    await reached.receipts.apply(report("app", "failed", reached.pinned.clock, provider_id="p1"))
    await reached.db.commit(await reached.follow_up.after(sent))
    assert await reached.followed() == []


async def test_what_expires_before_it_was_tried_is_followed(reached: Reached) -> None:
    now = reached.pinned.clock.now()
    await reached.puts(expires_at=now + timedelta(hours=1))
    reached.pinned.advance(3600)
    await drain(reached.delivery)
    assert (reached.app.texts, reached.sms.texts) == ([], ["1234 5678: solved"])


async def test_what_is_given_up_after_retries_is_followed(reached: Reached) -> None:
    await reached.puts(expires_at=reached.pinned.clock.now() + timedelta(seconds=1))
    await reached.fails(SendError(code="http_503", retryable=True))
    assert reached.sms.texts == ["1234 5678: solved"]


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"matters": False}, REFUSED),
        ({"priority": Priority.BROADCAST}, REFUSED),
        ({}, SendError(code="21610", opted_out=True)),
    ],
)
async def test_what_does_not_matter_or_was_stopped_is_not_followed(
    reached: Reached, about: dict[str, Any], error: SendError
) -> None:
    await reached.puts(**about)
    await reached.fails(error)
    assert await reached.followed() == []


async def test_a_receipt_that_tells_of_a_stop_is_not_followed(reached: Reached) -> None:
    await reached.puts()
    await drain(reached.delivery)
    told = report("app", "failed", reached.pinned.clock, provider_id="p1", opted_out=True)
    assert (await reached.receipts.apply(told)).state is DeliveryState.FAILED  # type: ignore[union-attr]  # it is known
    assert await reached.followed() == []


async def test_without_a_yes_or_after_a_no_nothing_follows(reached: Reached) -> None:
    await reached.says(granted=False)
    await reached.puts()
    await reached.fails()
    assert await reached.followed() == []


@pytest.mark.parametrize(
    ("urn", "linked", "state"),
    [(TELEGRAM, None, ""), (Urn("whatsapp", "+15005550006"), None, ""), (WHATSAPP, PHONE, "opted_out")],
)
async def test_without_a_phone_that_may_be_written_to_nothing_follows(
    reached: Reached, urn: Urn, linked: Urn | None, state: str
) -> None:
    if linked:
        await reached.knows(linked, "p2", state=state)
    await reached.puts(urn=urn)
    await reached.fails()
    assert await reached.followed() == []


async def test_the_linked_phone_is_written_to(reached: Reached) -> None:
    await reached.links(Urn("tel", "+8562055599999"))
    await reached.puts(urn=TELEGRAM)
    await reached.fails()
    assert [str(each.urn) for each in reached.sms.taken] == ["tel:+8562055599999"]


@pytest.mark.parametrize("language", ["en", "lo"])
async def test_what_is_too_long_is_told_shortly(reached: Reached, language: str) -> None:
    text = ("ຄ່າທຳນຽມ " if language == "lo" else "a long answer ") * 40 + "1000 0004"
    await reached.puts(text)
    await reached.fails()
    (short,) = reached.sms.texts
    assert "1000 0004" in short
    assert count(short) <= 2


async def test_nobody_is_woken(reached: Reached) -> None:
    night = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # half past eleven in Vientiane
    reached.pinned.advance((night - reached.pinned.clock.now()).total_seconds())
    await reached.puts()
    await reached.fails()
    (row,) = await reached.followed()
    assert (row.state, from_ms(row.due_at)) == ("queued", datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    reached.pinned.advance(9 * 3600)
    await drain(reached.delivery)
    assert len(reached.sms.texts) == 1


async def test_a_spent_day_pays_for_no_follow_up(
    db: Database, vault: Vault, pinned: PinnedTime, chance: Chance
) -> None:
    reached = Reached(db=db, vault=vault, pinned=pinned, chance=chance, budget=0)
    await reached.knows(WHATSAPP)
    await reached.says()
    await reached.puts()
    await reached.fails()
    assert await reached.followed() == []


async def test_a_follow_up_that_fails_is_followed_by_nothing(reached: Reached) -> None:
    await reached.puts()
    reached.sms.plan.append(REFUSED)
    await reached.fails()
    assert [row.state for row in await reached.followed()] == ["failed"]
    assert len(await reached.db.fetch(select(outbox))) == 2


async def test_a_fault_of_ours_holds_up_no_mark(reached: Reached) -> None:
    def broken(text: str, language: str) -> str:
        raise KeyError(text + language)

    reached.follow_up._short = broken
    sent = await reached.puts("a long answer " * 40)
    await reached.fails()
    (row,) = await reached.db.fetch(select(outbox).where(outbox.c.id == sent))
    assert row.state == "failed"
    assert await reached.followed() == []


async def test_where_nothing_follows_up_a_failure_reads_nothing(reached: Reached) -> None:
    read: list[object] = []

    async def first(statement: object, _: object = None) -> None:
        read.append(statement)

    follow_up = FollowUp(
        db=reached.db, vault=reached.vault, clock=reached.pinned.clock, routes={},
        hours=SendingHours.load(PACK),
        spending=Spending(reached.db, reached.pinned.clock, ZoneInfo("Asia/Vientiane"), 1),
        may_write=bool, short=ShortNotice(PACK).of, kept=KEPT,
    )  # fmt: skip
    follow_up._db = cast("Database", SimpleNamespace(first=first))
    assert len(await follow_up.after("any")) == 0
    assert read == []


async def _waits_for_morning(reached: Reached) -> None:
    """What failed at night is to go to the phone at eight."""
    night = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    reached.pinned.advance((night - reached.pinned.clock.now()).total_seconds())
    await reached.puts()
    await reached.fails()
    assert [row.state for row in await reached.followed()] == ["queued"]


@pytest.mark.parametrize(("purpose", "granted"), [(Purpose.FOLLOW_UP, False), (Purpose.AWARENESS, False)])
async def test_a_no_ends_what_waits_for_the_morning(
    reached: Reached, purpose: Purpose, *, granted: bool
) -> None:
    await _waits_for_morning(reached)
    await reached.says(granted=granted, purpose=purpose)
    reached.pinned.advance(10 * 3600)
    await drain(reached.delivery)
    assert len(reached.sms.texts) == (0 if purpose is Purpose.FOLLOW_UP else 1)
