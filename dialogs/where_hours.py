"""Which office to go to, and when it is open: the centre of the person's place where it is known to offer the service."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.directory import Directory
from dialogs.ports import Ports
from services.catalogue import PublicService


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [WhereHours(ports)]


class WhereHours(ServiceQuestion):
    """Names the centre with address, hours and number, or the kind of office and the usual hours of all."""

    goal = "where_hours"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._directory = Directory(ports)

    def answer(self, turn: Turn, service: PublicService) -> None:
        """The place to go and the hours."""
        name = self.service_name(turn, service)
        centre = self._directory.offering(service.id, turn.slot("place"))
        if centre:
            told = {
                "centre": self._directory.name(turn, centre),
                "details": self._directory.details(turn, centre),
            }
            turn.say("utter_where_centre", self.others(turn, service), service=name, **told)
            self._directory.show(turn, centre)
            return
        hours = turn.words.hours(self.ports.calendar)
        office = self.office(turn, service)
        turn.say("utter_where", self.others(turn, service), service=name, office=office, hours=hours)
