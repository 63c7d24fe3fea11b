"""The answers of the complaint form: what is taken, what is asked again."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

from bot.places import Place, Places
from dialogs.action import Turn
from dialogs.phrases import Phrases
from dialogs.ports import Ports

# In place of a place that the person does not want to, or cannot, name.
NO_PLACE = "-"
_LEAST_LETTERS = 4
_NO_ANSWER = frozenset({"affirm", "deny", "greet", "thanks"})
_PARTS = {"text": "complaint_text", "place": "complaint_place"}

Filled = dict[str, Any]


class ValidateComplaintForm(FormValidationAction):
    """Judges each answer of the form; a slot left None is asked for again."""

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        self._ports = ports
        self._phrases = phrases

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return "validate_complaint_form"

    def validate_complaint_text(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take any words that say something; a place in them need not be asked for."""
        del domain
        turn = Turn(self._ports, dispatcher, tracker)
        if turn.intent in _NO_ANSWER or self._phrases.letters(value) < _LEAST_LETTERS:
            turn.say("utter_complaint_text_too_short")
            return {"complaint_text": None}
        filled: Filled = {"complaint_text": value}
        places = places_named(self._ports.places, value)
        if len(places) == 1 and not turn.slot("complaint_place"):
            filled["complaint_place"] = places[0].code
        return filled

    def validate_complaint_place(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take the code of a known place, "skip", or a village in the person's words.

        A name that several places share is asked about.
        """
        del dispatcher, tracker, domain
        if value == NO_PLACE or self._phrases.skips(value):
            return {"complaint_place": NO_PLACE}
        if self._ports.places.get(value):
            return {"complaint_place": value}
        places = places_named(self._ports.places, value)
        if not places:
            return {"complaint_place": value}
        return {"complaint_place": places[0].code if len(places) == 1 else None}

    def validate_complaint_confirm(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Send or change; only after "change" is there something to ask."""
        del dispatcher, tracker, domain
        if value == "send":
            return {"complaint_confirm": value, "complaint_change": "nothing"}
        return {"complaint_confirm": "change" if value == "change" else None}

    def validate_complaint_change(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Forget the part that is to be said again, and the confirmation with it."""
        del dispatcher, tracker, domain
        forgotten: Filled = {"complaint_change": None, "complaint_confirm": None}
        if value in _PARTS:
            forgotten[_PARTS[value]] = None
        return forgotten


def places_named(places: Places, text: str) -> list[Place]:
    """The places that a text may mean: one when it is clear, several when they share a name.

    A district says more than a province; of several names in a text the first counts.
    """
    found = places.find(text)
    narrow = [each for each in found if each.place.parent] or found
    return [each.place for each in narrow if each.start == narrow[0].start]
