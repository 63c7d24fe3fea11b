"""What is kept of messages that were not understood: enough to learn from them, and nobody's secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select

from bot.db import WriteSet
from bot.learning.kept import unclear_rules
from bot.retention import purge
from bot.rotation import rotate
from bot.schema import contacts, unclear_messages, unclear_senders
from tests.learning.conftest import ANN, BEN, Open, Talk

FORGET = "/help/delete_data"


async def _count(talk: Talk, table: Table) -> int:
    row = await talk.opened.ground.db.first(select(func.count()).select_from(table))
    assert row
    return int(row[0])


async def test_what_is_not_understood_is_kept_with_what_was_guessed_and_chosen(talk: Talk) -> None:
    await talk.say("wibble wobble paper boat")
    (said,) = (await talk.kept())["wibble wobble paper boat"]
    assert len(said["guesses"]) == 3
    first = said["guesses"][0][0]
    assert 0 < said["guesses"][0][1] < 0.5
    assert (said["times"], said["channel_kind"], said["chosen"], said["corrected"]) == (1, "chat", "", False)
    await talk.say("1", "2")
    (said,) = (await talk.kept())["wibble wobble paper boat"]
    assert said["chosen"] == first
    assert list(await talk.kept()) == ["wibble wobble paper boat"]


async def test_what_is_understood_leaves_nothing_until_the_person_says_no(talk: Talk) -> None:
    await talk.say("how much is the boat permit")
    assert await talk.kept() == {}
    await talk.say("no")
    (said,) = (await talk.kept())["how much is the boat permit"]
    assert said["corrected"]
    assert said["guesses"][0][0] == "fee"


async def test_a_no_to_something_older_corrects_nothing(talk: Talk) -> None:
    await talk.say("how much is the boat permit", "yes", "no")
    assert await talk.kept() == {}


async def test_another_service_named_instead_is_what_was_meant(talk: Talk) -> None:
    await talk.say("wibble wobble paper", "no, I meant the boat permit")
    (said,) = (await talk.kept())["wibble wobble paper"]
    assert said["corrected"]
    assert said["chosen_service"] == "boat-licence"


async def test_a_form_begun_by_mistake_and_cancelled_is_a_correction(talk: Talk) -> None:
    await talk.say("I want to complain", "cancel")
    (said,) = (await talk.kept())["I want to complain"]
    assert said["corrected"]


async def test_what_is_said_while_a_form_asks_is_never_kept(talk: Talk) -> None:
    await talk.say("I want to complain", "wibble wobble", "grumpf blah", "cancel")
    assert await talk.kept() == {}


async def test_numbers_and_addresses_are_taken_out(talk: Talk) -> None:
    await talk.say("wibble 123, 1234 at +99 700 000-001 wobble ann@example.org ໐໒໐ ໕໕໕໕")
    assert list(await talk.kept()) == ["wibble 123, … at … wobble … …"]


async def test_equal_words_are_kept_once_and_counted(talk: Talk) -> None:
    await talk.say("Wibble wobble", "wibble  WOBBLE!!", "wibble wobble")
    await talk.say("wibble wobble", by=BEN, channel="sms")
    kept = await talk.kept()
    assert [each["times"] for each in kept["Wibble wobble"]] == [2, 1]
    assert [each["channel_kind"] for each in kept["Wibble wobble"]] == ["chat", "sms"]


async def test_nobody_is_recognised_by_what_is_kept(talk: Talk) -> None:
    await talk.say("wibble wobble")
    (said,) = (await talk.kept())["wibble wobble"]
    row = await talk.opened.ground.db.first(select(contacts))
    assert row
    assert row.id not in repr(said)
    assert "0000001" not in repr(said)
    sealed = await talk.opened.ground.db.first(select(unclear_messages))
    assert sealed
    assert b"wibble" not in bytes(sealed.text_sealed)


async def test_who_is_forgotten_leaves_only_what_others_said_too(talk: Talk) -> None:
    await talk.say("wibble wobble")
    await talk.say("wibble wobble", "blubber fishcake", by=BEN)
    await talk.say(FORGET, "yes", by=BEN)
    kept = await talk.kept()
    assert [len(each) for each in kept.values()] == [1]
    assert list(kept) == ["wibble wobble"]
    await talk.say("crumble trumpet", by=BEN)
    assert list(await talk.kept()) == ["wibble wobble"]


async def test_who_wants_no_messages_is_not_listened_to(talk: Talk) -> None:
    await talk.say("STOP", "wibble wobble")
    assert await talk.kept() == {}
    assert await _count(talk, unclear_senders) == 0


async def test_an_installation_that_must_not_learn_keeps_nothing(open_talk: Open) -> None:
    async with open_talk(learning=False) as talk:
        await talk.say("wibble wobble", "1", "how much is the boat permit", "no")
        assert await talk.kept() == {}


async def test_two_who_turn_out_to_be_one_are_forgotten_together(talk: Talk) -> None:
    await talk.say("wibble wobble")
    await talk.say("wibble wobble", "blubber fishcake", by=BEN)
    ground, writes = talk.opened.ground, WriteSet()
    people = [
        await talk.opened.pipeline._parts.people.load(urn, ground.vault.lookup(str(urn)), ground.clock.now())
        for urn in (BEN, ANN)
    ]
    learning = talk.opened.pipeline._parts.learning
    assert learning
    learning.kept.join(people[0].contact_id, people[1].contact_id, writes)
    await ground.db.commit(writes)
    await talk.say(FORGET, "yes")
    assert await talk.kept() == {}


async def test_it_goes_after_its_days(open_talk: Open) -> None:
    async with open_talk(purge_unclear_days=10) as talk:
        await talk.say("wibble wobble")
        ground = talk.opened.ground
        now = ground.clock.now()
        await purge(ground.db, now + timedelta(days=9), unclear_rules())
        assert await _count(talk, unclear_messages) == 1
        erased = await purge(ground.db, now + timedelta(days=11), unclear_rules())
        assert erased == {"unclear senders": 1, "unclear messages": 1}


async def test_a_new_key_opens_it(talk: Talk) -> None:
    await talk.say("wibble wobble")
    ground = talk.opened.ground
    await rotate(ground.db, ground.vault, ground.clock)
    assert list(await talk.kept()) == ["wibble wobble"]


@pytest.mark.parametrize("text", ["hello", "how much is the boat permit", "99", "?!", "🙂"])
async def test_nothing_is_written_for_what_there_is_nothing_to_learn_from(talk: Talk, text: str) -> None:
    await talk.say("hi there good morning", text)
    kept = await talk.kept()
    assert text not in kept
