"""A person is asked for: nobody is live, so the honest offers are the case queue, a call back and a hotline."""

from __future__ import annotations

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from complaints.cases import CaseKind
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.complaint_form import Filled
from dialogs.hotlines import Hotlines
from dialogs.intake import Intake, Matter
from dialogs.linking import known_phone, share_choice
from dialogs.ports import Ports
from dialogs.words import clock

_NO_NUMBER = "utter_call_back_no_number"
# In place of a time that was said with the wish, or does not matter.
ANY_TIME = "-"


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [
        TalkToHuman(ports),
        CallBackStart(ports),
        AskCallBackTime(ports),
        ValidateCallBackForm(ports),
        FileCallBack(ports),
    ]


class TalkToHuman(DialogAction):
    """Offers to write to staff or be called, and names a number to call where the pack has one."""

    action_name = "action_talk_to_human"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._hotlines = Hotlines.load(ports.pack)

    async def respond(self, turn: Turn) -> Events:
        """The offers; outside working hours, when staff read next."""
        hotline = self._hotlines.spoken("complaint", turn.words, limit=1)
        if hotline:
            turn.say("utter_talk_to_human", hotline=hotline)
        else:
            turn.say("utter_talk_to_human_no_number")
        _say_when_staff_are_back(self.ports, turn)
        return remember(goal="talk_to_human")


class CallBackStart(DialogAction):
    """Takes from the wish what it says already: what about, and a day."""

    action_name = "action_call_back_start"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._phrases = ports.phrases

    async def respond(self, turn: Turn) -> Events:
        """Begin with an empty form."""
        said = turn.text if self._phrases.letters(turn.text) else ""
        enough = turn.entity("date") and (turn.entity("phone") or await known_phone(self.ports, turn))
        return remember(
            goal="talk_to_human",
            call_back_wish=said or None,
            call_back_time=ANY_TIME if enough else None,
        )


class AskCallBackTime(DialogAction):
    """Asks when; and for a number where the channel brings none."""

    action_name = "action_ask_call_back_form_call_back_time"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        if await known_phone(self.ports, turn):
            turn.say("utter_ask_call_back_form_call_back_time")
        else:
            turn.say("utter_ask_call_back_number", [share_choice(turn)])
        return []


class ValidateCallBackForm(FormValidationAction):
    """Takes any words for a time; a number that is needed is asked for once more."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return "validate_call_back_form"

    async def validate_call_back_time(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take what says something."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        if not any(map(str.isalnum, value)) and value != ANY_TIME:
            return {"call_back_time": None}
        reachable = turn.entity("phone") or _NO_NUMBER in turn.last_answers
        if value != ANY_TIME and not (reachable or await known_phone(self._ports, turn)):
            turn.say(_NO_NUMBER)
            told = [turn.slot("call_back_wish"), value]
            return {"call_back_time": None, "call_back_wish": "\n".join(filter(None, told))}
        return {"call_back_time": value}


class FileCallBack(DialogAction):
    """Files the wish as an enquiry, so that somebody owns it."""

    action_name = "action_file_call_back"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._intake = Intake(ports)

    async def respond(self, turn: Turn) -> Events:
        """File, and say by when staff call or write; the words say when to call."""
        when = turn.slot("call_back_time")
        told = [turn.slot("call_back_wish"), turn.words.label("any_time") if when == ANY_TIME else when]
        text = "\n".join(filter(None, told))
        place = turn.slot("place")
        known = place if self.ports.places.get(place) else ""
        case = self._intake.case(
            turn,
            text,
            CaseKind.ENQUIRY,
            Matter(service=turn.slot("service"), place=known),
            source="call_back",
            told="utter_call_back_noted",
        )
        filed = self._intake.file(turn, case)
        _say_when_staff_are_back(self.ports, turn)
        return [*filed, *remember(call_back_time=None, call_back_wish=None)]


def _say_when_staff_are_back(ports: Ports, turn: Turn) -> None:
    now = ports.clock.now()
    if not ports.calendar.is_working(now):
        opens = ports.calendar.next_open(now).astimezone(ports.calendar.zone)
        day = turn.words.day(opens.date())
        turn.say("utter_staff_back", next=turn.words.label("day_hours", day=day, hours=clock(opens.time())))
