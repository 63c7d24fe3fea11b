"""Guidance over several public services: which ones, in an order worth trying, each one digit away."""

from __future__ import annotations

from itertools import islice

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.asked_service import to_staff
from dialogs.from_list import from_list
from dialogs.menu_tree import JOURNEYS
from dialogs.phrases import any_of
from dialogs.ports import Ports
from services.journeys import Journey, load_journeys

# As many as fit two parts of an SMS in Lao.
_OFFERED = 5


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Guide(ports)]


class Guide(DialogAction):
    """Finds the journey that is meant, or asks which one."""

    action_name = "action_journey"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._journeys = load_journeys(ports.pack)
        self._words = {
            journey.id: any_of(word for words in journey.words.values() for word in words)
            for journey in self._journeys.values()
        }

    async def respond(self, turn: Turn) -> Events:
        """The steps, or the journeys there are."""
        journey = self._journeys.get(turn.entity("journey")) or self._meant(turn.text)
        if journey is None:
            turn.say("utter_ask_journey", [*self._offered(turn), *from_list(turn, JOURNEYS), to_staff(turn)])
        else:
            turn.say("utter_journey", self._steps(turn, journey), journey=self._name(turn, journey))
        return remember(goal="journey")

    def _meant(self, text: str) -> Journey | None:
        """The journey with the longest words in the text."""
        folded = text.casefold()
        hits = {name: max(map(len, words.findall(folded)), default=0) for name, words in self._words.items()}
        best = max(hits, key=lambda name: hits[name], default="")
        return self._journeys[best] if hits.get(best) else None

    def _name(self, turn: Turn, journey: Journey) -> str:
        return self.ports.pack.pick(journey.names, turn.words.language)

    def _offered(self, turn: Turn) -> list[dict[str, str]]:
        return [
            {
                "title": self._name(turn, journey),
                "payload": f'/requirements/journey{{"journey": "{journey.id}"}}',
            }
            for journey in islice(self._journeys.values(), _OFFERED)
        ]

    def _steps(self, turn: Turn, journey: Journey) -> list[dict[str, str]]:
        return [
            {
                "title": self.ports.catalogue.name(step, turn.words.language),
                "payload": f'/requirements{{"service": "{step}"}}',
            }
            for step in journey.steps
        ]
