"""Whether offices are open: now, or on the day that is asked about, with the reason when they are not."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from rasa_sdk.interfaces import Action

from bot.calendar import WorkingCalendar
from bot.dates import coming
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.circumstances import Circumstances
from dialogs.directory import Directory
from dialogs.ports import Ports
from dialogs.rating import offer_rating
from dialogs.words import clock, spans


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [OpenNow(ports)]


class OpenNow(DialogAction):
    """Answers from the working calendar: hours, breaks, holidays by their names, the next opening."""

    action_name = "action_open_now"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._directory = Directory(ports)

    async def respond(self, turn: Turn) -> Events:
        """One answer about one day: of the centre of the person's place if its hours are known, else of all offices.

        Before it what is in force: the service is out, the centre has not opened or is closed for a while.
        """
        self._announce(turn)
        centre = self._directory.keeping_hours(turn.slot("place"))
        calendar = self._directory.calendar(centre)
        office = self._directory.name(turn, centre) if centre else turn.words.label("offices")
        now = self.ports.clock.now().astimezone(calendar.zone)
        day = coming(turn.entity("date"), now.date()) or now.date()
        if day != now.date():
            tell_day(turn, calendar, office, day)
        else:
            tell_now(turn, calendar, office, now)
        offer_rating(turn)
        return remember(goal="open_now")

    def _announce(self, turn: Turn) -> None:
        service = turn.entity("service") or turn.slot("service")
        if service in self.ports.catalogue.services:
            Circumstances(self.ports, turn, service).announce()
        self._directory.tell_not_open(turn, turn.slot("place"))


def tell_now(turn: Turn, calendar: WorkingCalendar, office: str, now: datetime) -> None:
    """Say whether `office` is open at a local moment, and until when or from when on."""
    hours = calendar.hours(now.date())
    if calendar.is_working(now):
        until = next(closes for _, closes in hours if closes > now.time())
        turn.say(
            "utter_open_now",
            office=office,
            time=clock(now.time()),
            until=clock(until),
            hours=spans(hours),
        )
        return
    later = [opens for opens, _ in hours if opens > now.time()]
    if later and later[0] != hours[0][0]:
        turn.say("utter_break_now", office=office, until=clock(later[0]), hours=spans(hours))
    elif not hours and now.date() in calendar.holidays:
        _tell_closed(turn, calendar, office, now.date())
    else:
        turn.say("utter_closed_now", office=office, next=opening_after(turn, calendar, now))


def tell_day(turn: Turn, calendar: WorkingCalendar, office: str, day: date) -> None:
    """Say whether `office` is open on a day."""
    hours = calendar.hours(day)
    if not hours:
        _tell_closed(turn, calendar, office, day)
        return
    known = day <= calendar.known_until
    key = "utter_open_on" if known else "utter_holidays_unknown"
    turn.say(key, office=office, day=turn.words.day(day), hours=spans(hours))


def opening_after(turn: Turn, calendar: WorkingCalendar, moment: datetime) -> str:
    """The day and the hours of the next opening, in words."""
    day = calendar.next_open(moment).astimezone(calendar.zone).date()
    return turn.words.label("day_hours", day=turn.words.day(day), hours=spans(calendar.hours(day)))


def _tell_closed(turn: Turn, calendar: WorkingCalendar, office: str, day: date) -> None:
    following = opening_after(
        turn, calendar, datetime.combine(day + timedelta(days=1), time(), calendar.zone)
    )
    values = {"office": office, "day": turn.words.day(day), "next": following}
    holiday = calendar.holidays.get(day)
    if holiday and day not in calendar.overrides:
        name = turn.words.pack.pick(holiday.names, turn.words.language)
        turn.say("utter_closed_holiday", holiday=name, **values)
    else:
        turn.say("utter_closed_on", **values)
