"""Questions about a service: right facts, as sure as they are, for the service that is meant."""

from __future__ import annotations

import pytest

from services.offered import offered
from tests.dialogs.actions.kit import act, confirmed, ports

WORLD = ports()


@pytest.mark.parametrize(
    ("action", "service", "key", "contained"),
    [
        ("action_fee", "passport", "utter_fee_reported", ["60", "40", "1.000.000"]),
        ("action_fee", "motorbike-tax", "utter_fee_reported", ["15.000", "100.000"]),
        ("action_fee", "id-card", "utter_fee_reported", ["30.000"]),
        ("action_duration", "passport", "utter_duration_reported", ["10"]),
        ("action_duration", "id-card", "utter_duration_unknown", []),
        ("action_requirements", "id-card", "utter_requirements_reported", ["household"]),
        ("action_requirements", "passport", "utter_requirements_unknown", []),
        (
            "action_where_hours",
            "passport",
            "utter_where",
            ["passport application office", "Mon-Fri 8-12, 13-16"],
        ),
    ],
)
async def test_an_answer_says_what_is_known_and_how_sure(
    action: str, service: str, key: str, contained: list[str]
) -> None:
    answer = await act(WORLD, action, "how much", entities={"service": service})
    assert answer.keys[:1] == [key]
    told = " ".join(str(value) for value in answer.said[0].values.values())
    assert all(each in told for each in contained), told
    assert "None" not in told


async def test_a_reported_fact_carries_its_year() -> None:
    answer = await act(WORLD, "action_fee", entities={"service": "motorbike-tax"})
    assert answer.said[0].values["year"] == 2018


async def test_a_confirmed_fee_is_told_without_a_year() -> None:
    answer = await act(confirmed(WORLD, "passport"), "action_fee", entities={"service": "passport"})
    assert answer.keys == ["utter_fee"]
    assert "year" not in answer.said[0].values


async def test_without_a_service_those_asked_for_most_are_offered_and_a_person() -> None:
    answer = await act(WORLD, "action_fee", "how much?")
    assert answer.keys == ["utter_ask_service"]
    assert [button["payload"] for button in answer.said[0].buttons] == [
        *(f'/fee{{"service": "{service.id}"}}' for service in offered(WORLD.catalogue)),
        '/complaint{"case_kind": "enquiry"}',
    ]
    assert answer.slots == {"goal": "fee", "complaint_draft": None}


async def test_a_short_follow_up_means_the_service_before() -> None:
    answer = await act(WORLD, "action_fee", "and how much?", slots={"service": "passport"})
    assert answer.said[0].values["service"] == "Passport"


async def test_a_long_question_does_not() -> None:
    answer = await act(
        WORLD, "action_fee", "what does a licence to fish in the Mekong cost", slots={"service": "passport"}
    )
    assert answer.keys == ["utter_ask_service"]


async def test_a_service_that_is_not_in_the_catalogue_is_not_replaced_by_the_one_before() -> None:
    answer = await act(WORLD, "action_fee", entities={"service": "fishing"}, slots={"service": "passport"})
    assert answer.keys == ["utter_service_not_known"]


async def test_a_service_named_alone_repeats_the_question() -> None:
    answer = await act(
        WORLD, "action_inform", "passport?", entities={"service": "passport"}, slots={"goal": "fee"}
    )
    assert answer.keys == ["utter_fee_reported"]


async def test_a_service_named_out_of_the_blue_asks_what_about_it() -> None:
    answer = await act(WORLD, "action_inform", "passport", entities={"service": "passport"})
    assert answer.keys == ["utter_ask_what_of_service"]
