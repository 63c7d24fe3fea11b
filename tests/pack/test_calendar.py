"""The working calendar: what people would count on their fingers, for any moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import WorkingCalendar, check
from bot.pack import Pack, load_yaml
from tests.pack.conftest import PACKS

COUNTED = load_yaml(Path(__file__).with_name("calendar.yml")).data
CALENDARS = {name: WorkingCalendar.load(Pack.load(path)) for name, path in PACKS.items()}

calendars = st.sampled_from(list(CALENDARS.values()))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants it naive)
spans = st.floats(0, 200)
days = st.integers(0, 40)


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in COUNTED.items() for row in rows])
def test_it_counts_as_people_do(name: str, row: dict[str, Any]) -> None:
    calendar = CALENDARS[name]

    def local(words: str) -> datetime:
        return datetime.fromisoformat(words).replace(tzinfo=calendar.zone)

    at = local(row["at"])
    if "working" in row:
        assert calendar.is_working(at) is row["working"]
    if "next" in row:
        assert calendar.next_open(at) == local(row["next"])
    if "days" in row:
        assert calendar.add_days(at, row["days"]) == local(row["then"])
    if "hours" in row:
        assert calendar.add_hours(at, row["hours"]) == local(row["then"])


@given(calendars, moments, days, days)
def test_more_days_never_end_earlier(calendar: WorkingCalendar, start: datetime, one: int, more: int) -> None:
    assert start < calendar.add_days(start, one) <= calendar.add_days(start, one + more)


@given(calendars, moments, st.timedeltas(timedelta(), timedelta(days=30)), days)
def test_a_later_start_never_ends_earlier(
    calendar: WorkingCalendar, start: datetime, later: timedelta, count: int
) -> None:
    assert calendar.add_days(start, count) <= calendar.add_days(start + later, count)
    assert calendar.add_hours(start, count) <= calendar.add_hours(start + later, count)


@given(calendars, moments, days)
def test_a_promise_never_falls_on_a_day_off(calendar: WorkingCalendar, start: datetime, count: int) -> None:
    end = calendar.add_days(start, count)
    assert end.tzinfo is UTC
    assert calendar.is_working(end - timedelta(minutes=1))
    assert not calendar.is_working(end)


@given(calendars, moments, days, days)
def test_days_add_up(calendar: WorkingCalendar, start: datetime, one: int, more: int) -> None:
    if one:
        middle = calendar.add_days(start, one) - timedelta(minutes=1)
        assert calendar.add_days(middle, more) == calendar.add_days(start, one + more)


@given(calendars, moments, spans)
def test_hours_between_gives_back_the_hours_added(
    calendar: WorkingCalendar, start: datetime, hours: float
) -> None:
    end = calendar.add_hours(start, hours)
    assert end.tzinfo is UTC
    assert calendar.hours_between(start, end) == pytest.approx(hours, abs=1e-6)


@given(calendars, moments, spans, spans)
def test_hours_add_up(calendar: WorkingCalendar, start: datetime, one: float, more: float) -> None:
    whole = calendar.add_hours(start, one + more)
    parts = calendar.add_hours(calendar.add_hours(start, one), more)
    assert calendar.hours_between(start, parts) == pytest.approx(one + more, abs=1e-6)
    assert calendar.hours_between(start, whole) == pytest.approx(one + more, abs=1e-6)


@given(calendars, moments)
def test_the_next_opening_is_open_and_not_past(calendar: WorkingCalendar, moment: datetime) -> None:
    opening = calendar.next_open(moment)
    assert opening >= moment
    assert calendar.is_working(opening)
    assert calendar.hours_between(moment, opening) == 0
    assert calendar.next_open(opening) == opening


def test_time_does_not_run_backwards() -> None:
    calendar = CALENDARS["lao"]
    with pytest.raises(ValueError, match="forward"):
        calendar.add_days(datetime.now(UTC), -1)
    with pytest.raises(ValueError, match="forward"):
        calendar.add_hours(datetime.now(UTC), -0.5)
    now = datetime.now(UTC)
    assert calendar.hours_between(now, now - timedelta(days=3)) == 0


def test_it_says_how_sure_it_is() -> None:
    assert (CALENDARS["lao"].status, CALENDARS["lao"].year) == ("reported", 2025)
    assert CALENDARS["lao"].known_until.year == 2030
    assert CALENDARS["fictional"].status == "confirmed"


def test_mistakes_are_told_with_their_line(
    write: Callable[[dict[str, str]], Path], packs: dict[str, Pack]
) -> None:
    root = write(
        {
            "calendar.yml": (
                "status: perhaps\nweek:\n  monday: [morning]\n  tuesday: ['12:00-08:00']\n"
                "  friday: ['08:00-12:00', '11:00-13:00']\noverrides:\n  - {open: []}\n"
            ),
            "holidays.csv": "date,qav,en,source\n2026-02-30,x,X,act\n",
        }
    )
    broken = replace(packs["fictional"], root=root)
    told = [f"{Path(each.file).name}:{each.line}: {each.problem}" for each in check(broken)]
    assert told == [
        "calendar.yml:1: no status perhaps",
        "calendar.yml:3: morning is not a span of hours",
        "calendar.yml:4: 12:00-08:00 ends before it begins",
        "calendar.yml:5: 11:00-13:00 ends before it begins",
        "holidays.csv:2: not a date",
        "calendar.yml:7: no date",
    ]
