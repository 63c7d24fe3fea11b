"""The answers of the complaint form: what is taken, what is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

from bot.engine import CHOICE_DIGITS, OFFERED_ANEW
from bot.places import Place, PlaceMatch, Places
from bot.text.digits import ascii_digits
from dialogs.action import Turn
from dialogs.addition import Additions
from dialogs.phrases import Phrases
from dialogs.ports import Ports
from dialogs.subject import Subjects

# In place of a place that the person does not want to, or cannot, name.
NO_PLACE = "-"
# In place of a service, where none was spoken of: one that is asked about later is not what the complaint is about.
_NO_SERVICE = "-"
CONFIRM = "utter_ask_complaint_form_complaint_confirm"
_NO_SUCH_PLACE = "utter_complaint_place_unclear"
_LEAST_LETTERS = 4
_NO_ANSWER = frozenset({"affirm", "deny", "greet", "thanks"})
# A few words of this kind are a key pressed by chance.
_NO_MATTER = frozenset({"out_of_scope", "nlu_fallback"})
_NAMES = ("service", "district", "province")
_PARTS = {"text": "complaint_text", "place": "complaint_place"}

Filled = dict[str, Any]


class ValidateComplaintForm(FormValidationAction):
    """Judges each answer of the form; a slot left None is asked for again."""

    def __init__(self, ports: Ports, phrases: Phrases, subjects: Subjects) -> None:
        self._ports = ports
        self._phrases = phrases
        self._subjects = subjects
        self._additions = Additions(ports, phrases)

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return "validate_complaint_form"

    def validate_complaint_text(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take any words that say something; a place in them need not be asked for."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        if self._says_nothing(turn, value):
            turn.say("utter_complaint_text_too_short")
            return {"complaint_text": None, **self._place_alone(turn)}
        filled: Filled = {
            "complaint_text": value,
            "complaint_service": about_service(turn),
            "complaint_village": turn.entity("village") or None,
        }
        places = [place.code for place in places_named(self._ports.places, value)]
        if places and turn.slot("complaint_place") not in places:
            filled["complaint_place"] = places[0] if len(places) == 1 else None
        return filled

    def validate_complaint_place(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take the code of a known place, "skip", or a village in the person's words.

        A name that several places share is asked about; a story belongs to the complaint. What can be no
        place is asked about once: whoever says it again has none to name.
        """
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        if value == NO_PLACE or self._phrases.skips(value):
            return {"complaint_place": _known_of_it(turn)}
        if self._ports.places.get(value):
            return {"complaint_place": value}
        places = places_named(self._ports.places, value)
        if not places and (_is_no_place(turn, value) or self._phrases.is_noise(value)):
            return self._without_place(turn, value)
        one = places[0].code if len(places) == 1 else None
        if self._additions.to_place(turn):
            return {"complaint_place": one, **self._told(turn, self._additions.taken(turn))}
        if one and (turn.entity("village") or turn.entity("service")):
            # A code says no more than the district: village and service stay with the person's words.
            return {"complaint_place": one, **self._told(turn, self._additions.joined(turn))}
        return {"complaint_place": one if places else value}

    def validate_complaint_confirm(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Send or change; only after "change" is there something to ask.

        Another place corrects the one shown, and what is said beside that is added; both are shown again.
        A village, for which there is no code, does both.
        """
        del domain
        if value == "send":
            return {"complaint_confirm": value, "complaint_change": "nothing"}
        turn = Turn(self._ports, dispatcher, tracker)
        place = self._another_place(turn) or self._another_village(turn)
        if value == "change" or (turn.intent == "deny" and not place):
            return {"complaint_confirm": "change"}
        filled: Filled = {"complaint_confirm": None}
        if place:
            filled["complaint_place"] = place
        if self._additions.to_confirmation(turn):
            filled |= self._told(turn, self._additions.taken(turn))
        return filled

    def validate_complaint_change(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Forget the part that is to be said again, and the confirmation with it; take a place said at once."""
        del domain
        forgotten: Filled = {"complaint_change": None, "complaint_confirm": None}
        if value in _PARTS:
            forgotten[_PARTS[value]] = None
        elif value != "nothing":
            place = self._another_place(Turn(self._ports, dispatcher, tracker))
            return {**forgotten, "complaint_place": place} if place else {"complaint_change": None}
        return forgotten

    def _says_nothing(self, turn: Turn, text: str) -> bool:
        """Whether no staff could act on it; what only seems to be noise is taken when it is said again."""
        if turn.intent in _NO_ANSWER or self._phrases.letters(text) < _LEAST_LETTERS or _answers_later(turn):
            return True
        noise = turn.intent in _NO_MATTER or (turn.intent == "inform" and any(map(turn.entity, _NAMES)))
        known = self._subjects.guess(text).id != self._subjects.general
        if known or not noise or self._phrases.has_substance(text):
            return False
        return "utter_complaint_text_too_short" not in turn.last_answers

    def _place_alone(self, turn: Turn) -> Filled:
        """The place, where that is all that was said."""
        places = places_named(self._ports.places, turn.text)
        return {"complaint_place": places[0].code} if len(places) == 1 else {}

    def _without_place(self, turn: Turn, value: str) -> Filled:
        if not {_NO_SUCH_PLACE, OFFERED_ANEW}.isdisjoint(turn.last_answers):
            return {"complaint_place": _known_of_it(turn)}
        if len(ascii_digits(value).strip()) > CHOICE_DIGITS or not turn.is_wordless:
            turn.say(_NO_SUCH_PLACE)  # of a number that no answer has, the engine says so
        return {"complaint_place": None}

    @staticmethod
    def _told(turn: Turn, text: str) -> Filled:
        """The words with those of the message, which may name the service where nothing did before."""
        known = turn.slot("complaint_service")
        service = about_service(turn) if known in ("", _NO_SERVICE) else known
        return {"complaint_text": text, "complaint_service": service}

    def _another_village(self, turn: Turn) -> str:
        """The village in the message, where the place at hand is in the person's own words too."""
        return "" if self._ports.places.get(turn.slot("complaint_place")) else turn.entity("village")

    def _another_place(self, turn: Turn) -> str:
        """The first place in the message that is not the one at hand, by code; empty if there is none."""
        found = self._ports.places.find(turn.text)
        at_hand = {each.start for each in found if each.place.code == turn.slot("complaint_place")}
        others = [each for each in found if each.start not in at_hand]
        return _first(others)[0].code if others else ""


def _known_of_it(turn: Turn) -> str:
    """The place of who does not name one: the village in the story, if there is one."""
    return turn.slot("complaint_village") or NO_PLACE


def about_service(turn: Turn) -> str:
    """What the words of a complaint are about: named in them, else known of it, else spoken of before them."""
    return turn.entity("service") or turn.slot("complaint_service") or turn.slot("service") or _NO_SERVICE


def _answers_later(turn: Turn) -> bool:
    """Whether a text is one of the answers to "shall this be sent?", which was not asked yet."""
    answers = turn.words.pack.text(turn.words.language, CONFIRM).buttons
    return turn.text.strip().casefold() in {each.title.casefold() for each in answers}


def _is_no_place(turn: Turn, value: str) -> bool:
    """Whether an answer is a yes, a no, digits alone or a single letter."""
    return turn.intent in ("affirm", "deny") or sum(map(str.isalpha, value)) <= 1


def places_named(places: Places, text: str) -> list[Place]:
    """The places that a text may mean: one when it is clear, several when they share a name.

    A district says more than a province; of several names in a text the first counts.
    """
    return _first(places.find(text))


def _first(found: Sequence[PlaceMatch]) -> list[Place]:
    narrow = [each for each in found if each.place.parent] or found
    return [each.place for each in narrow if each.start == narrow[0].start]
