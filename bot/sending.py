"""The hours in which people are written to unasked: nobody is woken at night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.errors import PackError
from bot.pack import Pack, Section

_MORNING, _EVENING = time(8), time(20)


@dataclass(frozen=True, kw_only=True, slots=True)
class SendingHours:
    """From one local time of day until a later one, every day; answers to a person go at any hour."""

    zone: ZoneInfo
    begins: time
    ends: time

    @classmethod
    def load(cls, pack: Pack) -> SendingHours:
        """Read sending.yml; raises PackError."""
        problems: list[PackError] = []
        hours = _read(pack, problems)
        if problems:
            raise problems[0]
        return hours

    def allow(self, moment: datetime) -> bool:
        """Whether a message that nobody waits for may leave at this moment; the last minute may not."""
        return self.begins <= moment.astimezone(self.zone).time() < self.ends

    def begin_of(self, day: date) -> datetime:
        """The first such moment of a local day, in UTC."""
        return datetime.combine(day, self.begins, self.zone).astimezone(UTC)


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of sending.yml."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> SendingHours:
    section = Section.open(pack.root / "sending.yml", problems)
    section.only(("begins", "ends"))
    begins, ends = _time(section, "begins", _MORNING), _time(section, "ends", _EVENING)
    if begins >= ends:
        section.problem("the hours end before they begin", "Write both as on a clock of 24 hours.", "ends")
    return SendingHours(zone=pack.zone, begins=begins, ends=ends)


def _time(section: Section, key: str, otherwise: time) -> time:
    words = section.string(key, required=True)
    try:
        return time.fromisoformat(words or otherwise.isoformat())
    except ValueError:
        section.problem(f"{words} is no time of day", 'Write "08:00".', key)
        return otherwise
