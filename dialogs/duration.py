"""How long a public service takes."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.asked_service import ListQuestion
from dialogs.ports import Ports
from services.record import Topic


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Duration(ports)]


class Duration(ListQuestion):
    """States the times that are known, in one line short enough for two parts."""

    goal = "duration"
    topic = Topic.DURATION
