"""What to bring to get a public service."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.asked_service import ListQuestion
from dialogs.ports import Ports
from services.record import Topic


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Requirements(ports)]


class Requirements(ListQuestion):
    """Lists the papers, originals and copies, what is to know about them, and where to hand them in."""

    goal = "requirements"
    topic = Topic.REQUIREMENTS
