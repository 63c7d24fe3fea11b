"""How long a public service takes."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.ports import Ports
from services.answers import duration_lines
from services.catalogue import PublicService


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Duration(ports)]


class Duration(ServiceQuestion):
    """States the times that are known."""

    goal = "duration"

    def answer(self, turn: Turn, service: PublicService) -> None:
        """All times in one line, short enough for two parts."""
        lines = duration_lines(self.ports.pack, service, turn.words.language, brief=True)
        self.say(turn, service.durations_fact, service, durations="; ".join(lines))
