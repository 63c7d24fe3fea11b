"""The catalogue here, for them, now: the closest and latest difference counts, and it costs next to nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pack import Pack, load_yaml
from services.catalogue import Catalogue
from services.layers import Overlay, applied, by_precedence, span, window
from services.record import Fact, Notice, Status, Topic
from services.view import Services
from tests.pack.conftest import PACKS
from tests.services.conftest import services_of

ASKED = load_yaml(Path(__file__).with_name("view.yml")).data
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)
CONFIRMED = Fact(status=Status.CONFIRMED, source="decree", owner="MWB", last_checked=NOON.date())


FICTIONAL = Catalogue.load(Pack.load(PACKS["fictional"]))


@pytest.fixture(scope="module")
def fictional() -> Services:
    return services_of(FICTIONAL.pack)


@pytest.fixture(scope="module")
def lao() -> Services:
    return services_of(Pack.load(PACKS["lao"]))


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case["name"])
def test_a_service_is_told_as_it_is_there_for_them_then(fictional: Services, case: dict[str, Any]) -> None:
    at = datetime.combine(datetime.fromisoformat(case.get("at", "2026-06-01")), NOON.timetz())
    service = fictional.of("boat-licence", case.get("place", ""), case.get("citizen", ()), at=at)
    if "fees" in case:
        assert {cost.id: cost.amount for cost in service.costs} == case["fees"]
    if "days" in case:
        assert {each.id: each.days for each in service.durations} == case["days"]
    if "papers" in case:
        assert [each.names["en"] for each in service.requirements] == case["papers"]
    if "office" in case:
        assert service.office["en"] == case["office"]
    if "sure" in case:
        assert service.costs_fact.status == case["sure"]


def test_other_types_are_those_with_another_answer(fictional: Services) -> None:
    assert fictional.other_types("boat-licence", Topic.FEE, at=NOON) == ("renewal", "foreigner")
    assert fictional.other_types("boat-licence", Topic.FEE, citizen=["renewal"], at=NOON) == (
        "first-time", "lost", "foreigner",
    )  # fmt: skip
    assert fictional.other_types("boat-licence", Topic.REQUIREMENTS, at=NOON) == ("child", "renewal")
    assert fictional.other_types("market-stall", Topic.FEE, at=NOON) == ()


def test_other_places_are_those_with_another_answer(fictional: Services) -> None:
    assert fictional.other_places("boat-licence", Topic.FEE, ["renewal"], at=NOON) == ("P2", "P201")
    assert fictional.other_places("boat-licence", Topic.FEE, at=NOON) == ("P201",), (
        "who asks by province is not sent to a centre"
    )
    assert fictional.other_places("boat-licence", Topic.REQUIREMENTS, at=NOON) == ()
    assert fictional.other_places("market-stall", Topic.FEE, at=NOON) == ()


def test_one_centre_may_be_faster_than_the_country(lao: Services) -> None:
    everywhere = lao.of("id-card", "", ["correction"], at=NOON)
    there = lao.of("id-card", "pek", ["correction"], at=NOON)
    assert everywhere.durations_fact.status is Status.UNKNOWN
    assert there.durations_fact.year == 2012
    assert {each.id: each.days for each in there.durations}["correction"] == 1
    assert lao.other_types("id-card", Topic.DURATION, at=NOON) == (), (
        "nobody knows: there is nothing to choose"
    )


def test_what_staff_change_counts_at_once_and_until_it_ends(fictional: Services) -> None:
    began = NOON - timedelta(hours=1)
    dearer = Overlay(
        id="1", service="boat-licence", begins=began, ends=NOON + timedelta(hours=1), live=True,
        fees={"small": 9}, fact=CONFIRMED,
    )  # fmt: skip
    outage = Overlay(
        id="2", service="", live=True, notice=Notice(id="2", outage=True, text={}, since=began.date())
    )
    try:
        fictional.put([dearer, outage])
        now = fictional.of("boat-licence", at=NOON)
        assert now.costs[0].amount == 9
        assert [notice.id for notice in now.notices] == ["2"]
        assert fictional.of("market-stall", at=NOON).notices, "an outage of everything"
        assert fictional.of("boat-licence", at=dearer.ends).costs[0].amount == 1200
        assert fictional.of("boat-licence", at=began - timedelta(seconds=1)).costs[0].amount == 1200
        assert fictional.of("boat-licence", at=NOON) is now or fictional.of("boat-licence", at=NOON) == now
    finally:
        fictional.put(())
    assert fictional.of("boat-licence", at=NOON).notices == ()


def test_an_unknown_service_is_an_error_and_an_unknown_place_the_country(fictional: Services) -> None:
    with pytest.raises(KeyError):
        fictional.of("fishing", at=NOON)
    assert fictional.of("boat-licence", "Atlantis", at=NOON) is fictional.of("boat-licence", at=NOON)
    assert fictional.of("boat-licence", "P302", ["nobody"], at=NOON) is fictional.of("boat-licence", at=NOON)


def test_a_look_costs_microseconds(lao: Services) -> None:
    lao.of("id-card", "LA0901", ["child"], at=NOON)
    began = time.process_time()
    for _ in range(2_000):
        lao.of("id-card", "LA0901", ["child"], at=NOON)
    assert (time.process_time() - began) / 2_000 < 20e-6


@given(st.data())
def test_the_closest_the_live_and_the_latest_wins(data: st.DataObject) -> None:
    chain = ("P2", "P201", "hall")
    overlays = [
        Overlay(
            id=str(number),
            service="s",
            where=data.draw(st.sampled_from(("", *chain, "P3"))),
            live=data.draw(st.booleans()),
            begins=NOON + timedelta(days=data.draw(st.integers(-3, 3))),
            fees={"fee": number},
        )
        for number in range(data.draw(st.integers(0, 6)))
    ]
    ordered = by_precedence(overlays, chain)
    assert {each.id for each in ordered} == {each.id for each in overlays if each.where != "P3"}
    for first, second in pairwise(ordered):
        ranks = [("", *chain).index(each.where) for each in (first, second)]
        assert (ranks[0], first.live, first.begins) <= (ranks[1], second.live, second.begins)
    # Before and after every turn, what the window promises holds: nothing begins or ends within it.
    begins, ends = window(ordered, NOON)
    assert begins <= NOON < ends
    for each in ordered:
        assert each.in_force(NOON) == each.in_force(begins)
        assert not NOON < each.begins < ends


@given(st.lists(st.sampled_from(["P2", "P201", ""]), max_size=5), st.integers(0, 10**9))
def test_a_difference_changes_what_it_names_and_nothing_else(wheres: list[str], amount: int) -> None:
    service = FICTIONAL.services["boat-licence"]
    overlays = [
        Overlay(id=where, service=service.id, where=where, fees={"big": amount}, fact=CONFIRMED)
        for where in wheres
    ]
    changed = applied(service, overlays)
    before = {cost.id: cost for cost in service.costs}
    for cost in changed.costs:
        same = cost.id != "big" or not wheres
        assert cost == (before[cost.id] if same else replace(before["big"], amount=amount, fact=CONFIRMED))
    assert replace(changed, costs=service.costs, costs_fact=service.costs_fact) == service


def test_a_span_of_days_begins_and_ends_with_the_local_day() -> None:
    zone = FICTIONAL.pack.zone
    begins, ends = (each.astimezone(zone) for each in span(zone, NOON.date(), NOON.date()))
    assert (begins.hour, ends.hour, ends - begins) == (0, 0, timedelta(days=1))
