"""What is told later: that a service works again, and a reminder on its day."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.ports import Ports
from services.reminders import MOST_WAITING, AskReminder, CloseReminder, Reminder, ReminderKind


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [WaitForService(ports), ReminderDue(ports)]


class WaitForService(DialogAction):
    """Notes who wants to know when a service works again."""

    action_name = "action_wait_for_service"

    async def respond(self, turn: Turn) -> Events:
        """Note it, if the service is known to be out; else say what we know."""
        catalogue, services, now = self.ports.catalogue, self.ports.services, self.ports.clock.now()
        out = {
            each: catalogue.name(each, turn.words.language)
            for each in catalogue.services
            if services.is_down(each, now)
        }
        meant = turn.entity("service") or turn.slot("service")
        if meant in out:
            return await self._note(turn, meant, out[meant])
        if turn.entity("service") in catalogue.services:
            turn.say("utter_service_not_out", service=catalogue.name(meant, turn.words.language))
        elif out:
            turn.say("utter_which_service_is_out", [_button(name, each) for each, name in out.items()])
        else:
            turn.say("utter_no_service_is_out")
        return []

    async def _note(self, turn: Turn, service: str, name: str) -> Events:
        waiting = await self.ports.reminders.waiting(turn.person)
        again = any(each.kind is ReminderKind.SERVICE_BACK and each.service == service for each in waiting)
        if len(waiting) >= MOST_WAITING and not again:
            turn.say("utter_reminders_full", most=MOST_WAITING)
            return []
        turn.cause(AskReminder(kind=ReminderKind.SERVICE_BACK, service=service))
        turn.say("utter_wait_for_service", service=name)
        return []


class ReminderDue(DialogAction):
    """Says a reminder of the person that is due, and closes it in the same commit."""

    action_name = "action_reminder_due"

    async def respond(self, turn: Turn) -> Events:
        """Say it; nothing at all if it was cancelled meanwhile, is another's or is not due."""
        asked, now = turn.entity("reminder"), self.ports.clock.now()
        waiting = await self.ports.reminders.waiting(turn.person)
        due = next(
            (each for each in waiting if each.id == asked and each.due_at and each.due_at <= now), None
        )
        if due is None:
            return []
        turn.cause(CloseReminder(id=due.id))
        self._say(turn, due)
        # What follows ("and how much?") is about it, unless another dialog is under way.
        return remember(service=due.service) if due.service and not turn.form else []

    def _say(self, turn: Turn, reminder: Reminder) -> None:
        service = self.ports.catalogue.get(reminder.service)
        if reminder.kind is ReminderKind.DAY:
            goals = ("fee", "where_hours") if service else ()
            questions = [_question(turn, goal, reminder.service) for goal in goals]
            turn.say("utter_reminder_due", questions, about=reminder.about)
        elif service is not None:
            name = self.ports.catalogue.name(service.id, turn.words.language)
            turn.say("utter_service_is_back", service=name)


def _button(title: str, service: str) -> dict[str, str]:
    return {"title": title, "payload": f'/subscribe/service_back{{"service": "{service}"}}'}


def _question(turn: Turn, goal: str, service: str) -> dict[str, str]:
    # Offered where it costs nothing more.
    title, payload = turn.words.label(f"intent_{goal}"), f'/{goal}{{"service": "{service}"}}'
    return {"title": title, "payload": payload, "optional": "yes"}
