"""A case is filed: free text first, then only what is missing, one confirmation, the receipt."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from bot.places import Place
from bot.text.gsm import is_gsm
from complaints.cases import CaseKind
from dialogs import draft, follow_up
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.afterthought import ASK, case_just_filed
from dialogs.circumstances import Circumstances
from dialogs.complaint_form import CONFIRM, NO_PLACE, ValidateComplaintForm, about_service, places_named
from dialogs.enclosed import promised, unused
from dialogs.from_list import from_list
from dialogs.intake import Intake, Matter
from dialogs.menu_tree import COMPLAINT_PLACE
from dialogs.phrases import Phrases
from dialogs.ports import Ports
from dialogs.subject import Subjects
from services.answers import cost_lines
from services.catalogue import Status

# Code points of the person's own words that a confirmation of two parts has room for: where one
# letter outside GSM-7 makes parts of 67, and where all are inside.
_DEAR_SHOWN, _CHEAP_SHOWN, _PLACE_SHOWN = 36, 120, 20
# On a screen of the dear kind they leave room for the answers to choose from.
_DEAR_ON_SCREEN, _PLACE_ON_SCREEN = 14, 10
_FORM = "complaint_form"
# Stays the goal while it is filed: what is said afterwards is about it.
_DANGER = "danger"
_KINDS = {"feedback": CaseKind.SUGGESTION, "talk_to_human": CaseKind.ENQUIRY}
_OF_ONE_CASE = (
    "case_kind",
    "complaint_category",
    "complaint_draft",
    "complaint_text",
    "complaint_service",
    "complaint_place",
    "complaint_village",
    "complaint_confirm",
    "complaint_change",
)


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    phrases = ports.phrases
    intake = Intake(ports)
    return [
        ComplaintStart(ports, phrases, intake.subjects),
        AskPlace(ports),
        AskConfirmation(ports, intake),
        ValidateComplaintForm(ports, phrases, intake.subjects),
        SubmitCase(ports, intake),
    ]


class ComplaintStart(DialogAction):
    """Takes from the first message what it says already: kind, words, place."""

    action_name = "action_complaint_start"

    def __init__(self, ports: Ports, phrases: Phrases, subjects: Subjects) -> None:
        super().__init__(ports)
        self._phrases = phrases
        self._subjects = subjects

    async def respond(self, turn: Turn) -> Events:
        """Begin with an empty form, unless one is under way."""
        if turn.form == _FORM:
            return []
        more = turn.intent == "complaint" and self._phrases.has_substance(turn.text)
        if more and await case_just_filed(self.ports, turn):
            return [FollowupAction(ASK)]
        text = self._said_already(turn)
        places = places_named(self.ports.places, text)
        return [
            *remember(**dict.fromkeys(_OF_ONE_CASE)),
            *remember(
                goal=_DANGER if turn.slot("goal") == _DANGER else "complaint",
                case_kind=_kind(turn).value,
                complaint_category=turn.entity("complaint_category") or None,
                complaint_text=text or None,
                complaint_service=about_service(turn) if text else None,
                complaint_place=self._place(turn, places),
                complaint_village=(text and turn.entity("village")) or None,
            ),
            FollowupAction(_FORM),
        ]

    def _place(self, turn: Turn, named: Sequence[Place]) -> str | None:
        """The place that the words name, else the one said before: it is shown before anything is sent."""
        if named:
            return named[0].code if len(named) == 1 else None
        if turn.entity("village"):
            return None  # it need not be where the talk was about before
        known = self.ports.places.get(turn.slot("place"))
        return known.code if known else None

    def _said_already(self, turn: Turn) -> str:
        if self._phrases.has_substance(turn.text) or self._names_fault(turn):
            return turn.text
        return draft.kept(turn)

    def _names_fault(self, turn: Turn) -> bool:
        """Whether a few words tell what is wrong: a power cut is a story. A subject picked from a list is none."""
        if turn.intent != "complaint" or turn.entity("complaint_category"):
            return False
        known = self._subjects.guess(turn.text).id != self._subjects.general
        return known or bool(turn.entity("category"))


class AskPlace(DialogAction):
    """Asks where it happened; which of several places, if the words name one that shares its name; where a village is."""

    action_name = "action_ask_complaint_form_complaint_place"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        answer = turn.text if turn.slot("requested_slot") == "complaint_place" else ""
        find = self.ports.places
        homonyms = places_named(find, answer) or places_named(find, turn.slot("complaint_text"))
        if len(homonyms) > 1:
            turn.say(
                "utter_ask_which_place",
                [
                    {
                        "title": find.full_name(place.code, turn.words.language),
                        "payload": f'/inform{{"complaint_place": "{place.code}"}}',
                    }
                    for place in homonyms
                ],
            )
        elif village := turn.slot("complaint_village"):
            turn.say("utter_ask_where_village_is", from_list(turn, COMPLAINT_PLACE), village=village)
        else:
            turn.say("utter_ask_complaint_form_complaint_place", from_list(turn, COMPLAINT_PLACE))
        return []


class AskConfirmation(DialogAction):
    """Shows what will be filed; before it, the official fee if it may settle the matter, and who will not decide."""

    action_name = "action_ask_complaint_form_complaint_confirm"

    def __init__(self, ports: Ports, intake: Intake) -> None:
        super().__init__(ports)
        self._intake = intake

    async def respond(self, turn: Turn) -> Events:
        """All that a person should know before they say yes."""
        said, subjects = turn.slot("complaint_text"), self._intake.subjects
        category = self._intake.category(said, turn.slot("complaint_category"))
        if category.sensitive or self._intake.office(said, _filed_kind(turn)):
            turn.say("utter_another_office_decides")
        elif category.id in subjects.about_fees:
            self._tell_fee(turn)
        place = self._place(turn)
        cheap = is_gsm(self.ports.pack.text(turn.words.language, CONFIRM).text + said + place)
        words = turn.words.excerpt(said, _CHEAP_SHOWN if cheap else _DEAR_SHOWN)
        place = turn.words.excerpt(place, _PLACE_SHOWN)
        if turn.in_session and not cheap:
            words = turn.words.excerpt(said, _DEAR_ON_SCREEN)
            place = turn.words.excerpt(place, _PLACE_ON_SCREEN)
        if enclosed := unused(self.ports, turn):
            turn.say("utter_media_with_it", count=len(enclosed))
        turn.say(CONFIRM, words=words, place=place)
        return promised(self.ports, turn, _FORM) if enclosed else []

    def _place(self, turn: Turn) -> str:
        place = turn.slot("complaint_place")
        if place == NO_PLACE:
            return turn.words.label("place_skipped")
        known = self.ports.places.get(place)
        return self.ports.places.name(known.code, turn.words.language) if known else place

    def _tell_fee(self, turn: Turn) -> None:
        about = turn.slot("complaint_service")
        if about not in self.ports.catalogue.services:
            return
        service = Circumstances(self.ports, turn, about).service
        if service.costs_fact.status is Status.UNKNOWN:
            return
        name = self.ports.catalogue.name(service.id, turn.words.language)
        costs = "; ".join(cost_lines(self.ports.pack, service, turn.words.language, brief=True))
        if service.costs_fact.status is Status.CONFIRMED:
            turn.say("utter_known_fee", service=name, costs=costs)
        else:
            turn.say("utter_known_fee_reported", service=name, costs=costs, year=service.costs_fact.year)


class SubmitCase(DialogAction):
    """Files the case and hands out the receipt: reference, PIN, promised date."""

    action_name = "action_file_complaint"

    def __init__(self, ports: Ports, intake: Intake) -> None:
        super().__init__(ports)
        self._intake = intake

    async def respond(self, turn: Turn) -> Events:
        """File what was confirmed."""
        text, place = self._words_and_place(turn)
        category = self._intake.category(text, turn.slot("complaint_category"))
        case = self._intake.case(
            turn,
            text,
            _filed_kind(turn),
            Matter(service=turn.slot("complaint_service"), place=place, category=category),
            told="utter_receipt",
        )
        filed = self._intake.file(turn, case)
        return [*remember(**dict.fromkeys(_OF_ONE_CASE)), *filed, *await follow_up.offer(self.ports, turn)]

    def _words_and_place(self, turn: Turn) -> tuple[str, str]:
        """The person's words and the code of the place; a place that is on no list stays with the words."""
        text, place = turn.slot("complaint_text"), turn.slot("complaint_place")
        if place in ("", NO_PLACE):
            return text, ""
        if self.ports.places.get(place):
            return text, place
        return text if place in text else f"{text}\n{place}", ""


def _kind(turn: Turn) -> CaseKind:
    """What the case is: said by the choice taken, else by what is wanted."""
    said = turn.entity("case_kind")
    return CaseKind(said) if said in set(CaseKind) else _KINDS.get(turn.intent, CaseKind.COMPLAINT)


def _filed_kind(turn: Turn) -> CaseKind:
    """What the form at hand files."""
    return CaseKind(turn.slot("case_kind") or CaseKind.COMPLAINT)
