"""Questions about one public service: which one is meant, and what to say when that is not known."""

from __future__ import annotations

from abc import abstractmethod
from itertools import islice
from typing import ClassVar

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.ports import Ports
from services.answers import office
from services.catalogue import Fact, PublicService, Status

# As many names as fit two parts of an SMS in Lao.
_NAMES_OFFERED = 8
# A follow-up ("and how much?") is short; a longer text without a known service means another one.
_FOLLOW_UP_LETTERS = 25


class ServiceQuestion(DialogAction):
    """Answers one goal (`fee`, `duration`, …) for the service that is meant, or asks which it is."""

    goal: ClassVar[str]

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._services = ports.catalogue.services

    def name(self) -> str:
        """Follow from the goal."""
        return f"action_{self.goal}"

    async def respond(self, turn: Turn) -> Events:
        """Answer, ask which service, or own up to not knowing it."""
        meant = self._meant(turn)
        service = self._services.get(meant)
        if service is not None:
            self.answer(turn, service)
        elif meant:
            turn.say("utter_service_not_known")
        else:
            turn.say("utter_ask_service", self._offered(turn))
        return remember(goal=self.goal)

    @abstractmethod
    def answer(self, turn: Turn, service: PublicService) -> None:
        """Say what the catalogue knows, and how sure it is."""

    def say(self, turn: Turn, fact: Fact, service: PublicService, **values: str) -> None:
        """Say the goal's text for what is confirmed, reported in a year, or unknown: then whom to ask."""
        name = self.service_name(turn, service)
        match fact.status:
            case Status.CONFIRMED:
                turn.say(f"utter_{self.goal}", service=name, **values)
            case Status.REPORTED:
                turn.say(f"utter_{self.goal}_reported", service=name, year=fact.year, **values)
            case Status.UNKNOWN:
                turn.say(f"utter_{self.goal}_unknown", service=name, office=self.office(turn, service))

    def service_name(self, turn: Turn, service: PublicService) -> str:
        """What the service is called."""
        return self.ports.pack.pick(service.names, turn.words.language)

    def office(self, turn: Turn, service: PublicService) -> str:
        """Where to go or ask, in few words."""
        return office(self.ports.pack, service, turn.words.language, brief=True)

    def _meant(self, turn: Turn) -> str:
        """The id of the service that is meant, empty if the message leaves it open."""
        short = sum(map(str.isalpha, turn.text)) <= _FOLLOW_UP_LETTERS
        return turn.entity("service") or (turn.slot("service") if short else "")

    def _offered(self, turn: Turn) -> list[dict[str, str]]:
        return [
            {
                "title": self.service_name(turn, service),
                "payload": f'/{self.goal}{{"service": "{service.id}"}}',
            }
            for service in islice(self._services.values(), _NAMES_OFFERED)
        ]
