"""What a person wants to be reminded of and when, taken from their own words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.dates import coming
from bot.errors import PackError
from bot.pack import Pack, Section
from bot.text.digits import ascii_digits
from dialogs.action import Turn

# As much as leaves a reminder its two parts.
_ABOUT_LETTERS = 40
_LEAST_LETTERS = 2
_FARTHEST = timedelta(days=366)
# "Before the deadline" is a week before it.
_LEAD = timedelta(days=7)
_DAY = timedelta(days=1)
_DAY_OF_MONTH = re.compile(r"[\s.]*(\d{1,2})[\s.]*")
_EDGES = " \t\n.,:;!?-…\"'“”()"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReminderWords:
    """The lists of <language>/reminders.yml, all languages together: people mix them.

    `wish` says that one wants to be reminded, `joins` ties that to the rest, `before` makes the
    day that is said the last one.
    """

    wish: re.Pattern[str]
    joins: re.Pattern[str]
    before: re.Pattern[str]

    @classmethod
    def load(cls, pack: Pack) -> ReminderWords:
        """Read the lists; raises PackError."""
        problems: list[PackError] = []
        words = _read(pack, problems)
        if problems:
            raise problems[0]
        return words

    def about(self, turn: Turn, text: str) -> str:
        """What is left of a text beside the wish and the day; empty if that says nothing."""
        left = _without_dates(turn, text)
        for words in (self.before, self.wish):
            left = words.sub(" ", left)
        left, before = left.strip(_EDGES), ""
        while left != before:
            before = left
            left = self.joins.sub("", left).strip(_EDGES)
        if sum(map(str.isalpha, left)) < _LEAST_LETTERS:
            return ""
        return turn.words.excerpt(left, _ABOUT_LETTERS)

    def wants_it_before(self, text: str) -> bool:
        """Whether the day is the last one, and not that of the reminder."""
        return bool(self.before.search(text))


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of the lists."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def day_said(turn: Turn, now: datetime) -> date | None:
    """The first day in a message that a reminder can be for; None if there is none. `now` is local."""
    days = (coming(str(each), now.date()) for each in turn.tracker.get_latest_entity_values("date"))
    return next((day for day in days if day and can_be(day, now)), None)


def day_answered(value: str, now: datetime) -> date | None:
    """The day of an answer to "on which day?": a date entity's value, or a day of the month alone."""
    alone = _DAY_OF_MONTH.fullmatch(ascii_digits(value))
    return coming(f"---{int(alone[1]):02d}" if alone else value, now.date())


def can_be(day: date, now: datetime) -> bool:
    """Whether a reminder can be for this day: from tomorrow on, for a year."""
    return timedelta() < day - now.date() <= _FARTHEST


def ahead_of(last: date, now: datetime) -> date:
    """The day of a reminder of a last day: a week before, or as early as there still is."""
    return max(last - _LEAD, now.date() + _DAY)


def _read(pack: Pack, problems: list[PackError]) -> ReminderWords:
    files = [Section.open(pack.root / each / "reminders.yml", problems) for each in pack.languages]
    lists = {
        key: sorted((word for each in files for word in each.strings(key)), key=len, reverse=True)
        for key in ("wish", "joins", "before")
    }
    for each in files:
        each.only(lists)
    joins = _any_of(lists["joins"]).pattern
    return ReminderWords(
        wish=_any_of(lists["wish"]),
        joins=re.compile(rf"^(?:{joins})|(?:{joins})$", re.IGNORECASE),
        before=_any_of(lists["before"]),
    )


def _without_dates(turn: Turn, text: str) -> str:
    """The text with the dates that were heard in it blanked."""
    if text != turn.text:
        return text
    letters = list(text)
    for each in turn.tracker.latest_message.get("entities", ()):
        if each["entity"] == "date":
            for place in range(each.get("start", 0), each.get("end", 0)):
                letters[place] = " "
    return "".join(letters)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    # A Latin word stands alone; Lao runs on.
    spelt = [
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word) for word in words
    ]
    return re.compile("|".join(spelt) or r"(?!)", re.IGNORECASE)
