"""A fact said alone: a service, after a question about another one; or nothing that we asked for."""

from __future__ import annotations

from collections.abc import Iterable

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.duration import Duration
from dialogs.fallback import Fallback
from dialogs.fee import Fee
from dialogs.phrases import Phrases
from dialogs.ports import Ports
from dialogs.requirements import Requirements
from dialogs.where_hours import WhereHours


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    questions = [Requirements(ports), Fee(ports), Duration(ports), WhereHours(ports)]
    return [Inform(ports, questions, Fallback(ports, Phrases.load(ports.pack)))]


class Inform(DialogAction):
    """Answers the last question for the service named now, or asks what is wanted of it."""

    action_name = "action_inform"

    def __init__(self, ports: Ports, questions: Iterable[ServiceQuestion], otherwise: DialogAction) -> None:
        super().__init__(ports)
        self._questions = {question.goal: question for question in questions}
        self._otherwise = otherwise

    async def respond(self, turn: Turn) -> Events:
        """Make the most of a name."""
        named = turn.entity("service")
        question = self._questions.get(turn.slot("goal"))
        if named and question is not None:
            return await question.respond(turn)
        service = self.ports.catalogue.get(named)
        if service is not None:
            name = self.ports.catalogue.name(named, turn.words.language)
            turn.say("utter_ask_what_of_service", service=name)
        elif named:
            turn.say("utter_service_not_known")
        else:
            return await self._otherwise.respond(turn)
        return []
