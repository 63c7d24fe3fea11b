"""Whether it is open, and whom to call: from the calendar, the catalogue and the hotlines, never from anywhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest

from services.view import Services
from tests.dialogs.actions.kit import FICTIONAL, act, ports
from tests.pinned import PinnedTime

WORLD = ports()
ZONE = WORLD.pack.zone
QAVIA = ports(root=FICTIONAL)


@pytest.mark.parametrize(
    ("at", "asked", "key", "told"),
    [
        ("2026-03-02 10:00", "", "utter_open_now", {"until": "12:00", "time": "10:00"}),
        ("2026-03-02 13:00", "today", "utter_open_now", {"until": "16:00"}),
        ("2026-03-02 12:00", "", "utter_break_now", {"until": "13:00"}),
        ("2026-03-02 07:59", "", "utter_closed_now", {"next": "Mon 2/3, 8-12, 13-16"}),
        ("2026-03-02 16:00", "", "utter_closed_now", {"next": "Tue 3/3, 8-12, 13-16"}),
        ("2026-03-07 10:00", "", "utter_closed_now", {"next": "Tue 10/3, 8-12, 13-16"}),
        ("2026-03-08 10:00", "", "utter_closed_holiday", {"holiday": "International Women's Rights Day"}),
        (
            "2026-03-02 10:00",
            "saturday",
            "utter_closed_on",
            {"day": "Sat 7/3", "next": "Tue 10/3, 8-12, 13-16"},
        ),
        ("2026-03-02 10:00", "tomorrow", "utter_open_on", {"day": "Tue 3/3", "hours": "8-12, 13-16"}),
        ("2026-03-02 10:00", "--12-02", "utter_closed_holiday", {"next": "Thu 3/12, 8-12, 13-16"}),
        ("2026-03-02 10:00", "2045-03-02", "utter_holidays_unknown", {"hours": "8-12, 13-16"}),
        ("2026-03-02 10:00", "no such day", "utter_open_now", {}),
    ],
)
async def test_the_calendar_is_told_as_it_stands(at: str, asked: str, key: str, told: dict[str, str]) -> None:
    start = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    answer = await act(
        ports(PinnedTime(start)), "action_open_now", entities={"date": asked} if asked else None
    )
    assert answer.keys == [key]
    assert told.items() <= answer.said[0].values.items()
    assert answer.slots == {"goal": "open_now"}


async def test_a_day_worked_by_notice_is_open_though_it_is_a_holiday() -> None:
    saturday = {datetime(2026, 3, 8, tzinfo=ZONE).date(): ((time(8), time(12)),)}
    world = replace(WORLD, calendar=replace(WORLD.calendar, overrides=saturday))
    answer = await act(world, "action_open_now", entities={"date": "2026-03-08"})
    assert answer.keys == ["utter_open_on"]
    assert answer.said[0].values["hours"] == "8-12"


async def test_a_day_closed_by_notice_bears_no_holidays_name() -> None:
    closed = {datetime(2026, 3, 8, tzinfo=ZONE).date(): ()}
    world = replace(WORLD, calendar=replace(WORLD.calendar, overrides=closed))
    assert (await act(world, "action_open_now", entities={"date": "2026-03-08"})).keys == ["utter_closed_on"]


async def test_the_ministry_is_the_one_that_owns_the_work_today() -> None:
    service = replace(WORLD.catalogue.services["id-card"], authority="MOHA")
    catalogue = replace(WORLD.catalogue, services={**WORLD.catalogue.services, "id-card": service})
    services = Services(catalogue=catalogue, places=WORLD.centres, overlays=())
    world = replace(WORLD, catalogue=catalogue, services=services)
    answer = await act(world, "action_contact", entities={"service": "id-card"})
    assert answer.said[0].values["ministry"] == "Prime Minister's Office"


@pytest.mark.parametrize(
    ("service", "key"), [("motorbike-tax", "utter_contact"), ("passport", "utter_contact_no_number")]
)
async def test_a_number_is_told_where_one_answers_for_the_service(service: str, key: str) -> None:
    answer = await act(WORLD, "action_contact", entities={"service": service})
    assert answer.keys == [key]


async def test_a_number_that_nobody_vouches_for_is_not_told() -> None:
    answer = await act(WORLD, "action_contact", entities={"service": "motorbike-tax"})
    assert answer.said[0].values["hotline"] == "1519 (Ministry of Finance, as of 2017)"


@pytest.mark.parametrize(
    ("goal", "entities", "key"),
    [
        ("open_now", {"date": "tomorrow"}, "utter_open_on"),
        ("contact", {"service": "passport"}, "utter_contact_no_number"),
        ("fee", {"service": "passport"}, "utter_fee_reported"),
        ("fee", {"district": "LA1601"}, "utter_fee_reported"),
        ("fee", {"date": "tomorrow"}, "utter_default"),
        ("open_now", {"service": "passport"}, "utter_ask_what_of_service"),
    ],
)
async def test_a_fact_alone_changes_the_question_before(
    goal: str, entities: dict[str, str], key: str
) -> None:
    slots = {"goal": goal, "service": "id-card"}
    assert (await act(WORLD, "action_inform", "x", entities=entities, slots=slots)).keys == [key]


@pytest.mark.parametrize(
    ("place", "text", "key", "told"),
    [
        ("P101", "", "utter_nearest", {"centre": "Korin one-door hall"}),
        ("P202", "", "utter_nearest_paused", {"centre": "New town hall (reported 2025)"}),
        ("P302", "", "utter_nearest_planned", {"centre": "Seeside hall (reported 2025)"}),
        ("P3", "", "utter_nearest_planned", {}),
        ("P301", "", "utter_nearest_none", {}),
        ("", "near me", "utter_ask_place", {}),
    ],
)
async def test_a_centre_is_told_as_far_as_it_has_opened(
    place: str, text: str, key: str, told: dict[str, str]
) -> None:
    entities = {"district": place} if place else None
    answer = await act(QAVIA, "action_nearest", text, entities=entities)
    assert answer.keys == [key]
    assert told.items() <= answer.said[0].values.items()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("P101", []),
        ("P202", ["utter_nearest_paused"]),
        ("P302", ["utter_nearest_planned"]),
        ("P301", []),
    ],
)
async def test_before_the_hours_a_centre_that_nobody_can_go_to_is_told(place: str, told: list[str]) -> None:
    answer = await act(QAVIA, "action_open_now", slots={"place": place})
    assert answer.keys[:-1] == told


async def test_a_district_without_a_centre_hears_of_the_one_in_its_province() -> None:
    answer = await act(WORLD, "action_nearest", entities={"district": "LA0101"})
    assert answer.keys == ["utter_nearest_elsewhere"]
    assert "Xaysettha" in answer.said[0].values["centre"]


async def test_the_remembered_place_is_not_asked_again() -> None:
    assert (await act(QAVIA, "action_nearest", slots={"place": "P101"})).keys == ["utter_nearest"]


async def test_of_a_centre_only_what_is_known_is_said() -> None:
    told = (await act(WORLD, "action_nearest", entities={"district": "LA0901"})).said[0].values
    assert told["details"] == "Usual office hours Mon-Fri 8-12, 13-16"
    assert "2012" in told["centre"]


async def test_a_service_is_sent_to_the_centre_that_offers_it() -> None:
    slots = {"place": "P101"}
    here = await act(QAVIA, "action_where_hours", entities={"service": "boat-licence"}, slots=slots)
    assert here.keys == ["utter_where_centre"]
    details = here.said[0].values["details"]
    assert all(each in details for each in ("opposite the old bridge", "14-18", "770111")), details
    other = await act(QAVIA, "action_where_hours", entities={"service": "market-stall"}, slots=slots)
    assert other.keys == ["utter_where"]


async def test_a_centre_with_its_own_hours_and_number_answers_for_its_place() -> None:
    slots = {"place": "P101"}
    opened = await act(QAVIA, "action_open_now", entities={"date": "thursday"}, slots=slots)
    assert opened.said[0].values["office"] == "Korin one-door hall"
    assert opened.said[0].values["hours"] == "9-12"
    called = await act(QAVIA, "action_contact", entities={"service": "boat-licence"}, slots=slots)
    assert "770111" in called.said[0].values["hotline"]


async def test_a_place_that_is_nowhere_is_asked_for_again() -> None:
    answer = await act(WORLD, "action_inform", "ban Nowhere", said_before="utter_ask_place")
    assert answer.keys == ["utter_place_not_known"]
