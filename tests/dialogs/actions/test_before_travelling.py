"""Before somebody travels: what is known is on the list, what is not is said to be unknown."""

from __future__ import annotations

import pytest

from services.journeys import load_journeys
from tests.dialogs.actions.kit import FICTIONAL, act, ports

WORLD, QAVIA = ports(), ports(root=FICTIONAL)


async def test_the_list_has_papers_money_office_and_the_next_opening() -> None:
    answer = await act(WORLD, "action_checklist", entities={"service": "id-card"})
    assert answer.keys == ["utter_checklist"]
    items = answer.said[0].values["items"]
    assert all(each in items for each in ("family book", "2025", "30.000", "public security", "Mon 2/3")), (
        items
    )
    assert answer.slots["goal"] == "checklist"


async def test_what_is_not_known_is_said_to_be_unknown() -> None:
    answer = await act(WORLD, "action_checklist", entities={"service": "passport"})
    assert "Papers: not known, ask first" in answer.said[0].values["items"]


async def test_what_can_be_left_out_and_the_form_are_told_where_the_catalogue_has_them() -> None:
    slots = {"citizen": "renewal", "citizen_service": "boat-licence"}
    answer = await act(QAVIA, "action_checklist", entities={"service": "boat-licence"}, slots=slots)
    items = answer.said[0].values["items"]
    assert "not if it was stolen" in items
    assert "Form 7" in items


async def test_the_centre_of_the_place_takes_the_place_of_the_office() -> None:
    answer = await act(
        QAVIA, "action_checklist", entities={"service": "boat-licence"}, slots={"place": "P101"}
    )
    assert "Korin one-door hall" in answer.said[0].values["items"]


async def test_whether_somebody_may_go_instead_is_not_invented() -> None:
    answer = await act(WORLD, "action_someone_else", entities={"service": "passport"})
    assert answer.keys == ["utter_someone_else"]
    assert "passport application office" in answer.said[0].values["office"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("I want to open a shop, where do I begin", "enterprise-registration"),
        ("ຢາກເປີດຮ້ານ ເລີ່ມຈາກໃສ", "enterprise-registration"),
        ("yak peut han leum chak sai", "enterprise-registration"),
        ("we had a baby, what do we have to do", "birth-registration"),
        ("I want to marry a foreigner", "certified-copy"),
        ("we are getting married", "marriage-registration"),
    ],
)
async def test_a_journey_leads_into_its_services_in_order(text: str, first: str) -> None:
    answer = await act(WORLD, "action_journey", text)
    assert answer.keys == ["utter_journey"]
    assert answer.said[0].buttons[0]["payload"] == f'/requirements{{"service": "{first}"}}'


async def test_a_journey_that_is_not_named_is_asked_for() -> None:
    answer = await act(WORLD, "action_journey", "where do I begin")
    assert answer.keys == ["utter_ask_journey"]
    chosen = answer.said[0].buttons[1]["payload"]
    assert chosen == '/requirements/journey{"journey": "new-baby"}'
    assert (await act(WORLD, "action_journey", "2", entities={"journey": "new-baby"})).keys == [
        "utter_journey"
    ]


def test_every_country_has_its_own_journeys() -> None:
    assert list(load_journeys(QAVIA.pack)) == ["go-fishing"]
