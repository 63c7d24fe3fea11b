"""Whether somebody else may go: no instrument that we know says so, so the answer is what to ask."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion, to_staff
from dialogs.ports import Ports
from services.record import PublicService


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [SomeoneElse(ports)]


class SomeoneElse(ServiceQuestion):
    """Owns up, and says what to ask of whom before somebody travels in vain."""

    goal = "someone_else"
    intent = "requirements/someone_else"

    def answer(self, turn: Turn, service: PublicService) -> None:
        """What to ask."""
        turn.say(
            "utter_someone_else",
            [to_staff(turn)],
            service=self.service_name(turn, service),
            office=self.office(turn, service),
        )
