"""Reminders: asked for, given another day, looked through, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.interfaces import Action

from bot.calendar import WEEKDAYS
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.from_list import from_list
from dialogs.menu_tree import SERVICES
from dialogs.ports import Ports
from dialogs.reminder_words import ReminderWords, ahead_of, day_said
from services.reminders import MOST_WAITING, AskReminder, CancelReminders, Reminder, ReminderKind

GOAL = "reminder"
_ABOUT_FORM = "reminder_about_form"
# In a payload, in place of an id: the one that was asked for last; every one.
_LAST, _ALL = "last", "all"
# What a line of a list says of a reminder, in characters.
_LINE_LETTERS = 24
# Days ahead that are offered where digits are pressed.
_AHEAD = (1, 7, 30)
_SLOTS = ("reminder_about", "reminder_day", "reminder_before", "reminder_service", "reminder_replaces")


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    words = ReminderWords.load(ports.pack)
    return [
        StartReminder(ports, words),
        ContinueReminder(ports),
        AskAbout(ports),
        AskDay(ports),
        MyReminders(ports),
        CancelReminder(ports),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A reminder in the making: `day` is the one that was said, the last one if `before`."""

    about: str = ""
    day: date | None = None
    before: bool = False
    service: str = ""
    replaces: str = ""

    def remembered(self) -> Events:
        """The slots that carry it over a question."""
        return remember(
            reminder_about=self.about or None,
            reminder_day=self.day.isoformat() if self.day else None,
            reminder_before="yes" if self.before else None,
            reminder_service=self.service or None,
            reminder_replaces=self.replaces or None,
        )


class ReminderAction(DialogAction):
    """An action that brings a reminder forward: asks for what is missing, or sets it."""

    def forward(self, turn: Turn, wanted: Wanted) -> Events:
        """Ask what of, or when; or have it noted and say back what was understood."""
        if not wanted.about:
            return [*wanted.remembered(), *_open(_ABOUT_FORM, "reminder_about")]
        if wanted.day is None:
            return [*wanted.remembered(), *_open("reminder_day_form", "reminder_day")]
        now = self.local_now()
        day = ahead_of(wanted.day, now) if wanted.before else wanted.day
        turn.cause(
            AskReminder(
                kind=ReminderKind.DAY,
                about=wanted.about,
                service=wanted.service,
                due_at=self.ports.sending.begin_of(day),
                replaces=wanted.replaces,
            )
        )
        turn.say("utter_reminder_set", about=wanted.about, day=self.spoken(turn, day))
        return remember(goal=GOAL, **dict.fromkeys(_SLOTS))

    def local_now(self) -> datetime:
        """The present moment by the pack's own clock."""
        return self.ports.clock.now().astimezone(self.ports.pack.zone)

    def spoken(self, turn: Turn, day: date) -> str:
        """A day with its weekday: what was misheard is seen."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.ports.pack.zone)
        weekday = turn.words.label(f"weekday_{WEEKDAYS[day.weekday()]}")
        return turn.words.label("weekday_and_date", weekday=weekday, date=turn.words.date(noon))


class StartReminder(ReminderAction):
    """Takes from the message what it says, of what and for when; another day for one that waits."""

    action_name = "action_reminder"

    def __init__(self, ports: Ports, words: ReminderWords) -> None:
        super().__init__(ports)
        self._words = words

    async def respond(self, turn: Turn) -> Events:
        """Begin."""
        waiting = await self.ports.reminders.waiting(turn.person)
        # What of was asked for, and found in a list.
        answered = [ActiveLoop(None)] if turn.form == _ABOUT_FORM else []
        return [*answered, *self._begin(turn, waiting)]

    def _begin(self, turn: Turn, waiting: Sequence[Reminder]) -> Events:
        if turn.entity("reminder"):
            return self._change(turn, waiting)
        if len(waiting) >= MOST_WAITING:
            turn.say("utter_reminders_full", most=MOST_WAITING)
            return []
        service = self.ports.catalogue.get(turn.entity("service"))
        name = self.ports.catalogue.name(service.id, turn.words.language) if service else ""
        wanted = Wanted(
            about=self._words.about(turn, turn.text) or name,
            day=day_said(turn, self.local_now()),
            before=self._words.wants_it_before(turn.text),
            service=service.id if service else "",
        )
        if wanted.day is None and turn.entity("date"):
            turn.say("utter_reminder_day_outside")
        return self.forward(turn, wanted)

    def _change(self, turn: Turn, waiting: Sequence[Reminder]) -> Events:
        chosen = _chosen(turn.entity("reminder"), waiting)
        if chosen is None:
            turn.say("utter_no_reminders")
            return []
        return self.forward(turn, _again(chosen))


class ContinueReminder(ReminderAction):
    """Goes on with the answer to what was asked."""

    action_name = "action_reminder_continue"

    async def respond(self, turn: Turn) -> Events:
        """Bring forward what the slots hold."""
        day = turn.slot("reminder_day")
        return self.forward(
            turn,
            Wanted(
                about=turn.slot("reminder_about"),
                day=date.fromisoformat(day) if day else None,
                before=bool(turn.slot("reminder_before")),
                service=turn.slot("reminder_service"),
                replaces=turn.slot("reminder_replaces"),
            ),
        )


class ChangeDay(ReminderAction):
    """A day said right after a reminder was set is the day that was meant."""

    action_name = "action_reminder_change_day"

    async def respond(self, turn: Turn) -> Events:
        """Set the last reminder to the day in the message."""
        last = _chosen(_LAST, await self.ports.reminders.waiting(turn.person))
        if last is None:
            turn.say("utter_no_reminders")
            return remember(goal=None)
        day = day_said(turn, self.local_now())
        if day is None:
            turn.say("utter_reminder_day_outside")
        return self.forward(turn, replace(_again(last), day=day))


class AskAbout(DialogAction):
    """Asks what of; a service need not be typed where digits are pressed."""

    action_name = "action_ask_reminder_about_form_reminder_about"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        turn.say("utter_ask_reminder_about_form_reminder_about", from_list(turn, SERVICES))
        return []


class AskDay(DialogAction):
    """Asks for the day, or for the last day when the reminder shall come before it."""

    action_name = "action_ask_reminder_day_form_reminder_day"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        if turn.slot("reminder_before"):
            turn.say("utter_ask_reminder_last_day")
        else:
            turn.say("utter_ask_reminder_day_form_reminder_day", self._days(turn) if turn.in_session else ())
        return []

    def _days(self, turn: Turn) -> list[dict[str, str]]:
        """Days that need not be typed: tomorrow, in a week, in a month or so."""
        today = self.ports.clock.now().astimezone(self.ports.pack.zone).date()
        days = [today + timedelta(days=each) for each in _AHEAD]
        return [
            {"title": turn.words.day(each), "payload": f'/inform{{"date": "{each.isoformat()}"}}'}
            for each in days
        ]


class MyReminders(ReminderAction):
    """Lists what waits."""

    action_name = "action_my_reminders"

    async def respond(self, turn: Turn) -> Events:
        """One line a reminder, the nearest first."""
        waiting = await self.ports.reminders.waiting(turn.person)
        if not waiting:
            turn.say("utter_no_reminders")
            return []
        turn.say("utter_my_reminders", items="\n".join(_line(self, turn, each) for each in waiting))
        return []


class CancelReminder(ReminderAction):
    """Cancels the reminder that is meant, or asks which."""

    action_name = "action_cancel_reminder"

    async def respond(self, turn: Turn) -> Events:
        """Cancel, ask, or say that there is none."""
        waiting = await self.ports.reminders.waiting(turn.person)
        asked = turn.entity("reminder")
        meant = _meant(turn, asked, waiting)
        if asked == _ALL and waiting:
            turn.cause(CancelReminders())
            turn.say("utter_reminders_cancelled")
        elif len(meant) == 1:
            turn.cause(CancelReminders(id=meant[0].id))
            turn.say("utter_reminder_cancelled", about=_of_what(self.ports, turn, meant[0]))
        elif meant:
            offered = [_button(_line(self, turn, each), each.id) for each in meant]
            turn.say("utter_which_reminder", [*offered, _button(turn.words.label("all_of_them"), _ALL)])
        else:
            turn.say("utter_no_reminders")
        return remember(goal=None)


def offer_of(turn: Turn, service: str) -> list[dict[str, str]]:
    """The choice to be reminded of a service, where digits are pressed; none elsewhere."""
    payload = f'/subscribe/reminder{{"service": "{service}"}}'
    return [{"title": turn.words.label("remind_me"), "payload": payload}] if turn.in_session else []


def _open(form: str, slot: str) -> Events:
    return [ActiveLoop(form), SlotSet("requested_slot", slot)]


def _again(reminder: Reminder) -> Wanted:
    """The same reminder, for a day to be said."""
    return Wanted(about=reminder.about, service=reminder.service, replaces=reminder.id)


def _chosen(asked: str, waiting: Sequence[Reminder]) -> Reminder | None:
    """The one with this id, or the last that was asked for; only one for a day can get another."""
    of_days = [each for each in waiting if each.kind is ReminderKind.DAY]
    if asked == _LAST:
        return max(of_days, key=lambda each: each.id, default=None)
    return next((each for each in of_days if each.id == asked), None)


def _meant(turn: Turn, asked: str, waiting: Sequence[Reminder]) -> Sequence[Reminder]:
    if asked == _LAST:
        return sorted(waiting, key=lambda each: each.id)[-1:]
    if asked:
        return [each for each in waiting if each.id == asked]
    named = [each for each in waiting if each.service and each.service == turn.entity("service")]
    return named or waiting


def _line(action: ReminderAction, turn: Turn, reminder: Reminder) -> str:
    about = turn.words.excerpt(_of_what(action.ports, turn, reminder), _LINE_LETTERS)
    if reminder.due_at is None:
        return about
    return turn.words.label("reminder_line", date=turn.words.date(reminder.due_at), about=about)


def _of_what(ports: Ports, turn: Turn, reminder: Reminder) -> str:
    if reminder.kind is ReminderKind.DAY:
        return reminder.about
    service = ports.catalogue.get(reminder.service)
    name = ports.catalogue.name(service.id, turn.words.language) if service else reminder.service
    return turn.words.label("when_service_is_back", service=name)


def _button(title: str, reminder: str) -> dict[str, str]:
    return {"title": title, "payload": f'/unsubscribe/reminder{{"reminder": "{reminder}"}}'}
