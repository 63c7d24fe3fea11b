"""How a case stands: shown to the person who filed it, to others only with the PIN.

A reference that does not exist and somebody else's are told apart by nothing: both ask for the PIN,
and no PIN fits the first.
"""

from __future__ import annotations

import re

from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from bot.text.digits import ascii_digits
from complaints import pins
from complaints.cases import OPEN, Case
from complaints.references import Flaw, check, spoken
from complaints.store import PinOutcome
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.complaint_form import Filled
from dialogs.follows import offer, shown_cases
from dialogs.number_and_secret import SECRET
from dialogs.own_cases import case_choice
from dialogs.ports import Ports
from dialogs.verified import verify, visible_case
from services.registers import Asker, Found, could_be_secret

# In place of a PIN once none is needed, or none would help. A person who types these words opens
# nothing: what is shown is decided by `visible_case` alone.
_ADMITTED, _REFUSED = "admitted", "refused"
# In place of a PIN that opened an application of the same number.
_APPLICATION = "application"
_NUMBER = re.compile(r"\d[\d\s.-]{4,}\d")


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [StatusStart(ports), AskPin(ports), ValidateStatusForm(ports), ComplaintStatus(ports)]


class StatusStart(DialogAction):
    """Finds out which case is meant before the form asks: named now, named before, or the person's last."""

    action_name = "action_complaint_status_start"

    async def respond(self, turn: Turn) -> Events:
        """Go on to the form, or to the application that a bare number must be."""
        named = turn.entity("reference")
        bare = named and not any(map(str.isalpha, turn.text))
        if bare and isinstance(check(named), Flaw) and await self.ports.registers.connected():
            return [FollowupAction("action_status_start")]
        several = [] if named else await self._several(turn)
        if several:
            turn.say("utter_ask_which_case", [_choice(turn, case) for case in several])
            return remember(goal="complaint_status")
        return [*await self.begin(turn), FollowupAction("complaint_status_form")]

    async def begin(self, turn: Turn) -> Events:
        """Begin the form with what is known; a reference found in the message is judged by the form."""
        if turn.entity("reference"):
            return remember(goal="complaint_status", pin=None)
        reference = await self._meant(turn)
        admitted = reference and await visible_case(self.ports, reference, turn)
        return remember(
            goal="complaint_status", reference=reference or None, pin=_ADMITTED if admitted else None
        )

    async def _meant(self, turn: Turn) -> str:
        if _NUMBER.search(ascii_digits(turn.text)):
            return _read(turn, turn.text)
        known = await self._known(turn)
        if known:
            return known
        shown = await shown_cases(self.ports, turn)
        return shown[0].reference if shown else ""

    async def _several(self, turn: Turn) -> list[Case]:
        """The cases that the person sees, if the message leaves open which of them is meant."""
        if _NUMBER.search(ascii_digits(turn.text)) or await self._known(turn):
            return []
        shown = list(await shown_cases(self.ports, turn))
        return shown if len(shown) > 1 else []

    async def _known(self, turn: Turn) -> str:
        """The case spoken of before, if the person may still see it."""
        known = turn.slot("reference")
        return known if known and await visible_case(self.ports, known, turn) else ""


def _choice(turn: Turn, case: Case) -> dict[str, str]:
    return case_choice(turn, case, f'/complaint_status{{"reference": "{case.reference}"}}')


class AskPin(DialogAction):
    """Asks for the PIN of the reference in hand, which may be the number of an application too."""

    action_name = "action_ask_complaint_status_form_pin"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        reference = spoken(turn.slot("reference"))
        if await self.ports.registers.connected():
            turn.say("utter_ask_status_form_application_secret", number=reference)
        else:
            turn.say("utter_ask_complaint_status_form_pin", reference=reference)
        return []


class ValidateStatusForm(FormValidationAction):
    """Judges what was sent as reference and PIN."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return "validate_complaint_status_form"

    async def validate_reference(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take a reference whose check digit is right; the person's own needs no PIN."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        reference = _read(turn, value)
        if not reference:
            return {"reference": None}
        if await visible_case(self._ports, reference, turn):
            return {"reference": reference, "pin": _ADMITTED}
        if not await self._ports.guesses.left(turn.person):
            return {"reference": reference, "pin": _REFUSED}
        told = turn.entity(SECRET)
        return {
            "reference": reference,
            **(await self._judge(turn, reference, told) if told else {"pin": None}),
        }

    async def validate_pin(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Compare a PIN; wrong ones are counted on the person and on the reference.

        A number that is no case's may be an application's: what opens no case is tried there.
        """
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        if turn.slot("pin") != value:
            return {"pin": tracker.slots.get("pin")}  # validate_reference has decided
        connected = await self._ports.registers.connected()
        pin = pins.typed(value)
        fits = pin.isascii() and pin.isdecimal() and len(pin) == pins.LENGTH
        if not (fits or (connected and could_be_secret(value))):
            turn.say("utter_application_secret_unreadable" if connected else "utter_pin_unreadable")
            return {"pin": None}
        return await self._judge(turn, turn.slot("reference"), value)

    async def _judge(self, turn: Turn, reference: str, secret: str) -> Filled:
        judged = await self._ports.cases.check_pin(reference, pins.typed(secret), turn.person)
        if judged.outcome is PinOutcome.RIGHT:
            (shown,) = verify(reference, self._ports.clock.now())
            return {"pin": _ADMITTED, shown["name"]: shown["value"]}
        locked = judged.outcome is PinOutcome.LOCKED
        if not locked and (opened := await self._application(turn, reference, secret)):
            return opened
        if locked or not judged.left:
            return {"pin": _REFUSED}
        turn.say("utter_no_match")
        return {"pin": None}

    async def _application(self, turn: Turn, number: str, secret: str) -> Filled:
        """What is filled where the secret opens an application of this number; the guess stays counted."""
        asker = Asker(phone=turn.phone, secret=secret)
        if not isinstance(await self._ports.registers.look_up(number, asker), Found):
            return {}
        (shown,) = verify(f"application:{number}", self._ports.clock.now())
        return {
            "pin": _APPLICATION,
            "application_number": number,
            "application_secret": _ADMITTED,
            shown["name"]: shown["value"],
        }


class ComplaintStatus(DialogAction):
    """Tells state, promised date and last change of the case that was named."""

    action_name = "action_complaint_status"

    async def respond(self, turn: Turn) -> Events:
        """Tell, or say that there were too many wrong guesses; the PIN is forgotten."""
        if turn.slot("pin") == _APPLICATION:
            return [*remember(goal="status", pin=None, reference=None), FollowupAction("action_status")]
        case = await visible_case(self.ports, turn.slot("reference"), turn)
        if case is None:
            turn.say("utter_guesses_spent")
            return remember(pin=None, reference=None)
        self._tell(turn, case)
        return [*remember(pin=None), *await offer(self.ports, turn, case)]

    def _tell(self, turn: Turn, case: Case) -> None:
        values = {
            "reference": spoken(case.reference),
            "state": turn.words.label(f"state_{case.state}"),
            "updated": turn.words.date(case.updated_at),
        }
        if case.state not in OPEN:
            turn.say("utter_complaint_status_closed", **values)
            return
        late = case.promised_at < self.ports.clock.now()
        key = "utter_complaint_status_late" if late else "utter_complaint_status"
        turn.say(key, date=turn.words.date(case.promised_at), **values)


def _read(turn: Turn, text: str) -> str:
    """The reference in a text; empty, and said what is wrong with it, if there is none."""
    number = _NUMBER.search(ascii_digits(text))
    found = check(number[0] if number else text)
    if not isinstance(found, Flaw):
        return found.digits
    flawed = found is Flaw.ONE_DIGIT_WRONG
    turn.say("utter_reference_mistyped" if flawed else "utter_reference_unreadable")
    return ""
