"""A fact said alone: a service, a place or a day, after a question that it changes; or nothing that we asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from complaints.references import Flaw, check
from dialogs.action import DialogAction, Events, Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.checklist import Checklist
from dialogs.contact import Contact
from dialogs.duration import Duration
from dialogs.fallback import Fallback
from dialogs.fee import Fee
from dialogs.nearest import Nearest
from dialogs.opening import OpenNow
from dialogs.ports import Ports
from dialogs.reminders import GOAL as REMINDER
from dialogs.reminders import ChangeDay
from dialogs.requirements import Requirements
from dialogs.someone_else import SomeoneElse
from dialogs.where_hours import WhereHours

_PLACE = ("district", "province")
# Fewer digits are rather a slip at a menu than the number of an application.
_NUMBER_DIGITS = 4
_OTHER_NUMBERS = ("phone", "date", "amount")


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    questions: list[ServiceQuestion] = [
        Requirements(ports),
        Fee(ports),
        Duration(ports),
        WhereHours(ports),
        Contact(ports),
        Checklist(ports),
        SomeoneElse(ports),
    ]
    others: dict[str, tuple[DialogAction, tuple[str, ...]]] = {
        "open_now": (OpenNow(ports), ("date", *_PLACE)),
        "nearest": (Nearest(ports), _PLACE),
        REMINDER: (ChangeDay(ports), ("date",)),
    }
    return [Inform(ports, questions, others, Fallback(ports, ports.phrases))]


class Inform(DialogAction):
    """Answers the last question for what is named now, or asks what is wanted of it."""

    action_name = "action_inform"

    def __init__(
        self,
        ports: Ports,
        questions: Iterable[ServiceQuestion],
        others: Mapping[str, tuple[DialogAction, tuple[str, ...]]],
        otherwise: DialogAction,
    ) -> None:
        super().__init__(ports)
        self._questions = {question.goal: question for question in questions}
        self._others = others
        self._otherwise = otherwise

    async def respond(self, turn: Turn) -> Events:
        """Make the most of a name."""
        goal, named = turn.slot("goal"), turn.entity("service")
        question = self._questions.get(goal)
        known = turn.slot("service") in self.ports.catalogue.services
        if question and (named or (known and any(map(turn.entity, _PLACE)))):
            return await question.respond(turn)
        answered, by = self._others.get(goal, (self._otherwise, ()))
        if any(map(turn.entity, by)):
            return await answered.respond(turn)
        service = self.ports.catalogue.get(named)
        if service is not None:
            name = self.ports.catalogue.name(named, turn.words.language)
            turn.say("utter_ask_what_of_service", service=name)
        elif named:
            turn.say("utter_service_not_known")
        elif turn.last_answer == "utter_ask_place":
            turn.say("utter_place_not_known")
        elif await self._is_application(turn):
            return [FollowupAction("action_status_start")]
        elif check(turn.text) is Flaw.ONE_DIGIT_WRONG:
            return [FollowupAction("action_complaint_status_start")]
        else:
            return await self._otherwise.respond(turn)
        return []

    async def _is_application(self, turn: Turn) -> bool:
        """Whether the whole message is a number that a register may know."""
        bare = sum(map(str.isdecimal, turn.text)) >= _NUMBER_DIGITS and not any(map(str.isalpha, turn.text))
        named = any(map(turn.entity, _OTHER_NUMBERS))
        return bare and not named and await self.ports.registers.connected()
