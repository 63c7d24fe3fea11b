"""The consent ledger: only a person's own word changes what they are sent, and its proof is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.clock import Chance, Clock
from bot.consent import ProofKind, Purpose, RecordConsent, current, history, write_consent
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.errors import Duplicate
from bot.schema import consents
from tests.pinned import PinnedTime


class Ledger:
    """Records a word of contact p1 as a turn would."""

    def __init__(self, db: Database, vault: Vault, clock: Clock, chance: Chance) -> None:
        self.db = db
        self._vault = vault
        self._clock = clock
        self._chance = chance

    async def say(
        self, purpose: Purpose, granted: bool, cause: str, channel: str = "sms", topic: str = ""
    ) -> None:
        context = EffectContext(
            contact_id="p1",
            cause=cause,
            channel=channel,
            now=self._clock.now(),
            db=self.db,
            vault=self._vault,
            chance=self._chance,
        )
        writes = WriteSet()
        effect = RecordConsent(purpose=purpose, granted=granted, topic=topic)
        write_consent(effect, context, writes)
        await self.db.commit(writes)

    async def may(self, purpose: Purpose, channel: str = "", topic: str = "") -> bool:
        return await current(self.db, "p1", purpose, channel, topic)


@pytest.fixture
def ledger(db: Database, vault: Vault, clock: Clock, chance: Chance) -> Ledger:
    return Ledger(db, vault, clock, chance)


async def test_without_a_word_only_news_of_ones_own_case_is_sent(ledger: Ledger) -> None:
    assert [await ledger.may(purpose) for purpose in Purpose] == [
        purpose is Purpose.OWN_CASE for purpose in Purpose
    ]


async def test_the_last_word_counts_for_its_purpose_alone(ledger: Ledger, pinned: PinnedTime) -> None:
    await ledger.say(Purpose.AWARENESS, granted=True, cause="sms:1")
    assert await ledger.may(Purpose.AWARENESS)
    assert not await ledger.may(Purpose.SURVEYS)
    pinned.advance(1)
    await ledger.say(Purpose.AWARENESS, granted=False, cause="sms:2")
    assert not await ledger.may(Purpose.AWARENESS)
    assert await ledger.may(Purpose.OWN_CASE)


async def test_every_word_is_kept_with_its_proof(ledger: Ledger, pinned: PinnedTime) -> None:
    await ledger.say(Purpose.SURVEYS, granted=True, cause="sms:1")
    pinned.advance(1)
    await ledger.say(Purpose.SURVEYS, granted=False, cause="web:2", channel="web")
    said = await history(ledger.db, "p1", Purpose.SURVEYS)
    assert [(each.granted, each.channel, each.proof) for each in said] == [
        (False, "web", "web:2"),
        (True, "sms", "sms:1"),
    ]
    assert {each.proof_kind for each in said} == {ProofKind.MESSAGE}


async def test_a_redelivered_word_is_written_once(ledger: Ledger, pinned: PinnedTime) -> None:
    await ledger.say(Purpose.AWARENESS, granted=False, cause="sms:1")
    pinned.advance(60)
    with pytest.raises(Duplicate):
        await ledger.say(Purpose.AWARENESS, granted=False, cause="sms:1")
    # One STOP may end several purposes.
    await ledger.say(Purpose.SURVEYS, granted=False, cause="sms:1")
    assert len(await ledger.db.fetch(select(consents))) == 2


async def test_of_a_yes_and_a_no_at_the_same_moment_the_no_counts(ledger: Ledger) -> None:
    await ledger.say(Purpose.AWARENESS, granted=True, cause="sms:1")
    await ledger.say(Purpose.AWARENESS, granted=False, cause="sms:2")
    await ledger.say(Purpose.AWARENESS, granted=True, cause="sms:3")
    assert not await ledger.may(Purpose.AWARENESS)


async def test_a_no_anywhere_outweighs_an_older_yes_elsewhere(ledger: Ledger, pinned: PinnedTime) -> None:
    await ledger.say(Purpose.AWARENESS, granted=True, cause="web:1", channel="web")
    assert await ledger.may(Purpose.AWARENESS, "web")
    assert not await ledger.may(Purpose.AWARENESS, "sms")
    pinned.advance(1)
    await ledger.say(Purpose.AWARENESS, granted=False, cause="sms:1", channel="sms")
    assert not await ledger.may(Purpose.AWARENESS, "web")


async def test_a_word_on_one_topic_counts_for_that_topic_alone(ledger: Ledger, pinned: PinnedTime) -> None:
    news = Purpose.AWARENESS
    await ledger.say(news, granted=True, cause="sms:1", topic="id-card")
    assert [await ledger.may(news, topic=topic) for topic in ("id-card", "passport", "")] == [
        True,
        False,
        False,
    ]
    pinned.advance(1)
    await ledger.say(news, granted=True, cause="sms:2")
    pinned.advance(1)
    await ledger.say(news, granted=False, cause="sms:3", topic="id-card")
    assert [await ledger.may(news, topic=topic) for topic in ("id-card", "passport", "")] == [
        False,
        True,
        True,
    ]
    pinned.advance(1)
    await ledger.say(news, granted=False, cause="sms:4")
    assert [await ledger.may(news, topic=topic) for topic in ("id-card", "passport", "")] == [False] * 3
    assert [each.topic for each in await history(ledger.db, "p1", news)] == ["", "id-card", "", "id-card"]


async def test_one_message_may_speak_of_several_topics(ledger: Ledger) -> None:
    await ledger.say(Purpose.AWARENESS, granted=True, cause="sms:1", topic="id-card")
    await ledger.say(Purpose.AWARENESS, granted=True, cause="sms:1", topic="passport")
    assert await ledger.may(Purpose.AWARENESS, topic="passport")
