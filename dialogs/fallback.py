"""What is not understood, or not ours: choices while there is a guess, a person when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn
from dialogs.phrases import Phrases
from dialogs.ports import Ports

_GUESSES_OFFERED = 3
# Below this a guess is no better than a list of everything.
_LEAST_CONFIDENCE = 0.1
_TO_STAFF = '/complaint{"case_kind": "enquiry"}'
_NOT_HELPED = frozenset(
    {"utter_default", "utter_did_you_mean", "utter_not_understood_again", "utter_out_of_scope"}
)
_OF_A_SERVICE = frozenset({"requirements", "fee", "duration", "where_hours"})


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    phrases = Phrases.load(ports.pack)
    return [Fallback(ports, phrases), OutOfScope(ports, phrases)]


class Fallback(DialogAction):
    """Asks "did you mean" with the likeliest goals and a person; the second time in a row, offers the person."""

    action_name = "action_default_fallback"

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        super().__init__(ports)
        self._phrases = phrases

    async def respond(self, turn: Turn) -> Events:
        """The kindest thing that can be said."""
        if self._phrases.insulting(turn.text):
            turn.say("utter_calm")
        elif _last_answer(turn) in _NOT_HELPED:
            turn.say("utter_not_understood_again")
        elif guesses := list(self._guesses(turn)):
            person = {"title": turn.words.label("a_person"), "payload": _TO_STAFF}
            turn.say("utter_did_you_mean", [*guesses, person])
        else:
            turn.say("utter_default")
        return []

    def _guesses(self, turn: Turn) -> Iterator[dict[str, str]]:
        ranking = turn.tracker.latest_message.get("intent_ranking") or ()
        # What is less likely than "not ours" is no guess worth reading.
        ours = takewhile(lambda each: each["name"] != "out_of_scope", ranking)
        likely = [each["name"] for each in ours if each["confidence"] >= _LEAST_CONFIDENCE]
        labels = self.ports.pack.labels[self.ports.pack.languages[0]]
        for name in [each for each in likely if f"intent_{each}" in labels][:_GUESSES_OFFERED]:
            yield self._guess(turn, name)

    def _guess(self, turn: Turn, name: str) -> dict[str, str]:
        title = turn.words.label(f"intent_{name}")
        service = self.ports.catalogue.get(turn.entity("service"))
        if service is None or name not in _OF_A_SERVICE:
            return {"title": title, "payload": f"/{name}"}
        called = self.ports.catalogue.name(service.id, turn.words.language)
        return {
            "title": turn.words.label("intent_of_service", intent=title, service=called),
            "payload": f'/{name}{{"service": "{service.id}"}}',
        }


class OutOfScope(DialogAction):
    """Says what is ours; an insult gets an offer of help, the second time in a row a person is offered."""

    action_name = "action_out_of_scope"

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        super().__init__(ports)
        self._phrases = phrases

    async def respond(self, turn: Turn) -> Events:
        """One of the three."""
        if self._phrases.insulting(turn.text):
            turn.say("utter_calm")
        elif _last_answer(turn) in _NOT_HELPED:
            turn.say("utter_not_understood_again")
        else:
            turn.say("utter_out_of_scope")
        return []


def _last_answer(turn: Turn) -> str:
    """The key of what was said last, empty at the beginning."""
    said = (event.get("text") for event in reversed(turn.tracker.events) if event.get("event") == "bot")
    return str(next(said, None) or "")
