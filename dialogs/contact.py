"""Who is in charge of a public service, and which number to call."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.hotlines import Hotlines
from dialogs.ports import Ports
from services.catalogue import PublicService
from services.ministries import Ministries


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Contact(ports)]


class Contact(ServiceQuestion):
    """Names the ministry that owns the service today, its office, and a hotline where one is known."""

    goal = "contact"
    intent = "where_hours/contact"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._ministries = Ministries.load(ports.pack)
        self._hotlines = Hotlines.load(ports.pack)

    def answer(self, turn: Turn, service: PublicService) -> None:
        """Whom to turn to; that no number is known is said, and staff are offered."""
        today = self.ports.clock.now().astimezone(self.ports.pack.zone).date()
        ministry = self._ministries.on(service.authority, today)
        values = {
            "service": self.service_name(turn, service),
            "ministry": turn.words.pack.pick(ministry.names, turn.words.language) if ministry else "",
            "office": self.office(turn, service),
        }
        hotline = self._hotlines.of_service(service.id, turn.words)
        if hotline:
            turn.say("utter_contact", hotline=hotline, **values)
        else:
            turn.say("utter_contact_no_number", **values)
