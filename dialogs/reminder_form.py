"""The answers to what a reminder is about and when it is to come: what is taken, what is asked again."""

from __future__ import annotations

from datetime import datetime

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from dialogs.action import Turn
from dialogs.complaint_form import Filled
from dialogs.ports import Ports
from dialogs.reminder_words import ReminderWords, can_be, day_answered, day_said

_NO_ANSWER = frozenset({"affirm", "deny", "greet", "thanks"})


def actions(ports: Ports) -> list[Action]:
    """The validations of both forms."""
    words = ReminderWords.load(ports.pack)
    return [ValidateReminderAbout(ports, words), ValidateReminderDay(ports, words)]


class ValidateReminderAbout(FormValidationAction):
    """Takes any words that say something, and the day in them."""

    def __init__(self, ports: Ports, words: ReminderWords) -> None:
        self._ports = ports
        self._words = words

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return "validate_reminder_about_form"

    def validate_reminder_about(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Keep the words, the service and the day that they name."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        about = "" if turn.intent in _NO_ANSWER else self._words.about(turn, value)
        filled: Filled = {"reminder_about": about or None}
        if turn.entity("service") and about:
            filled["reminder_service"] = turn.entity("service")
        if day := day_said(turn, _local_now(self._ports)):
            filled["reminder_day"] = day.isoformat()
        return filled


class ValidateReminderDay(FormValidationAction):
    """Takes a day from tomorrow on, for a year."""

    def __init__(self, ports: Ports, words: ReminderWords) -> None:
        self._ports = ports
        self._words = words

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return "validate_reminder_day_form"

    def validate_reminder_day(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Keep the day as 2026-09-15; say what is wrong with another one."""
        del domain
        turn, now = Turn(self._ports, dispatcher, tracker), _local_now(self._ports)
        day = day_said(turn, now) or day_answered(value, now)
        if day is None:
            turn.say("utter_reminder_day_unclear")
            return {"reminder_day": None}
        if not can_be(day, now):
            turn.say("utter_reminder_day_outside")
            return {"reminder_day": None}
        if self._words.wants_it_before(turn.text):
            return {"reminder_day": day.isoformat(), "reminder_before": "yes"}
        return {"reminder_day": day.isoformat()}


def _local_now(ports: Ports) -> datetime:
    return ports.clock.now().astimezone(ports.pack.zone)
