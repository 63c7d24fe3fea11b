"""News of public services: wanted, or no longer wanted (STOP)."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from bot.consent import Purpose, RecordConsent
from dialogs.action import DialogAction, Events, Turn
from dialogs.ports import Ports
from dialogs.reminders import offer_of
from services.reminders import CancelReminders


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Subscribe(ports), Unsubscribe(ports)]


class Subscribe(DialogAction):
    """Enters a yes to news into the consent ledger; the person's message is the proof."""

    action_name = "action_subscribe"

    async def respond(self, turn: Turn) -> Events:
        """Record and confirm: news of the services named, of all if none is."""
        topics = _topics(self.ports, turn)
        for topic in topics or [""]:
            turn.cause(RecordConsent(purpose=Purpose.AWARENESS, granted=True, topic=topic))
        if topics:
            offers = offer_of(turn, topics[0]) if len(topics) == 1 else []
            turn.say("utter_subscribed_topic", offers, service=_names(self.ports, turn, topics))
        else:
            turn.say("utter_subscribed")
        return []


class Unsubscribe(DialogAction):
    """Enters a no to all that was not just asked for; answers to the person's own cases still come."""

    action_name = "action_unsubscribe"

    async def respond(self, turn: Turn) -> Events:
        """Record and confirm; where services are named, a no to news of these alone."""
        topics = _topics(self.ports, turn)
        for topic in topics:
            turn.cause(RecordConsent(purpose=Purpose.AWARENESS, granted=False, topic=topic))
        if topics:
            turn.say("utter_unsubscribed_topic", service=_names(self.ports, turn, topics))
            return []
        for purpose in (Purpose.AWARENESS, Purpose.SURVEYS):
            turn.cause(RecordConsent(purpose=purpose, granted=False))
        if Purpose.FOLLOW_UP in (await self.ports.addresses.stand(turn.person)).agreed:
            turn.cause(RecordConsent(purpose=Purpose.FOLLOW_UP, granted=False))
        turn.cause(CancelReminders())
        turn.say("utter_unsubscribed")
        return []


def _topics(ports: Ports, turn: Turn) -> list[str]:
    """The services that the message names."""
    named = dict.fromkeys(map(str, turn.tracker.get_latest_entity_values("service")))
    return [each for each in named if each in ports.catalogue.services]


def _names(ports: Ports, turn: Turn, topics: list[str]) -> str:
    return ", ".join(ports.catalogue.name(each, turn.words.language) for each in topics)
