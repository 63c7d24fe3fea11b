"""The hours of an office in words: "mon-fri 08:00-12:00 13:00-16:00; sat 08:00-11:30"."""

from __future__ import annotations

from datetime import time
from itertools import pairwise

from bot.calendar import WEEKDAYS, Hours

# The hours of each day of the week from Monday on; empty where they are not known.
Week = tuple[Hours, ...]

_SHORTEST = 3  # letters of a weekday: "mon"


def read_week(words: str) -> Week:
    """Hours as "mon-fri 08:00-12:00 13:00-16:00; sat 08:00-11:30"; raises ValueError, says what is wrong."""
    days: dict[int, Hours] = {}
    for part in filter(None, (part.strip() for part in words.split(";"))):
        weekdays, *spans = part.split()
        first, _, last = weekdays.partition("-")
        begin, end = _weekday(first), _weekday(last or first)
        if not spans or begin > end:
            raise ValueError(f"{part} says no days and hours")
        hours = tuple(map(_span, spans))
        if any(before[1] > after[0] for before, after in pairwise(hours)):
            raise ValueError(f"{part} is not in the order of the day")
        days |= dict.fromkeys(range(begin, end + 1), hours)
    return tuple(days.get(day, ()) for day in range(len(WEEKDAYS))) if days else ()


def write_week(week: Week) -> str:
    """The same hours as words that `read_week` reads."""
    lines: list[tuple[int, int, Hours]] = []
    for day, hours in enumerate(week):
        if lines and lines[-1][2] == hours and lines[-1][1] == day - 1:
            lines[-1] = (lines[-1][0], day, hours)
        elif hours:
            lines.append((day, day, hours))
    return "; ".join(
        " ".join((_days(first, last), *(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in hours)))
        for first, last, hours in lines
    )


def _weekday(word: str) -> int:
    found = [
        day for day, name in enumerate(WEEKDAYS) if len(word) >= _SHORTEST and name.startswith(word.lower())
    ]
    if not found:
        raise ValueError(f"{word} is no day of the week")
    return found[0]


def _days(first: int, last: int) -> str:
    begin, end = (WEEKDAYS[day][:_SHORTEST] for day in (first, last))
    return begin if first == last else f"{begin}-{end}"


def _span(words: str) -> tuple[time, time]:
    opens, _, closes = words.partition("-")
    try:
        span = time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError:
        raise ValueError(f"{words} is not a span of hours") from None
    if span[0] >= span[1]:
        raise ValueError(f"{words} ends before it begins")
    return span
