"""Centres: who serves a place, when they are open, and hours that read back as they were written."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import WorkingCalendar
from bot.pack import Pack
from bot.places import Places
from services.centres import Centre, Centres, CentreStatus
from services.record import Status
from services.week import Week, read_week, write_week
from tests.pack.conftest import PACKS

CAIRO = Pack.load(PACKS["fictional"])


@pytest.fixture
def centres() -> Centres:
    return Centres.load(CAIRO, Places.load(CAIRO))


def _centre(centres: Centres, id_: str) -> Centre:
    found = centres.get(id_)
    assert found
    return found


@pytest.mark.parametrize(
    ("place", "served"),
    [
        ("P101", ["korin-hall", "korin-boats"]),
        ("P1", ["korin-hall", "korin-boats"]),
        ("P202", ["land-hall"]),
        ("P301", []),
        ("P3", ["seeside-hall"]),
        ("P9", []),
    ],
)
def test_a_place_is_served_by_what_lies_nearest(centres: Centres, place: str, served: list[str]) -> None:
    assert [centre.id for centre in centres.for_place(place)] == served


def test_a_centre_lies_in_its_place_and_a_district_with_one_hall_ends_in_it(centres: Centres) -> None:
    assert centres.chain("korin-hall") == ("P1", "P101", "korin-hall")
    assert centres.chain("P101") == ("P1", "P101", "korin-hall")
    assert centres.chain("P1") == ("P1",)
    assert centres.chain("P202") == ("P2", "P202"), "its hall is paused"
    assert centres.chain("") == centres.chain("P9") == ()
    assert centres.place_of("korin-boats") == "P1"
    assert centres.name("korin-boats", "en") == "Korin boat centre"
    assert centres.name("P302", "en") == "Seeside"


@pytest.mark.parametrize(
    ("centre", "at", "opens"),
    [
        ("korin-hall", "2026-06-01T12:59", "2026-06-01T12:59"),  # a Monday
        ("korin-hall", "2026-06-01T13:00", "2026-06-01T14:00"),  # lunch
        ("korin-hall", "2026-06-01T17:45", "2026-06-01T17:45"),  # when others have closed
        ("korin-hall", "2026-06-04T12:00", "2026-06-07T09:00"),  # over the weekend
        ("korin-boats", "2026-06-01T17:45", "2026-06-04T09:00"),  # the usual hours, after holidays
        ("korin-hall", "2026-06-14T10:00", "2026-06-15T09:00"),  # a notice closes every office
    ],
)
def test_it_opens_by_its_own_hours_and_everybodys_holidays(
    centres: Centres, centre: str, at: str, opens: str
) -> None:
    calendar = _centre(centres, centre).calendar(WorkingCalendar.load(CAIRO))
    asked, expected = (datetime.fromisoformat(each).replace(tzinfo=CAIRO.zone) for each in (at, opens))
    assert calendar.next_open(asked) == expected
    assert calendar.is_working(asked) == (asked == expected)


def test_the_real_pack_claims_no_more_than_was_reported() -> None:
    pack = Pack.load(PACKS["lao"])
    for centre in Centres.load(pack, Places.load(pack)).all():
        assert centre.fact.status is Status.REPORTED
        assert centre.fact.source
        assert centre.status is CentreStatus.LIVE
        assert not centre.week, "nobody published hours"


_TIMES = st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), unique=True, max_size=4)


def _spans(times: list[time]) -> tuple[tuple[time, time], ...]:
    ordered = sorted(times)[: len(times) // 2 * 2]
    return tuple(zip(ordered[::2], ordered[1::2], strict=True))


@given(st.lists(_TIMES.map(_spans), min_size=7, max_size=7).map(tuple))
def test_hours_read_back_as_they_were_written(week: Week) -> None:
    assert read_week(write_week(week)) == (week if any(week) else ())
