"""Dates in three scripts: what is heard, and which day it means."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calendar import WEEKDAYS
from bot.dates import coming
from bot.nlu.dates import Dates, _in_digits
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack, load_yaml
from bot.text.digits import ascii_digits

ROWS: list[dict[str, Any]] = load_yaml(Path(__file__).with_name("dates.yml")).data
MONDAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return lexicon_of(Pack.load("nlu_data"))


@pytest.fixture(scope="module")
def dates(lexicon: Lexicon) -> Dates:
    return Dates(lexicon)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["text"]))
def test_a_date_is_heard_and_means_a_day(dates: Dates, lexicon: Lexicon, row: dict[str, Any]) -> None:
    found = [each["value"] for each in dates.find(Reading(row["text"], lexicon.sounds))]
    assert found == ([row["value"]] if row["value"] else [])
    if row["value"]:
        assert coming(row["value"], MONDAY) == date.fromisoformat(row["day"])


def test_the_span_is_that_of_the_words(dates: Dates, lexicon: Lexicon) -> None:
    text = "please on the 15th of September 2026, thanks"
    entity = next(iter(dates.find(Reading(text, lexicon.sounds))))
    assert text[entity["start"] : entity["end"]] == "on the 15th of September 2026"


@settings(deadline=None)
@given(st.text(max_size=60) | st.text("0123456789/-. ເດືອນວັນທີອີກມື້ in of may kanya", max_size=40))
def test_whatever_is_written_every_date_has_its_span(dates: Dates, lexicon: Lexicon, text: str) -> None:
    for entity in dates.find(Reading(text, lexicon.sounds)):
        assert 0 <= entity["start"] < entity["end"] <= len(text)
        assert isinstance(entity["value"], str)


@settings(deadline=None)
@given(data=st.data())
def test_a_text_that_is_not_looked_through_for_words_has_none(
    dates: Dates, lexicon: Lexicon, data: st.DataObject
) -> None:
    words = [
        word for entry in ("days", "months", "date_words", "date_units") for *_, word in lexicon.table(entry)
    ]
    said = st.sampled_from([*words, "5", "31", "2026", "໒໕໖໙", "12/3", ",", "kip", "ບ້ານ"])
    text = data.draw(st.sampled_from(["", " "])).join(data.draw(st.lists(said, max_size=6)))
    reading = Reading(text, lexicon.sounds)
    digits = ascii_digits(text)
    everything = [*_in_digits(digits), *dates._in_words(digits.lower(), reading)]
    assert list(dates.find(reading)) == everything


@given(today=st.dates(max_value=date(9990, 1, 1)), weekday=st.sampled_from(WEEKDAYS))
def test_a_weekday_is_one_of_the_seven_days_to_come(today: date, weekday: str) -> None:
    day = coming(weekday, today)
    assert day is not None
    assert timedelta(days=1) <= day - today <= timedelta(days=7)
    assert WEEKDAYS[day.weekday()] == weekday


@given(today=st.dates(max_value=date(9980, 1, 1)), day=st.integers(1, 31), month=st.integers(1, 12))
def test_a_day_of_the_year_comes_in_its_turn(today: date, day: int, month: int) -> None:
    found = coming(f"--{month:02d}-{day:02d}", today)
    if found is None:
        assert day > 29
    else:
        assert (found.day, found.month) == (day, month)
        assert today <= found <= today + timedelta(days=366 * 8)


@pytest.mark.parametrize("value", ["", "never", "P9999Y", "--13", "--02-30", "2026-02-30", "P3H"])
def test_what_means_no_day_is_no_day(value: str) -> None:
    assert coming(value, MONDAY) is None


@pytest.mark.parametrize(
    ("value", "today", "day"),
    [
        ("P1M", date(2026, 1, 31), date(2026, 2, 28)),
        ("P1Y", date(2024, 2, 29), date(2025, 2, 28)),
        ("--03", date(2026, 3, 31), date(2027, 3, 1)),
        ("--12", date(2026, 12, 30), date(2026, 12, 31)),
        ("next_month", date(2026, 12, 5), date(2027, 1, 1)),
        ("---31", date(2026, 2, 1), date(2026, 3, 31)),
        ("last_week", date(2026, 3, 4), date(2026, 2, 23)),
        ("tomorrow", date.max, None),
    ],
)
def test_the_ends_of_months_and_years(value: str, today: date, day: date | None) -> None:
    assert coming(value, today) == day
