"""How an application stands: told to its applicant's phone, to others only with the secret on the receipt.

Found, not found and not reachable are three answers; a number that is in no register and somebody
else's are one. Where no register is connected the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from complaints import pins
from complaints.cases import OPEN
from complaints.references import Reference, check
from complaints.store import PinOutcome
from dialogs import draft
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.asked_service import to_staff
from dialogs.complaint_form import Filled
from dialogs.complaint_status import ComplaintStatus, StatusStart
from dialogs.number_and_secret import APPLICATION, SECRET
from dialogs.ports import Ports
from dialogs.subject import Subjects
from dialogs.verified import is_verified, verify
from services import application_numbers
from services.registers import Asker, Found, NextStep, NotFound, Unreachable, could_be_secret

# In place of a secret once none is needed, or none would help. A person who types these words opens
# nothing: what is shown is decided by the register.
_ADMITTED, _REFUSED, _CASE = "admitted", "refused", "case"
_FORM = "status_form"


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [
        ApplicationStart(ports),
        AskSecret(ports),
        ValidateApplicationForm(ports),
        ApplicationStatus(ports),
    ]


class Grievance:
    """What is said with the question; "Is my passport ready?" is no complaint yet, "… after a year?" is one."""

    def __init__(self, ports: Ports) -> None:
        self._phrases = ports.phrases
        self._subjects = Subjects.load(ports.pack, ports.categories)

    def keep(self, turn: Turn) -> Events:
        """Keep words that say what is wrong, in case the offer to write to staff is taken."""
        if self._subjects.guess(turn.text).id == self._subjects.general:
            return remember(complaint_draft=None)
        return draft.keep(turn, self._phrases)


class ApplicationStart(DialogAction):
    """Finds out which application is meant before anything is asked: named now, told before, or the person's own."""

    action_name = "action_status_start"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._grievance = Grievance(ports)
        self._case = StatusStart(ports)

    async def respond(self, turn: Turn) -> Events:
        """Begin the form with what is known, go over to a case, or own up that there is no register."""
        connected = await self.ports.registers.connected()
        if await self._means_case(turn, connected=connected):
            return [*await self._case.begin(turn), FollowupAction("complaint_status_form")]
        kept = [*self._grievance.keep(turn), *remember(goal="status")]
        if not connected:
            turn.say("utter_status")
            return kept
        number = turn.entity("application") or application_numbers.find(turn.text)
        number = number or await self._told_before(turn)
        if not number:
            own = await self._own(turn)
            if len(own) > 1:
                turn.say("utter_ask_which_application", [self._choice(turn, each) for each in own])
                return kept
            number = application_numbers.normalise(own[0].number) if own else ""
        return [
            *kept,
            *remember(**await _admission(self.ports, turn, number)),
            FollowupAction(_FORM),
        ]

    async def _means_case(self, turn: Turn, *, connected: bool) -> bool:
        """Whether the number is that of a case, or "mine" is; an office may have given the same one to an application."""
        named = turn.entity("reference")
        if not named:
            return await self._means_own_case(turn, connected=connected)
        if not connected:
            return True
        number = turn.entity(APPLICATION) or named
        own = await self.ports.registers.look_up(number, Asker(phone=turn.phone))
        return isinstance(check(named), Reference) and not isinstance(own, Found)

    async def _means_own_case(self, turn: Turn, *, connected: bool) -> bool:
        """Whether a message that names nothing is about the case just filed, or cannot be about anything else."""
        if turn.entity("service") or turn.entity("application") or application_numbers.find(turn.text):
            return False
        cases = {view.case.reference: view.case for view in await self.ports.cases.of_contact(turn.person)}
        if turn.slot("goal") in ("complaint", "danger") and turn.slot("reference") in cases:
            return True
        is_open = any(case.state in OPEN for case in cases.values())
        return is_open and not connected and not turn.slot("service")

    async def _told_before(self, turn: Turn) -> str:
        """The application that was told last, if the person goes on about it."""
        number = turn.slot("application_number")
        if not number or turn.slot("goal") != "status" or turn.entity("service"):
            return ""
        return number if isinstance(await _look_up(self.ports, turn, number), Found) else ""

    async def _own(self, turn: Turn) -> Sequence[Found]:
        """The person's own applications; those for the service that is named, if there are any."""
        own = await self.ports.registers.of_holder(turn.phone)
        named = turn.entity("service")
        return [each for each in own if each.service == named] or own

    def _choice(self, turn: Turn, application: Found) -> dict[str, str]:
        return {
            "title": _called(self.ports, turn, application),
            "payload": f'/status{{"application": "{application_numbers.normalise(application.number)}"}}',
        }


class AskSecret(DialogAction):
    """Asks for the secret of the number in hand."""

    action_name = "action_ask_status_form_application_secret"

    async def respond(self, turn: Turn) -> Events:
        """One question, about the number as the person writes it."""
        turn.say("utter_ask_status_form_application_secret", number=_as_written(turn))
        return []


class ValidateApplicationForm(FormValidationAction):
    """Judges what was sent as number and secret."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return f"validate_{_FORM}"

    async def validate_application_number(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take a number that a register can have; the person's own needs no secret, nor does their own case."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        case = check(value)
        if isinstance(case, Reference):
            view = await self._ports.cases.find(case.digits, turn.person)
            if view and view.own:
                found = {"application_number": case.digits, "application_secret": _CASE}
                return {**found, "reference": case.digits}
        number = application_numbers.answer(value)
        if not number:
            turn.say("utter_application_unreadable")
            return {"application_number": None}
        return await _admission(self._ports, turn, number)

    async def validate_application_secret(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Compare a secret; wrong ones are counted on the person and on the number."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        if turn.slot("application_secret") != value:
            return {"application_secret": tracker.slots.get("application_secret")}  # decided with the number
        if turn.entity(SECRET):
            return await _admission(self._ports, turn, turn.entity(APPLICATION))
        if not could_be_secret(value):
            turn.say("utter_application_secret_unreadable")
            return {"application_secret": None}
        return await _judge(self._ports, turn, turn.slot("application_number"), value, _as_written(turn))


class ApplicationStatus(DialogAction):
    """Tells state, next step, what is missing and as of when; or that it was not found, or not reachable."""

    action_name = "action_status"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._grievance = Grievance(ports)
        self._case = ComplaintStatus(ports)

    async def respond(self, turn: Turn) -> Events:
        """Tell; the secret is forgotten, the number is what the next question may be about."""
        decided, number = turn.slot("application_secret"), turn.slot("application_number")
        if decided == _CASE:
            return [*await self._case.respond(turn), *remember(application_secret=None)]
        if decided == _REFUSED:
            turn.say("utter_application_guesses_spent")
            return remember(application_secret=None, application_number=None)
        answer = await _look_up(self.ports, turn, number)
        if isinstance(answer, Found):
            self._tell(turn, answer)
            about = remember(service=answer.service) if answer.service else []
            return [*about, *remember(application_secret=None)]
        if isinstance(answer, NotFound):
            _say_not_found(turn, answer, _as_written(turn))
        else:
            turn.say("utter_register_unreachable", [to_staff(turn)])
        return remember(application_secret=None, application_number=None)

    def _tell(self, turn: Turn, found: Found) -> None:
        words = turn.words
        step = found.next_step
        if step in set(NextStep):
            step = words.label(f"step_{step}")
        details = [
            words.label(f"application_{name}", value=value)
            for name, value in (("missing", found.missing), ("next", step))
            if value
        ]
        aggrieved = bool(turn.slot("complaint_draft"))
        turn.say(
            "utter_application",
            [to_staff(turn)] if aggrieved else [],
            application=_called(self.ports, turn, found),
            state=words.label(f"application_{found.state}"),
            since=words.written(found.since),
            details="".join(f" {each}" for each in details),
            office=f" {words.label('application_office', value=found.office)}" if found.office else "",
            as_of=words.moment(found.as_of),
        )


async def _admission(ports: Ports, turn: Turn, number: str) -> Filled:
    """What the form begins with for a number: whether its secret is needed, or would not help any more."""
    nothing: Filled = {"application_number": None, "application_secret": None, "application_written": None}
    if not number:
        return nothing
    if await ports.registers.mistyped(number):
        turn.say("utter_application_mistyped")
        return nothing
    known = {
        "application_number": number,
        "application_written": application_numbers.as_written(turn.text, number),
    }
    if not isinstance(await _look_up(ports, turn, number), NotFound):
        return {**known, "application_secret": _ADMITTED}
    if not await ports.guesses.left(turn.person):
        return {**known, "application_secret": _REFUSED}
    told = turn.entity(SECRET)
    if not told:
        return {**known, "application_secret": None}
    return {**known, **await _judge(ports, turn, number, told, str(known["application_written"]))}


async def _judge(ports: Ports, turn: Turn, number: str, secret: str, written: str) -> Filled:
    """What a secret of the number fills; a wrong one is counted, and asked for again while any is left."""
    subject = f"application:{number}"
    # A number that may be a case's is tried there first, and counted there.
    as_case = isinstance(check(number), Reference)
    if as_case:
        judged = await ports.cases.check_pin(number, pins.typed(secret), turn.person)
        if judged.outcome is PinOutcome.RIGHT:
            return {"application_secret": _CASE, "reference": number, **_opened(ports, number)}
        left = None if judged.outcome is PinOutcome.LOCKED else judged.left
    else:
        left = await ports.guesses.take(turn.person, subject)
    if left is None:
        return {"application_secret": _REFUSED}
    answer = await ports.registers.look_up(number, Asker(phone=turn.phone, secret=secret))
    if not isinstance(answer, NotFound):
        if not as_case:
            await ports.guesses.give_back(turn.person, subject)
        # What could not be asked was not shown to be theirs; the submission says that it could not.
        opened = _opened(ports, subject) if isinstance(answer, Found) else {}
        return {"application_secret": _ADMITTED, **opened}
    if not left:
        return {"application_secret": _REFUSED}
    _say_not_found(turn, answer, written)
    return {"application_secret": None}


def _opened(ports: Ports, subject: str) -> Filled:
    (shown,) = verify(subject, ports.clock.now())
    return {shown["name"]: shown["value"]}


def _as_written(turn: Turn) -> str:
    """The number at hand in the person's own signs: "PP-2026/00123"."""
    return turn.slot("application_written") or turn.slot("application_number")


async def _look_up(ports: Ports, turn: Turn, number: str) -> Found | NotFound | Unreachable:
    """What this person may see without another secret."""
    admitted = is_verified(turn, f"application:{number}", ports.clock.now())
    return await ports.registers.look_up(number, Asker(phone=turn.phone, admitted=admitted))


def _say_not_found(turn: Turn, answer: NotFound, number: str) -> None:
    as_of = turn.words.moment(answer.as_of) if answer.as_of else "-"
    turn.say("utter_application_not_found", [to_staff(turn)], number=number, as_of=as_of)


def _called(ports: Ports, turn: Turn, application: Found) -> str:
    """The number as it stands on the receipt, and what it is for."""
    if ports.catalogue.get(application.service) is None:
        return application.number
    service = ports.catalogue.name(application.service, turn.words.language)
    return turn.words.label("application", number=application.number, service=service)
