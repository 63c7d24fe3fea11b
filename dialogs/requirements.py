"""What to bring to get a public service."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ListQuestion
from dialogs.circumstances import Circumstances
from dialogs.form_files import tell_forms
from dialogs.ports import Ports
from services.record import Topic


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Requirements(ports)]


class Requirements(ListQuestion):
    """Lists the papers, originals and copies, what is to know about them, and where to hand them in."""

    goal = "requirements"
    topic = Topic.REQUIREMENTS

    def tell(self, turn: Turn, asked: Circumstances) -> None:
        """Say the list that holds for them, and hand over the forms."""
        super().tell(turn, asked)
        tell_forms(self.ports, turn, asked.service)
