"""Linking on both engines: in any order, at once, again and back, nothing is lost and nobody sees what is not theirs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import Delete, Update, select

from bot.addresses import Holder
from bot.clock import to_ms
from bot.consent import Stand
from bot.correspondence import FOLLOW_UP
from bot.db import WriteSet
from bot.errors import Stale
from bot.guesses import GUESSES_A_DAY
from bot.linking import LinkPhone
from bot.messages import OutboundMessage
from bot.outbox_rows import enqueue
from bot.pipeline import Handled
from bot.retention import floor_rules, purge
from bot.schema import consents, contacts, inbox, messages, metadata, outbox, trackers, urns
from bot.trackers import TrackerState
from bot.urns import Urn
from complaints.retention import held_contacts
from complaints.tables import cases
from services.tables import ratings, reminders
from tests.linking.conftest import KEPT, LINE, PHONE, TELEGRAM, Linked, linking

SECOND = Urn("telegram", "88")
# What a person says from two addresses, in any order; the last is said with a contact that proves the phone.
EVENTS = ("news", "complain", "remind", "rate", "share")
OWNED = (messages, outbox, consents, reminders, ratings, cases)


async def _hold(linked: Linked, order: tuple[str, ...], number: int) -> tuple[Urn, Urn]:
    phone, chat = Urn("tel", f"+856205550{number:04d}"), Urn("telegram", str(1000 + number))
    for event in order:
        if event == "share":
            await linked.say("share", chat, proven=phone)
        elif event in ("news", "complain"):
            await linked.say(f"{event} {number:08d}", phone)
        else:
            await linked.say(event, chat)
    return phone, chat


async def test_any_order_ends_in_the_same_person_and_loses_no_row(linked: Linked) -> None:
    for number, order in enumerate(permutations(EVENTS)):
        phone, chat = await _hold(linked, order, number)
        one, other = await linked.who(phone), await linked.who(chat)
        assert one.contact_id == other.contact_id, order
        counts = [await linked.count(table, one.contact_id) for table in OWNED]
        assert counts == [2 * len(EVENTS), len(EVENTS), 1, 1, 1, 1], order
        assert [await linked.count(table, one.contact_id) for table in (urns, trackers)] == [2, 1]
        assert await linked.wants_news(one.contact_id)
    people = await linked.count(contacts)
    assert people == await linked.count(trackers) == len(list(permutations(EVENTS)))


async def test_what_is_spoken_on_goes_on_and_the_same_contact_shared_again_changes_nothing(
    linked: Linked,
) -> None:
    await linked.say("hello", PHONE)
    for text in ("a", "b"):
        await linked.say(text, TELEGRAM)
    await linked.say("share", TELEGRAM, proven=PHONE)
    person = await linked.who(PHONE)
    assert person.state.slots["turns"] == 3
    assert await linked.say("share", TELEGRAM, proven=PHONE) is Handled.DUPLICATE
    await linked.say("again", TELEGRAM, proven=PHONE)
    assert (
        (await linked.who(TELEGRAM)).contact_id == (await linked.who(PHONE)).contact_id == person.contact_id
    )
    assert [str(each) for each in await linked.addresses.of(person.contact_id)] == [str(PHONE), str(TELEGRAM)]


@pytest.mark.parametrize("order", [("news", "stop"), ("stop", "news")])
async def test_a_no_anywhere_stays_a_no(linked: Linked, order: tuple[str, str]) -> None:
    for text, urn in zip(order, (PHONE, TELEGRAM), strict=True):
        await linked.say(text, urn)
    await linked.say("share", TELEGRAM, proven=PHONE)
    person = await linked.who(TELEGRAM)
    assert not await linked.wants_news(person.contact_id)
    await linked.say("news again", TELEGRAM)
    assert await linked.wants_news(person.contact_id)


async def test_links_and_turns_at_once_make_one_person_and_answer_all(linked: Linked) -> None:
    await linked.say("hello", PHONE)
    await linked.say("hello", LINE)
    said = [
        linked.say("complain 00000001", PHONE),
        linked.say("share", TELEGRAM, proven=PHONE),
        linked.say("share", LINE, proven=PHONE),
        linked.say("rate", LINE),
        linked.say("news", Urn("telegram", "99")),
    ]
    assert set(await asyncio.gather(*said)) <= {Handled.DONE, Handled.PENDING}
    await linked.answer_all()
    ids = {(await linked.who(urn)).contact_id for urn in (PHONE, TELEGRAM, LINE)}
    assert len(ids) == 1
    (person,) = ids
    assert await linked.count(trackers, person) == 1
    assert [await linked.count(table, person) for table in (cases, ratings, messages)] == [1, 1, 12]
    assert (await linked.count(contacts), await linked.count(trackers)) == (2, 2)


async def test_two_accounts_that_prove_one_phone_at_once_share_nothing_but_it(linked: Linked) -> None:
    await linked.say("complain 00000001", TELEGRAM)
    await linked.say("complain 00000002", SECOND)
    await asyncio.gather(
        linked.say("share", TELEGRAM, proven=PHONE), linked.say("share", SECOND, proven=PHONE)
    )
    await linked.answer_all()
    one, other, phone = [(await linked.who(urn)).contact_id for urn in (TELEGRAM, SECOND, PHONE)]
    assert one != other
    assert phone in (one, other)
    assert [await linked.count(cases, each) for each in (one, other)] == [1, 1]


async def test_a_phone_proven_by_another_account_changes_hands_without_what_was_written(
    linked: Linked,
) -> None:
    await linked.say("complain 00000001", PHONE)
    await linked.say("share", TELEGRAM, proven=PHONE)
    await linked.say("share", SECOND, proven=PHONE)
    first, second, phone = [(await linked.who(urn)).contact_id for urn in (TELEGRAM, SECOND, PHONE)]
    assert (first != second, phone) == (True, second)
    assert [await linked.count(cases, each) for each in (first, second)] == [1, 0]
    view = await linked.cases.find("00000001", second)
    assert view
    assert not view.own


async def test_an_unlinked_phone_leaves_with_nothing_and_can_be_linked_again(linked: Linked) -> None:
    await linked.say("complain 00000001", PHONE)
    await linked.say("share", TELEGRAM, proven=PHONE)
    account = (await linked.who(TELEGRAM)).contact_id
    await linked.say("unlink", PHONE)
    phone = await linked.who(PHONE)
    assert (phone.contact_id != account, phone.new, phone.state.slots) == (True, False, {})
    assert [await linked.count(table, phone.contact_id) for table in OWNED] == [0] * len(OWNED)
    await linked.say("hello", PHONE)
    assert (await linked.who(PHONE)).state.slots["turns"] == 1
    await linked.say("share again", TELEGRAM, proven=PHONE)
    assert (await linked.who(PHONE)).contact_id == account
    assert await linked.count(cases, account) == 1


async def test_what_lay_under_an_unlinked_phone_is_blank_and_still_taken_once(linked: Linked) -> None:
    await linked.say("hello", PHONE)
    await linked.say("share", TELEGRAM, proven=PHONE)
    await linked.say("unlink", TELEGRAM)
    rows = await linked.parts.db.fetch(select(inbox).where(inbox.c.channel == "sms"))
    assert [bytes(row.message_sealed) for row in rows] == [b""]
    assert await linked.say("hello", PHONE) is Handled.DUPLICATE


async def _waits_for_morning(linked: Linked, phone: Urn, person: str) -> None:
    """What failed for a person is to go to a phone."""
    parts, writes, now = linked.parts, WriteSet(), linked.parts.clock.now()
    (failed,) = await parts.db.fetch(
        select(messages.c.id).where(messages.c.contact_id == person, messages.c.direction == "out").limit(1)
    )
    followed = OutboundMessage(
        id=parts.chance.id(now), channel="sms", urn=phone, text="canary", cause=f"{FOLLOW_UP}{failed.id}",
        created_at=now,
    )  # fmt: skip
    lookup = parts.vault.lookup(str(phone))
    enqueue(
        writes, followed, contact_id=person, urn_lookup=lookup, vault=parts.vault, purge_at=to_ms(now + KEPT)
    )
    await parts.db.commit(writes)


async def _following_up(linked: Linked) -> list[tuple[str, str]]:
    """Whose follow-ups there are, and what became of them."""
    rows = await linked.parts.db.fetch(select(outbox).where(outbox.c.cause.startswith(FOLLOW_UP)))
    return [(row.contact_id, row.state) for row in rows]


async def test_what_waits_for_an_unlinked_phone_never_reaches_it(linked: Linked) -> None:
    await linked.say("hello", TELEGRAM)
    await linked.say("share", TELEGRAM, proven=PHONE)
    account = (await linked.who(TELEGRAM)).contact_id
    await _waits_for_morning(linked, PHONE, account)
    await linked.say("unlink", TELEGRAM)
    assert await _following_up(linked) == [(account, "expired")]


@pytest.mark.parametrize("linked_before", [True, False])
async def test_what_waits_for_a_phone_that_another_account_proves_never_reaches_it(
    linked: Linked, *, linked_before: bool
) -> None:
    await linked.say("hello", TELEGRAM)
    if linked_before:
        await linked.say("share", TELEGRAM, proven=PHONE)
    account = (await linked.who(TELEGRAM)).contact_id
    await _waits_for_morning(linked, PHONE, account)
    await linked.say("share", SECOND, proven=PHONE)
    assert await _following_up(linked) == [(account, "expired")]


async def test_what_waits_for_who_turns_out_to_be_the_same_still_goes(linked: Linked) -> None:
    await linked.say("hello", PHONE)
    await _waits_for_morning(linked, PHONE, (await linked.who(PHONE)).contact_id)
    await linked.say("share", TELEGRAM, proven=PHONE)
    assert await _following_up(linked) == [((await linked.who(TELEGRAM)).contact_id, "queued")]


async def test_linking_and_unlinking_bring_no_more_guesses(linked: Linked) -> None:
    await linked.say("hello", PHONE)
    phone = (await linked.who(PHONE)).contact_id
    for number in range(3):
        await linked.guesses.take(phone, f"case:{number}")
    await linked.say("hello", TELEGRAM)
    account = (await linked.who(TELEGRAM)).contact_id
    await linked.guesses.take(account, "case:9")
    await linked.say("share", TELEGRAM, proven=PHONE)
    assert await linked.guesses.left(account) == GUESSES_A_DAY - 4
    await linked.say("unlink", TELEGRAM)
    phone = (await linked.who(PHONE)).contact_id
    assert await linked.guesses.left(phone) == GUESSES_A_DAY - 4
    linked.pinned.advance(86_400)
    assert await linked.guesses.left(phone) == GUESSES_A_DAY


async def test_who_is_forgotten_is_forgotten_at_every_address(linked: Linked) -> None:
    await linked.say("remind", PHONE)
    await linked.say("share", TELEGRAM, proven=PHONE)
    await linked.say("forget", TELEGRAM)
    person = await linked.who(PHONE)
    assert person.forgotten
    assert (await linked.who(TELEGRAM)).forgotten
    left = [
        await linked.count(table, person.contact_id) for table in (messages, trackers, reminders, consents)
    ]
    assert left == [0, 0, 0, 2]
    rows = await linked.parts.db.fetch(select(inbox))
    assert {bytes(row.message_sealed) for row in rows} == {b""}
    await linked.say("hello", PHONE)
    assert (await linked.who(PHONE)).contact_id == person.contact_id


async def test_a_forgotten_phone_can_be_linked(linked: Linked) -> None:
    await linked.say("forget", PHONE)
    await linked.say("share", TELEGRAM, proven=PHONE)
    person = await linked.who(PHONE)
    assert (person.contact_id, person.forgotten) == ((await linked.who(TELEGRAM)).contact_id, False)
    assert not await linked.wants_news(person.contact_id)


async def test_the_days_of_a_linked_person_are_those_of_all_addresses(linked: Linked) -> None:
    await linked.say("rate", PHONE)
    await linked.say("share", TELEGRAM, proven=PHONE)
    linked.pinned.advance(timedelta(days=800).total_seconds())
    await purge(linked.parts.db, linked.parts.clock.now(), floor_rules(held_contacts()))
    left = [await linked.count(table) for table in (contacts, urns, trackers, messages, consents)]
    assert left == [0] * 5


def test_every_table_that_knows_whose_a_row_is_is_handed_over(linked: Linked) -> None:
    """A table of tomorrow must not be forgotten: its rows would be nobody's."""
    parts, writes = linked.parts, WriteSet()
    holder = Holder(
        contact_id="b", version=1, schemes=frozenset(), stand=Stand(), talk=TrackerState(contact_id="b")
    )
    effect = LinkPhone(phone=PHONE, holder=holder, stand=Stand(), scheme="telegram")
    linking(parts).link(effect, linked.context(TELEGRAM, "a"), writes)
    touched = {str(write.statement.table) for write in writes if isinstance(write.statement, Update | Delete)}
    assert {table.name for table in metadata.sorted_tables if "contact_id" in table.c} <= touched


async def test_nothing_that_is_stored_shows_the_phone(linked: Linked) -> None:
    await linked.say("hello", PHONE, external_id="1")
    await linked.say("share", TELEGRAM, proven=PHONE)
    await linked.say("unlink", TELEGRAM)
    for table in metadata.sorted_tables:
        for row in await linked.parts.db.fetch(select(table)):
            stored = b"\n".join(
                bytes(each) if isinstance(each, bytes) else str(each).encode() for each in row
            )
            assert b"55512345" not in stored, table.name


@pytest.mark.parametrize("before", ["hello", "forget"])
@pytest.mark.parametrize("then", ["share", "unlink"])
async def test_a_turn_under_way_notices_that_its_address_changed_hands(
    linked: Linked, before: str, then: str
) -> None:
    await linked.say(before, PHONE)
    if then == "unlink":
        await linked.say("share", TELEGRAM, proven=PHONE)
        await linked.say(before, TELEGRAM)
    person, now = await linked.who(PHONE), linked.parts.clock.now()
    await linked.say(f"{then} now", TELEGRAM, proven=PHONE if then == "share" else None)
    writes = WriteSet()
    linked.parts.people.save(person, person.state, now, writes)
    with pytest.raises(Stale):
        await linked.parts.db.commit(writes)
