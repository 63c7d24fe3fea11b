"""The working calendar: office hours with breaks, public holidays, and days that differ by notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import PackError
from bot.pack import Pack, Section, load_csv

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Local wall-clock spans of work, in order, parted by breaks.
Hours = tuple[tuple[time, time], ...]

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holiday:
    """A day off for everyone; `names` by language."""

    day: date
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class WorkingCalendar:
    """When offices work. Takes aware datetimes of any zone, gives aware UTC.

    `status` and `year` say how sure the hours are; `known_until` is the last day of the last
    year that holidays are known for.
    """

    zone: ZoneInfo
    week: tuple[Hours, ...]
    holidays: Mapping[date, Holiday]
    overrides: Mapping[date, Hours]
    status: str
    year: int | None
    known_until: date

    @classmethod
    def load(cls, pack: Pack) -> WorkingCalendar:
        """Read calendar.yml and holidays.csv; raises PackError."""
        problems: list[PackError] = []
        calendar = _read(pack, problems)
        if problems:
            raise problems[0]
        return calendar

    def hours(self, day: date) -> Hours:
        """The spans of work on a local day: an override first, then holidays, then the week."""
        if day in self.overrides:
            return self.overrides[day]
        return () if day in self.holidays else self.week[day.weekday()]

    def is_working(self, moment: datetime) -> bool:
        """Whether offices are open; the closing minute itself is closed."""
        return any(opens <= moment < closes for opens, closes in self._spans(self._local_day(moment)))

    def next_open(self, moment: datetime) -> datetime:
        """The moment itself if offices are open, else when they next open."""
        return next(max(opens, moment) for opens, closes in self._from(moment) if closes > moment).astimezone(
            UTC
        )

    def add_days(self, start: datetime, working_days: int) -> datetime:
        """The end of the n-th working day after the local day of `start`.

        0 is the end of the day on which work on it can begin. Raises ValueError below 0.
        """
        if working_days < 0:
            raise ValueError("working days run forward")
        day = self._local_day(start if working_days else self.next_open(start))
        while working_days:
            day += _DAY
            working_days -= bool(self.hours(day))
        return self._spans(day)[-1][1]

    def add_hours(self, start: datetime, hours: float) -> datetime:
        """The moment at which so many working hours have passed; breaks and days off do not count.

        0 is `next_open`. Raises ValueError below 0.
        """
        if hours < 0:
            raise ValueError("working hours run forward")
        left = timedelta(hours=hours)
        moment = start.astimezone(UTC)
        for opens, closes in self._from(moment):
            begins = max(opens, moment)
            if closes > moment and begins + left <= closes:
                return begins + left
            left -= max(closes - begins, timedelta())
        raise AssertionError  # _from never ends

    def hours_between(self, start: datetime, end: datetime) -> float:
        """The working hours from `start` to `end`; 0 if `end` is not later."""
        total = timedelta()
        for opens, closes in self._from(start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total / timedelta(hours=1)

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _spans(self, day: date) -> list[tuple[datetime, datetime]]:
        return [
            (
                datetime.combine(day, opens, self.zone).astimezone(UTC),
                datetime.combine(day, closes, self.zone).astimezone(UTC),
            )
            for opens, closes in self.hours(day)
        ]

    def _from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = self._local_day(moment)
        while True:
            yield from self._spans(day)
            day += _DAY


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of calendar.yml and holidays.csv."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> WorkingCalendar:
    section = Section.open(pack.root / "calendar.yml", problems)
    section.only(("status", "year", "source", "week", "overrides"))
    status = section.string("status", required=True)
    if status not in {"confirmed", "reported", "unknown"}:
        section.problem(f"no status {status}", "Write confirmed, reported or unknown.", "status")
    week = section.section("week")
    week.only(WEEKDAYS)
    hours = tuple(_hours(week, weekday) for weekday in WEEKDAYS)
    if not any(hours):
        # Every search for working time would run for ever.
        section.problem("no day of the week is worked", 'Write monday: ["08:00-16:00"].', "week")
        hours = (((time(8), time(16)),),) * len(WEEKDAYS)
    holidays = _read_holidays(pack, problems)
    overrides = {}
    for row in section.rows("overrides"):
        row.only(("date", "open", "source"))
        day = row.day("date")
        if day is None:
            row.problem("no date", 'Write date: "2027-04-13".')
        else:
            overrides[day] = _hours(row, "open")
    return WorkingCalendar(
        zone=pack.zone,
        week=hours,
        holidays=holidays,
        overrides=overrides,
        status=status,
        year=section.integer("year"),
        known_until=date(max((day.year for day in holidays), default=1), 12, 31),
    )


def _hours(section: Section, key: str) -> Hours:
    spans: list[tuple[time, time]] = []
    for words in section.strings(key):
        opens, _, closes = words.partition("-")
        try:
            span = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
        except ValueError:
            section.problem(f"{words} is not a span of hours", 'Write "08:00-12:00".', key)
            continue
        if span[0] >= span[1] or (spans and spans[-1][1] > span[0]):
            section.problem(f"{words} ends before it begins", "Write spans in the order of the day.", key)
            continue
        spans.append(span)
    return tuple(spans)


def _read_holidays(pack: Pack, problems: list[PackError]) -> dict[date, Holiday]:
    holidays: dict[date, Holiday] = {}
    try:
        rows = load_csv(pack.root / "holidays.csv", {"date", "source", pack.languages[0]})
    except PackError as error:
        problems.append(error)
        return holidays
    for row in rows:
        try:
            day = date.fromisoformat(row.cells["date"])
        except ValueError:
            problems.append(row.error("not a date", "Write year-month-day: 2027-04-14."))
            continue
        names = {language: row.cells[language] for language in pack.languages if row.cells.get(language)}
        holidays[day] = Holiday(day=day, names=names)
    return holidays
