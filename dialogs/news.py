"""News of public services: wanted, or no longer wanted (STOP)."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from bot.consent import Purpose, RecordConsent
from dialogs.action import DialogAction, Events, Turn
from dialogs.ports import Ports
from services.reminders import CancelReminders


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Subscribe(ports), Unsubscribe(ports)]


class Subscribe(DialogAction):
    """Enters a yes to news into the consent ledger; the person's message is the proof."""

    action_name = "action_subscribe"

    async def respond(self, turn: Turn) -> Events:
        """Record and confirm."""
        turn.cause(RecordConsent(purpose=Purpose.AWARENESS, granted=True))
        turn.say("utter_subscribed")
        return []


class Unsubscribe(DialogAction):
    """Enters a no to all that was not just asked for; answers to the person's own cases still come."""

    action_name = "action_unsubscribe"

    async def respond(self, turn: Turn) -> Events:
        """Record and confirm."""
        for purpose in (Purpose.AWARENESS, Purpose.SURVEYS):
            turn.cause(RecordConsent(purpose=purpose, granted=False))
        turn.cause(CancelReminders())
        turn.say("utter_unsubscribed")
        return []
