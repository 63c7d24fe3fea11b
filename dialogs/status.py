"""How an application stands: no register is connected yet, and the answer says so."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.ports import Ports


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Status(ports)]


class Status(DialogAction):
    """Says where to ask instead, and offers to complain about a late answer."""

    action_name = "action_status"

    async def respond(self, turn: Turn) -> Events:
        """Own up."""
        turn.say("utter_status")
        return remember(goal="status")
