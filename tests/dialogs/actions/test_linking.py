"""Linking as it is told: what a proof is worth depends on whose the phone was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.addresses import Holder
from bot.consent import Purpose, RecordConsent, Stand
from bot.linking import LinkPhone
from bot.trackers import FormFrame, TrackerState
from bot.urns import Urn
from complaints.cases import CaseState, Protection
from complaints.follows import FollowState
from dialogs.ports import Ports
from tests.dialogs.actions.kit import (
    OTHERS,
    PHONE,
    AddressesInMemory,
    CasesInMemory,
    FollowsInMemory,
    act,
    case,
    ports,
)

CHAT, PROVEN = "telegram:77", f"tel:{PHONE}"


def holder(contact: str, schemes: frozenset[str] = frozenset(), form: str = "") -> Holder:
    talk = TrackerState(contact_id=contact)
    if form:
        talk.forms.append(FormFrame(name=form, requested="complaint_place"))
        talk.slots |= {"complaint_text": "the road", "language": "lo", "verified": {"number": OTHERS}}
    return Holder(contact_id=contact, version=1, schemes=schemes, stand=Stand(), talk=talk)


def world(known: Holder | None) -> Ports:
    holders = {Urn.parse(PROVEN): known} if known else {}
    return replace(ports(), addresses=AddressesInMemory(own=[Urn.parse(CHAT)], holders=holders))


@pytest.mark.parametrize(
    ("known", "says", "joins"),
    [
        (None, "utter_linked", False),
        (holder("somebody"), "utter_linked", True),
        (holder("somebody", frozenset({"line"})), "utter_linked", True),
        (holder("somebody", frozenset({"telegram"})), "utter_linked_anew", False),
        (holder("me", frozenset({"telegram"})), "utter_linked", False),
    ],
)
async def test_whose_the_phone_was_decides(known: Holder | None, says: str, *, joins: bool) -> None:
    answer = await act(world(known), "action_link", address=CHAT, proven=PROVEN)
    assert answer.keys == [says]
    (effect,) = answer.effects
    assert isinstance(effect, LinkPhone)
    assert effect.joins == joins


async def test_a_form_of_the_phone_goes_on_and_nothing_that_was_opened_there() -> None:
    known = holder("somebody", form="complaint_form")
    answer = await act(world(known), "action_link", address=CHAT, proven=PROVEN)
    assert answer.slots == {"complaint_text": "the road", "requested_slot": "complaint_place"}
    busy = await act(world(known), "action_link", address=CHAT, proven=PROVEN, form="erasure_form")
    assert busy.slots == {}


async def test_a_form_of_another_account_is_not_taken_up() -> None:
    known = holder("somebody", frozenset({"telegram"}), form="complaint_form")
    answer = await act(world(known), "action_link", address=CHAT, proven=PROVEN)
    assert answer.slots == {}


async def test_what_claims_to_be_shared_and_is_not_links_nothing() -> None:
    answer = await act(world(holder("somebody")), "action_link", address="web:a", intent="help")
    assert (answer.keys, answer.effects) == (["utter_contact_not_own"], ())


@pytest.mark.parametrize(
    ("about", "state", "mute"),
    [
        ({"protection": Protection.CONFIDENTIAL}, None, False),
        ({"contact_id": ""}, None, False),
        ({"contact_id": "me"}, None, False),
        ({"state": CaseState.CLOSED}, None, False),
        ({}, FollowState.REFUSED, False),
        ({}, FollowState.FOLLOWING, False),
        ({}, None, True),
    ],
)
async def test_what_may_not_be_followed_is_not(
    about: dict[str, object], state: FollowState | None, *, mute: bool
) -> None:
    filed = replace(case(OTHERS, "somebody"), **about)  # type: ignore[arg-type]  # fields by name
    follows = FollowsInMemory(states={filed.id: state} if state else {}, mute=mute)
    place = replace(ports(cases=CasesInMemory({OTHERS: filed})), follows=follows)
    until = place.clock.now().timestamp() * 1000 + 60_000
    verified = {"verified": {"number": OTHERS, "until": until}}
    answer = await act(place, "action_follow_case", entities={"followed_case": OTHERS}, slots=verified)
    assert (answer.keys, answer.effects) == (["utter_follow_needs_pin"], ())


async def test_a_case_is_not_followed_without_its_pin_whatever_is_claimed() -> None:
    place = ports(cases=CasesInMemory({OTHERS: case(OTHERS, "somebody")}))
    for slots in ({}, {"pin": "admitted"}, {"verified": {"number": "10000004", "until": 10**15}}):
        answer = await act(place, "action_follow_case", entities={"followed_case": OTHERS}, slots=slots)
        assert (answer.keys, answer.effects) == (["utter_follow_needs_pin"], ())


async def test_who_never_agreed_to_follow_ups_takes_nothing_back() -> None:
    place = replace(ports(), addresses=AddressesInMemory(agreed={Purpose.FOLLOW_UP}))
    for world_of, count in ((ports(), 2), (place, 3)):
        answer = await act(world_of, "action_unsubscribe", intent="unsubscribe")
        words = [each for each in answer.effects if isinstance(each, RecordConsent)]
        assert len(words) == count
