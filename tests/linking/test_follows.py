"""Following on both engines: who filed is told once and can end it for good; nothing else of theirs is seen."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.db import WriteSet
from bot.leases import Leases
from bot.messages import InboundMessage
from bot.outbox import set_urn_state
from bot.pipeline import Handled
from bot.retention import purge
from bot.schema import outbox
from bot.sending import SendingHours
from bot.urns import Urn
from complaints.cases import Protection
from complaints.filing import WithdrawCase
from complaints.follows import FollowState
from complaints.notices import FollowNotices
from complaints.retention import case_rule
from complaints.store import CaseWriters
from complaints.tables import case_follows, cases
from tests.linking.conftest import KEPT, LINE, PHONE, TELEGRAM, Linked
from tests.pipeline.conftest import PACK

REFERENCE = "10000004"


def notices(linked: Linked, owner: str = "me") -> FollowNotices:
    parts = linked.parts
    return FollowNotices(
        follows=linked.follows,
        originate=linked.pipeline.originate,
        channels=("sms", "telegram"),
        hours=SendingHours.load(PACK),
        clock=parts.clock,
        leases=Leases(parts.db, parts.clock, owner),
    )


async def state(linked: Linked) -> FollowState | None:
    view = await linked.cases.find(REFERENCE)
    assert view
    return await linked.follows.state(view.case.id, (await linked.who(TELEGRAM)).contact_id)


async def told(linked: Linked) -> list[str]:
    """The causes of what the filer was told of followers."""
    rows = await linked.parts.db.fetch(select(outbox.c.cause, outbox.c.channel))
    return [row.channel for row in rows if ":follow:" in row.cause]


@pytest.fixture
async def followed(linked: Linked) -> Linked:
    """A case filed by SMS, and followed in Telegram."""
    await linked.say(f"complain {REFERENCE}", PHONE)
    await linked.say(f"follow {REFERENCE}", TELEGRAM)
    return linked


async def test_a_follower_sees_the_case_and_owns_nothing(followed: Linked) -> None:
    person = (await followed.who(TELEGRAM)).contact_id
    assert [each.reference for each in await followed.follows.of(person)] == [REFERENCE]
    view = await followed.cases.find(REFERENCE, person)
    assert view
    assert not view.own
    assert await followed.cases.of_contact(person) == []
    filer = (await followed.who(PHONE)).contact_id
    assert await followed.follows.followed(filer) == {view.case.id}
    assert await followed.follows.followed(person) == frozenset()


async def test_who_filed_is_told_once_where_they_filed(followed: Linked) -> None:
    for _ in range(3):
        await notices(followed).step()
    assert await told(followed) == ["sms"]
    assert await followed.follows.untold() == []


async def test_two_processes_at_once_tell_once(followed: Linked) -> None:
    (untold,) = await followed.follows.untold()
    assert untold.urn
    about = (untold.urn, "sms", "case_followed", {"follow": untold.id}, untold.cause)
    outcomes = await asyncio.gather(*(followed.pipeline.originate(*about) for _ in range(3)))
    assert sorted(each.kind for each in outcomes) == [Handled.DONE, Handled.DUPLICATE, Handled.DUPLICATE]
    assert await told(followed) == ["sms"]


async def test_nobody_is_told_at_night(followed: Linked) -> None:
    followed.pinned.advance(12 * 3600)
    await notices(followed).step()
    assert await told(followed) == []


async def test_where_nobody_can_be_told_any_more_nobody_follows(followed: Linked) -> None:
    writes = WriteSet()
    set_urn_state(writes, followed.parts.vault.lookup(str(PHONE)), "opted_out")
    await followed.parts.db.commit(writes)
    await notices(followed).step()
    assert await state(followed) is FollowState.ENDED
    assert await told(followed) == []


async def test_a_no_ends_it_for_good(followed: Linked) -> None:
    await followed.say(f"refuse {REFERENCE}", PHONE)
    assert await state(followed) is FollowState.REFUSED
    assert await followed.follows.untold() == []
    assert await followed.say(f"follow {REFERENCE} again", TELEGRAM) is Handled.PENDING
    assert await state(followed) is FollowState.REFUSED


async def test_who_ended_it_may_follow_again_and_it_is_told_again(followed: Linked) -> None:
    await notices(followed).step()
    await followed.say("end", TELEGRAM)
    assert await state(followed) is FollowState.ENDED
    await followed.say(f"follow {REFERENCE} again", TELEGRAM)
    assert await state(followed) is FollowState.FOLLOWING
    for _ in range(2):
        await notices(followed).step()
    assert await told(followed) == ["sms", "sms"]
    assert await followed.follows.untold() == []


async def test_a_turn_that_told_nothing_is_not_held_for_ever(followed: Linked) -> None:
    (untold,) = await followed.follows.untold()
    silent = InboundMessage(
        channel="sms", external_id=untold.cause, urn=PHONE, text="", received_at=untold.since
    )
    await followed.pipeline.accept(silent)
    await notices(followed).step()
    assert await followed.follows.untold() == []
    assert await state(followed) is FollowState.ENDED


async def test_a_refusal_stays_when_the_follower_is_linked_with_another(followed: Linked) -> None:
    other = Urn("tel", "+8562055599999")
    await followed.say(f"follow {REFERENCE}", other)
    await followed.say(f"refuse {REFERENCE}", PHONE)
    await followed.say(f"follow {REFERENCE}", LINE)
    await followed.say("share", LINE, proven=other)
    person = (await followed.who(LINE)).contact_id
    assert await followed.count(case_follows, person) == 1
    assert await followed.follows.of(person) == []


async def test_a_follower_who_turns_out_to_have_filed_owns_the_case(followed: Linked) -> None:
    await followed.say("share", TELEGRAM, proven=PHONE)
    person = (await followed.who(TELEGRAM)).contact_id
    view = await followed.cases.find(REFERENCE, person)
    assert view
    assert view.own


async def test_who_is_forgotten_follows_nothing(followed: Linked) -> None:
    await followed.say("forget", TELEGRAM)
    assert await followed.count(case_follows) == 0


@pytest.mark.parametrize("forgets", [True, False])
async def test_a_case_that_goes_takes_its_followers_along(followed: Linked, *, forgets: bool) -> None:
    view = await followed.cases.find(REFERENCE)
    assert view
    writes = WriteSet()
    context = followed.context(PHONE, view.case.contact_id)
    CaseWriters(KEPT).write_withdrawal(WithdrawCase(case=view.case), context, writes)
    await followed.parts.db.commit(writes)
    if forgets:
        await followed.say("forget", PHONE)
    else:
        now = followed.parts.clock.now() + KEPT + timedelta(days=1)
        await purge(followed.parts.db, now, (case_rule(),))
    assert [await followed.count(table) for table in (cases, case_follows)] == [0, 0]


async def test_a_protected_case_is_never_followed(followed: Linked) -> None:
    writes = WriteSet()
    writes.add(update(cases).values(protection=Protection.CONFIDENTIAL.value))
    await followed.parts.db.commit(writes)
    person = (await followed.who(TELEGRAM)).contact_id
    view = await followed.cases.find(REFERENCE, (await followed.who(PHONE)).contact_id)
    assert view
    assert await followed.follows.of(person) == []
    assert await followed.follows.filer(view.case) is None
    assert not view.own
