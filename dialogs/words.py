"""Words of one language: labels, dates, hours, the beginning of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from bot.calendar import WEEKDAYS, Hours, WorkingCalendar
from bot.pack import Pack, fill
from bot.text.graphemes import cut


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Says things in `language`, by the labels of the pack."""

    pack: Pack
    language: str

    def label(self, key: str, **values: object) -> str:
        """A label with its values filled in; raises KeyError for one that no language has."""
        return fill(self.pack.label(self.language, key), values)

    def day(self, day: date) -> str:
        """A day near enough to be known by its weekday: "Mon 2/3"."""
        weekday = self.label(f"weekday_{WEEKDAYS[day.weekday()]}")
        return self.label("weekday_date", weekday=weekday, day=day.day, month=day.month)

    def written(self, day: date) -> str:
        """A day with its year."""
        return self.label("date", day=f"{day.day:02d}", month=f"{day.month:02d}", year=day.year)

    def date(self, moment: datetime) -> str:
        """The local day of an aware moment."""
        return self.written(moment.astimezone(self.pack.zone).date())

    def moment(self, moment: datetime) -> str:
        """The local day and time of an aware moment."""
        local = moment.astimezone(self.pack.zone)
        return f"{self.written(local.date())} {local:%H:%M}"

    def hours(self, calendar: WorkingCalendar) -> str:
        """The usual week, days with the same hours together: "Mon-Fri 8-12, 13-16"."""
        spoken = []
        for hours, days in groupby(range(len(WEEKDAYS)), key=lambda day: calendar.week[day]):
            if hours:
                spoken.append(f"{self._days(list(days))} {spans(hours)}")
        return "; ".join(spoken)

    def excerpt(self, text: str, limit: int) -> str:
        """The beginning of a text, at most `limit` code points, on one line; "..." says that more follows."""
        line = " ".join(text.split())
        if len(line) <= limit:
            return line
        head, _ = cut(line, limit - 3)
        return f"{head.rstrip()}..."

    def _days(self, days: Sequence[int]) -> str:
        first, last = (self.label(f"weekday_{WEEKDAYS[day]}") for day in (days[0], days[-1]))
        return first if first == last else f"{first}-{last}"


def spans(hours: Hours) -> str:
    """The hours of one day: "8-12, 13-16"."""
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in hours)


def clock(at: time) -> str:
    """A time of the day: "8:05"."""
    return f"{at.hour}:{at.minute:02d}"


def _clock(at: time) -> str:
    return clock(at) if at.minute else str(at.hour)
