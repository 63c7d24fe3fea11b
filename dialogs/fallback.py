"""What is not understood, or not ours: choices while there is a guess, a person when there is none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import takewhile

from rasa_sdk.interfaces import Action

from dialogs import draft
from dialogs.action import DialogAction, Events, Turn
from dialogs.asked_service import choice, to_staff
from dialogs.hotlines import Hotlines
from dialogs.phrases import Phrases
from dialogs.ports import Ports

_GUESSES_OFFERED = 3
# Below this a guess is no better than a list of everything.
_LEAST_CONFIDENCE = 0.1
_NOT_HELPED = frozenset(
    {
        "utter_default",
        "utter_did_you_mean",
        "utter_not_understood_again",
        "utter_other_language",
        "utter_out_of_scope",
    }
)
_DANGER = frozenset({"utter_danger", "utter_danger_no_number", "utter_danger_again"})
# How the understanding calls them.
_FOREIGN = frozenset({"th", "other"})
_OF_A_SERVICE = frozenset({"requirements", "fee", "duration", "where_hours"})


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    phrases = Phrases.load(ports.pack)
    return [Fallback(ports, phrases), OutOfScope(ports, phrases)]


class NotHelped(DialogAction):
    """What both have in common."""

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        super().__init__(ports)
        self._phrases = phrases
        self._hotlines = Hotlines.load(ports.pack)

    async def respond(self, turn: Turn) -> Events:
        """The kindest thing that can be said."""
        if self._more_urgent(turn):
            return []
        if turn.last_answer in _NOT_HELPED:
            turn.say("utter_not_understood_again")
        elif self._foreign(turn):
            turn.say("utter_other_language")
        else:
            self.otherwise(turn)
        return draft.keep(turn, self._phrases)

    @abstractmethod
    def otherwise(self, turn: Turn) -> None:
        """Answer the first message of this kind."""

    def _more_urgent(self, turn: Turn) -> bool:
        """Answer what is not about understanding.

        A person in danger who writes on, an address perhaps, is told at once that nobody is sent;
        an insulting one is offered help.
        """
        numbers = self._hotlines.spoken("danger", turn.words)
        if turn.last_answer in _DANGER and numbers:
            turn.say("utter_danger_again", numbers=numbers)
        elif self._phrases.insulting(turn.text):
            turn.say("utter_calm")
        else:
            return False
        return True

    def _foreign(self, turn: Turn) -> bool:
        """Whether the words are in none of the pack's languages."""
        heard = turn.tracker.latest_message.get("language")
        return heard in _FOREIGN and any(map(str.isalpha, turn.text))


class Fallback(NotHelped):
    """Asks "did you mean" with the likeliest goals and a person; the second time in a row, offers the person."""

    action_name = "action_default_fallback"

    def otherwise(self, turn: Turn) -> None:
        """Guess, as far as there is a guess."""
        guesses = list(self._guesses(turn))
        if guesses:
            turn.say("utter_did_you_mean", [*guesses, to_staff(turn)])
        else:
            turn.say("utter_default")

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
        return choice(self.ports, turn, name, service.id)


class OutOfScope(NotHelped):
    """Says what is ours; an insult gets an offer of help, the second time in a row a person is offered."""

    action_name = "action_out_of_scope"

    def otherwise(self, turn: Turn) -> None:
        """Say what is ours."""
        turn.say("utter_out_of_scope")
