"""What a public service costs, with the way to report who asks for more."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.asked_service import ListQuestion
from dialogs.ports import Ports
from services.record import Topic


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Fee(ports)]


class Fee(ListQuestion):
    """States the official fees that are known, in one line short enough for two parts."""

    goal = "fee"
    topic = Topic.FEE
