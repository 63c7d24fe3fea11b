"""Whether it is open, and whom to call: from the calendar, the catalogue and the hotlines, never from anywhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest

from tests.dialogs.actions.kit import act, ports
from tests.pinned import PinnedTime

WORLD = ports()
ZONE = WORLD.pack.zone


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
    services = {**WORLD.catalogue.services, "id-card": service}
    world = replace(WORLD, catalogue=replace(WORLD.catalogue, services=services))
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
