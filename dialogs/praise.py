"""Praise: thanked for, and passed on to staff as a suggestion if the person wants that."""

from __future__ import annotations

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from complaints.cases import CaseKind
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.complaint_form import Filled, places_named
from dialogs.intake import Intake, Matter
from dialogs.once import AskOnce, begin
from dialogs.ports import Ports
from dialogs.rating import Scores, keep

_FORM, _WORDS = "praise_form", "praise_words_form"
_YES, _NO = "yes", "no"


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [
        Praise(ports),
        ValidatePraiseWordsForm(),
        PraiseSaid(ports),
        AskPassOn(ports),
        ValidatePraiseForm(ports),
        PassOn(ports),
    ]


class Praise(DialogAction):
    """Keeps the words, or asks for them, and offers to pass them on; a bare "very good" is a rating."""

    action_name = "action_praise"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._phrases = ports.phrases
        self._scores = Scores.load(ports.pack)

    async def respond(self, turn: Turn) -> Events:
        """One question, or none."""
        if turn.is_wordless:
            return [*remember(praise=None), *begin(_WORDS, "praise")]
        if not self._phrases.has_substance(turn.text):
            score = self._scores.read(turn.text)
            if score is None:
                return begin("rating_form", "score")
            await keep(self.ports, turn, score)
            return []
        return [*remember(praise=turn.text), *begin(_FORM, "pass_on")]


class ValidatePraiseWordsForm(FormValidationAction):
    """Takes any words."""

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return f"validate_{_WORDS}"

    def validate_praise(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take what says something."""
        del dispatcher, tracker, domain
        return {"praise": value if any(map(str.isalpha, value)) else None}


class PraiseSaid(DialogAction):
    """Goes on with the words that were asked for."""

    action_name = "action_praise_said"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        del turn
        return begin(_FORM, "pass_on")


class AskPassOn(AskOnce):
    """The question."""

    form, slot = _FORM, "pass_on"


class ValidatePraiseForm(FormValidationAction):
    """Takes a yes or a no; after anything else nothing is passed on, and that is said."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return f"validate_{_FORM}"

    def validate_pass_on(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take a yes or a no."""
        del domain
        if value in (_YES, _NO):
            return {"pass_on": value}
        Turn(self._ports, dispatcher, tracker).say("utter_not_passed_on")
        return {"pass_on": None}


class PassOn(DialogAction):
    """Files the praise, or lets it be."""

    action_name = "action_pass_on"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._intake = Intake(ports)

    async def respond(self, turn: Turn) -> Events:
        """As the person wants it."""
        forgotten = remember(pass_on=None, praise=None, asked_once=None)
        if turn.slot("pass_on") != _YES:
            turn.say("utter_not_passed_on")
            return forgotten
        words = turn.slot("praise")
        places = places_named(self.ports.places, words)
        case = self._intake.case(
            turn,
            words,
            CaseKind.SUGGESTION,
            Matter(service=turn.slot("service"), place=places[0].code if len(places) == 1 else ""),
            source="praise",
            told="utter_receipt",
        )
        return [*self._intake.file(turn, case), *forgotten]
