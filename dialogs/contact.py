"""Who is in charge of a public service, and which number to call."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.directory import Directory
from dialogs.hotlines import Hotlines
from dialogs.ports import Ports
from services.catalogue import PublicService
from services.ministries import Ministries


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Contact(ports)]


class Contact(ServiceQuestion):
    """Names the ministry that owns the service today, its office, and a number where one is known."""

    goal = "contact"
    intent = "where_hours/contact"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._ministries = Ministries.load(ports.pack)
        self._hotlines = Hotlines.load(ports.pack)
        self._directory = Directory(ports)

    def answer(self, turn: Turn, service: PublicService) -> None:
        """Whom to turn to; that no number is known is said, and staff are offered."""
        today = self.ports.clock.now().astimezone(self.ports.pack.zone).date()
        ministry = self._ministries.on(service.authority, today)
        values = {
            "service": self.service_name(turn, service),
            "ministry": turn.words.pack.pick(ministry.names, turn.words.language) if ministry else "",
            "office": self.office(turn, service),
        }
        number = self._number(turn, service)
        if number:
            turn.say("utter_contact", hotline=number, **values)
        else:
            turn.say("utter_contact_no_number", **values)

    def _number(self, turn: Turn, service: PublicService) -> str:
        """The number of the centre near by, else a hotline; empty if neither is known."""
        centre = self._directory.offering(service.id, turn.slot("place"))
        if centre and centre.phone:
            name = self._directory.name(turn, centre)
            return turn.words.label("hotline", number=centre.phone, name=name)
        return self._hotlines.of_service(service.id, turn.words)
