"""Which office to go to, and when it is usually open."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.ports import Ports
from services.catalogue import PublicService


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [WhereHours(ports)]


class WhereHours(ServiceQuestion):
    """Names the office and the usual hours of all offices, as no office's own are known."""

    goal = "where_hours"

    def answer(self, turn: Turn, service: PublicService) -> None:
        """The office and the hours."""
        turn.say(
            "utter_where",
            service=self.service_name(turn, service),
            office=self.office(turn, service),
            hours=turn.words.hours(self.ports.calendar),
        )
