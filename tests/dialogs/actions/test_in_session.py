"""What is chosen by digits in a session: days, places, further questions; a digit is never taken for words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.dispatcher import Response
from services.layers import Overlay
from services.record import Fact, Status
from services.view import Services
from tests.dialogs.actions.kit import act, ports
from tests.pinned import START

WORLD = ports()
# Two provinces in which some districts have an own fee.
SURE = Fact(status=Status.CONFIRMED, owner="MPS", source="notice", last_checked=START.date())
DEAR = {"LA13": 35, "LA1301": 36, "LA1302": 37, "LA0901": 38}


def _fees_of_their_own() -> Services:
    overlays = [
        Overlay(id=code, service="id-card", where=code, fees={"digital_service": fee * 1000}, fact=SURE)
        for code, fee in DEAR.items()
    ]
    services = Services(catalogue=WORLD.catalogue, places=WORLD.centres, overlays=())
    services.put(overlays)
    return services


def _offered(said: Sequence[Response], *wishes: str) -> list[str]:
    """The titles of the choices that are one of these wishes, about a place."""
    return [
        button["title"]
        for response in said
        for button in response.buttons
        if button["payload"].startswith(wishes)
        and ("province" in button["payload"] or "district" in button["payload"])
    ]


@pytest.mark.parametrize(
    ("channel", "place", "offered"),
    [
        pytest.param("ussd", "", ["Xiengkhouang", "Savannakhet"], id="first the province"),
        pytest.param(
            "ussd",
            "LA13",
            ["Kaisone Phomvihane, Savannakhet", "Outhoumphone, Savannakhet"],
            id="then the district",
        ),
        pytest.param("ussd", "LA1301", [], id="then the answer"),
        pytest.param("ussd", "LA09", ["Pek, Xiengkhouang"], id="also where only a district differs"),
        pytest.param("ussd", "LA02", [], id="nothing where nothing differs"),
        pytest.param("sms", "", [], id="a name is typed elsewhere"),
        pytest.param("sms", "LA13", [], id="and the province is enough there"),
    ],
)
async def test_a_place_is_drilled_to_where_the_answer_differs(
    channel: str, place: str, offered: list[str]
) -> None:
    world = replace(WORLD, services=_fees_of_their_own())
    slots = {"place": place or None}
    answer = await act(world, "action_fee", entities={"service": "id-card"}, slots=slots, channel=channel)
    assert sorted(_offered(answer.said, "/fee")) == sorted(offered)


@pytest.mark.parametrize(("channel", "days"), [("ussd", 3), ("sms", 0), ("telegram", 0)])
async def test_days_of_a_reminder_are_offered(channel: str, days: int) -> None:
    answer = await act(WORLD, "action_ask_reminder_day_form_reminder_day", channel=channel)
    assert [button["payload"] for button in answer.said[0].buttons] == [
        f'/inform{{"date": "{day}"}}' for day in ("2026-03-03", "2026-03-09", "2026-04-01")[:days]
    ]


@pytest.mark.parametrize(
    ("action", "offered"),
    [
        ("action_fee", {"/requirements", "/duration", "/where_hours"}),
        ("action_where_hours", {"/requirements", "/fee", "/duration", "/complaint"}),
        ("action_checklist", {"/duration"}),
    ],
)
async def test_an_answer_offers_what_is_asked_next_and_nothing_twice(action: str, offered: set[str]) -> None:
    for channel, wanted in (("ussd", offered), ("sms", set())):
        answer = await act(WORLD, action, entities={"service": "passport"}, channel=channel)
        own = {button["payload"] for response in answer.said for button in response.buttons}
        assert own & {"/requirements", "/fee", "/duration", "/where_hours", "/complaint"} == wanted


@pytest.mark.parametrize("typed", ["4", "໔", "", "4.", " 12 "])
async def test_the_digit_that_chose_danger_is_nothing_to_tell_staff(typed: str) -> None:
    answer = await act(WORLD, "action_danger", typed, intent="danger")
    assert (answer.keys, answer.slots["complaint_draft"]) == (["utter_danger"], None)
    asked = await act(
        WORLD,
        "action_danger",
        typed,
        intent="danger",
        form="complaint_form",
        slots={"requested_slot": "complaint_text"},
    )
    assert "complaint_text" not in asked.slots


async def test_the_digit_that_chose_praise_is_no_score() -> None:
    answer = await act(WORLD, "action_praise", "3", intent="feedback")
    assert (answer.keys, answer.effects) == ([], ())
    assert answer.slots["requested_slot"] == "praise"


@pytest.mark.parametrize(
    ("chosen", "words", "category"),
    [
        ("rudeness", "the clerk wanted a bribe of us", "rudeness"),
        ("other", "the clerk wanted a bribe of us", "corruption"),
        ("", "the clerk wanted a bribe of us", "corruption"),
        ("no-such-category", "the clerk wanted a bribe of us", "corruption"),
        ("road", "it is broken", "road"),
    ],
)
async def test_the_category_that_was_chosen_counts(chosen: str, words: str, category: str) -> None:
    slots = {"complaint_text": words, "complaint_place": "-", "complaint_category": chosen or None}
    answer = await act(WORLD, "action_file_complaint", slots=slots)
    assert [effect.category for effect in answer.effects] == [category]
    assert answer.slots["complaint_category"] is None


@pytest.mark.parametrize(("typed", "asked"), [("10000005", True), ("1000000", True), ("4711", False)])
async def test_a_mistyped_number_of_a_case_is_told_as_such(typed: str, asked: bool) -> None:
    answer = await act(WORLD, "action_inform", typed)
    assert ("utter_default" not in answer.keys) is asked
