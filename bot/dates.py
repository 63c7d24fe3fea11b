"""The day that a date in a message means: the `date` entity says it as spoken, the calendar says which it is.

An entity's value is an ISO day (2026-09-15), what XML Schema writes for a part of one (--09-15 for
the 15th of September, --09 for a September, ---15 for a 15th), an ISO duration from today (P3D, P2W,
P1M, P1Y; -P3D for three days ago), a word of the lexicon's `days` (tomorrow, monday, next_week …), or a
weekday gone by (last_monday).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from bot.calendar import WEEKDAYS

_DAYS_AWAY = {
    "today": 0, "tomorrow": 1, "day_after_tomorrow": 2, "yesterday": -1, "day_before_yesterday": -2,
}  # fmt: skip
_DURATION = re.compile(r"(-?)P(\d{1,4})([DWMY])")
_LAST = "last_"
_PART = re.compile(r"--(?:(\d\d)(?:-(\d\d))?|-(\d\d))")
_MONTHS = 12
# A 29th of February comes within so many months, whatever the century.
_FARTHEST_MONTHS = 8 * _MONTHS + 1
_WEEK = 7


def coming(value: str, today: date) -> date | None:
    """The first day from today on that the value of a date entity may mean; None for one that means none.

    Days that are named whole, and those that lie behind by their meaning (yesterday), stay where they are.
    """
    if duration := _DURATION.fullmatch(value):
        return _after(today, int(duration[1] + duration[2]), duration[3])
    if part := _PART.fullmatch(value):
        return _next(today, month=int(part[1] or 0), day=int(part[2] or part[3] or 0))
    try:
        return date.fromisoformat(value)
    except ValueError:
        return _named(value, today)


def _named(word: str, today: date) -> date | None:
    """The day of a word of the lexicon."""
    monday = -today.weekday()
    if word in WEEKDAYS:
        # Said on a Monday, Monday is that of next week.
        return _plus(today, days=(WEEKDAYS.index(word) + monday - 1) % _WEEK + 1)
    if word.removeprefix(_LAST) in WEEKDAYS:
        # Said on a Monday, last Monday is that of the week before.
        return _plus(today, days=(WEEKDAYS.index(word.removeprefix(_LAST)) + monday) % _WEEK - _WEEK)
    if word == "next_month":
        return next((first for first in _firsts(today) if first > today), None)
    if word == "last_month":
        return _after(today.replace(day=1), -1, "M")
    away = _DAYS_AWAY | {"next_week": monday + _WEEK, "last_week": monday - _WEEK}
    return _plus(today, days=away[word]) if word in away else None


def _after(today: date, count: int, unit: str) -> date | None:
    if unit in "DW":
        return _plus(today, days=count * (_WEEK if unit == "W" else 1))
    months = today.year * _MONTHS + today.month - 1 + count * (_MONTHS if unit == "Y" else 1)
    year, month = divmod(months, _MONTHS)
    if not date.min.year <= year <= date.max.year:
        return None
    # A month after the 31st of January is the last of February.
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _next(today: date, *, month: int, day: int) -> date | None:
    """The next such day of a month; of a month alone its first day, or tomorrow while it lasts."""
    if month and not day and today.month == month and (tomorrow := _plus(today, days=1)):
        return tomorrow if tomorrow.month == month else _next(tomorrow, month=month, day=1)
    for first in _firsts(today):
        if month in (0, first.month) and 1 <= (day or 1) <= monthrange(first.year, first.month)[1]:
            found = first.replace(day=day or 1)
            if found >= today:
                return found
    return None


def _firsts(today: date) -> Iterator[date]:
    """The first days of this month and of those to come."""
    for ahead in range(_FARTHEST_MONTHS):
        year, month = divmod(today.year * _MONTHS + today.month - 1 + ahead, _MONTHS)
        if year <= date.max.year:
            yield date(year, month + 1, 1)


def _plus(day: date, *, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
