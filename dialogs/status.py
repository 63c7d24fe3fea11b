"""How an application stands: no register is connected yet, and the answer says so."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs import draft
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.phrases import Phrases
from dialogs.ports import Ports
from dialogs.subject import Subjects


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Status(ports)]


class Status(DialogAction):
    """Says where to ask instead, and offers to complain about a late answer.

    "Is my passport ready?" is no complaint yet; a question that says what is wrong is kept as one.
    """

    action_name = "action_status"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._phrases = Phrases.load(ports.pack)
        self._subjects = Subjects.load(ports.pack, ports.categories)

    async def respond(self, turn: Turn) -> Events:
        """Own up."""
        turn.say("utter_status")
        grieved = self._subjects.guess(turn.text).id != self._subjects.general
        drafted = draft.keep(turn, self._phrases) if grieved else remember(complaint_draft=None)
        return [*drafted, *remember(goal="status")]
