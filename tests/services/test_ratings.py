"""Ratings: one number a message, second thoughts take its place, on both engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.clock import Chance
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import Effects
from bot.errors import Duplicate
from bot.retention import purge
from services.ratings import About, Rate, RatingWriter
from services.retention import service_rules
from services.tables import ratings
from tests.pinned import START, PinnedTime

KEEP = timedelta(days=100)


@dataclass(frozen=True, kw_only=True)
class Box:
    """Takes ratings as a turn would, one commit an inbound message."""

    db: Database
    effects: Effects

    async def take(
        self, cause: str, score: int, *, subject: str = "passport", contact_id: str = "p1"
    ) -> None:
        rate = Rate(about=About.SERVICE, subject=subject, score=score, language="lo", place="LA01")
        writes = WriteSet()
        self.effects.add([rate], writes, contact_id=contact_id, cause=cause, channel="sms")
        await self.db.commit(writes)

    async def scores(self) -> list[int]:
        return sorted(row.score for row in await self.db.fetch(select(ratings)))


@pytest.fixture
def box(db: Database, vault: Vault, chance: Chance, pinned: PinnedTime) -> Box:
    writers = RatingWriter(keep=KEEP).by_effect()
    return Box(db=db, effects=Effects(writers=writers, db=db, vault=vault, clock=pinned.clock, chance=chance))


async def test_a_number_is_kept_with_what_it_is_about(box: Box) -> None:
    await box.take("sms:1", 4)
    [row] = await box.db.fetch(select(ratings))
    assert (row.about, row.subject, row.score, row.channel, row.language, row.place) == (
        "service",
        "passport",
        4,
        "sms",
        "lo",
        "LA01",
    )


async def test_a_redelivered_message_rates_once(box: Box) -> None:
    await box.take("sms:1", 4)
    with pytest.raises(Duplicate):
        await box.take("sms:1", 4)
    assert await box.scores() == [4]


async def test_second_thoughts_take_the_place_of_the_first(box: Box, pinned: PinnedTime) -> None:
    await box.take("sms:1", 1)
    await box.take("sms:2", 5)
    await box.take("sms:3", 3, subject="id-card")
    await box.take("sms:4", 2, contact_id="p2")
    assert await box.scores() == [2, 3, 5]
    pinned.advance(timedelta(days=2).total_seconds())
    await box.take("sms:5", 4)
    assert await box.scores() == [2, 3, 4, 5]


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_number_outside_the_scale_is_none(score: int) -> None:
    with pytest.raises(ValueError, match="is no rating"):
        Rate(about=About.TALK, subject="", score=score, language="en")


async def test_a_rating_is_erased_on_its_day(box: Box) -> None:
    await box.take("sms:1", 4)
    await purge(box.db, START + KEEP + timedelta(days=1), service_rules())
    assert await box.scores() == []
