"""What a public service costs, with the way to report who asks for more."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.ports import Ports
from services.answers import cost_lines
from services.catalogue import PublicService


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Fee(ports)]


class Fee(ServiceQuestion):
    """States the official fees that are known."""

    goal = "fee"

    def answer(self, turn: Turn, service: PublicService) -> None:
        """All fees in one line, short enough for two parts."""
        lines = cost_lines(self.ports.pack, service, turn.words.language, brief=True)
        self.say(turn, service.costs_fact, service, costs="; ".join(lines))
