"""What is not understood, or not ours: choices while there is a guess, a person when there is none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from bot.bands import Bands
from bot.parsed import closest
from dialogs import draft
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.afterthought import ASK, add, case_just_filed
from dialogs.asked_service import choice, to_staff
from dialogs.circumstances import Circumstances
from dialogs.danger import named_places
from dialogs.hotlines import Hotlines
from dialogs.phrases import Phrases
from dialogs.ports import Ports
from dialogs.subject import Subjects

_GUESSES_OFFERED = 3
_NOT_HELPED = frozenset(
    {
        "utter_default",
        "utter_did_you_mean",
        "utter_not_text",
        "utter_not_understood_again",
        "utter_other_language",
        "utter_out_of_scope",
    }
)
_DANGER = frozenset({"utter_danger", "utter_danger_no_number", "utter_danger_again"})
_DANGER_GOAL = "danger"
# Fewer letters after a receipt are no afterthought.
_LEAST_ADDED = 8
# How the understanding calls them.
_FOREIGN = frozenset({"th", "other"})
_STOP = "unsubscribe"
# What is asked of a service, the most frequent first.
_OF_A_SERVICE = ("requirements", "fee", "duration", "where_hours")


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    phrases = ports.phrases
    return [
        Fallback(ports, phrases),
        OutOfScope(ports, phrases),
        AskWhichFirst(ports),
        OfferFurther(ports),
        OfferInstead(ports),
    ]


class NotHelped(DialogAction):
    """What both have in common."""

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        super().__init__(ports)
        self._phrases = phrases
        self._hotlines = Hotlines.load(ports.pack)

    async def respond(self, turn: Turn) -> Events:
        """The kindest thing that can be said."""
        urgent = await self._more_urgent(turn)
        if urgent is not None:
            return urgent
        self._announce(turn)
        # Who may want no more messages is asked about that, however often.
        if turn.last_answer in _NOT_HELPED and turn.intent != _STOP:
            turn.say("utter_not_understood_again")
        elif self._foreign(turn):
            turn.say("utter_other_language")
        elif begun := self.take(turn):
            return begun
        else:
            self.otherwise(turn)
        return draft.keep(turn, self._phrases)

    def take(self, turn: Turn) -> Events:
        """What begins where one guess is worth acting on; nothing by itself."""
        del turn
        return []

    @abstractmethod
    def otherwise(self, turn: Turn) -> None:
        """Answer the first message of this kind."""

    def _announce(self, turn: Turn) -> None:
        """Say what is in force for the service that is named: it may be all that was asked."""
        if turn.entity("service") in self.ports.catalogue.services:
            Circumstances(self.ports, turn, turn.entity("service")).announce()

    async def _more_urgent(self, turn: Turn) -> Events | None:
        """Answer what is not about understanding; None if there is no such thing.

        A person in danger who writes on, an address perhaps, is told at once that nobody is sent, and
        staff get the words; an insulting one is offered help.
        """
        if turn.last_answer in _DANGER:
            return self._in_danger(turn)
        filed = await case_just_filed(self.ports, turn)
        if filed and turn.slot("goal") == _DANGER_GOAL:
            return add(self.ports, turn, filed, turn.text)
        if self._phrases.insulting(turn.text):
            turn.say("utter_calm")
            return []
        ours = turn.intent != "out_of_scope"
        if filed and ours and self._phrases.letters(turn.text) >= _LEAST_ADDED:
            return [FollowupAction(ASK)]
        return None

    def _in_danger(self, turn: Turn) -> Events:
        numbers = self._hotlines.spoken("danger", turn.words, near=named_places(self.ports, turn))
        if numbers:
            turn.say("utter_danger_again", numbers=numbers)
        else:
            turn.say("utter_danger_no_number")
        told = [turn.slot("complaint_draft"), turn.text]
        return remember(complaint_draft="\n".join(filter(None, told)))

    def _foreign(self, turn: Turn) -> bool:
        """Whether the words are in none of the pack's languages."""
        heard = turn.tracker.latest_message.get("language")
        return heard in _FOREIGN and any(map(str.isalpha, turn.text))


class Fallback(NotHelped):
    """Asks "did you mean" with the likeliest goals and a person; the second time in a row, offers the person."""

    action_name = "action_default_fallback"

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        super().__init__(ports, phrases)
        self._subjects = Subjects.load(ports.pack, ports.categories)

    def take(self, turn: Turn) -> Events:
        """A complaint begins where that is likeliest and the words say what about: it is shown before it is sent."""
        first = next(iter(likely(self.ports, turn)), "")
        known = self._subjects.guess(turn.text).id != self._subjects.general
        if first != "complaint" or not known or turn.form or not self._phrases.has_substance(turn.text):
            return []
        return [FollowupAction("action_complaint_start")]

    def otherwise(self, turn: Turn) -> None:
        """Guess, as far as there is a guess."""
        guesses = [wish(self.ports, turn, name) for name in likely(self.ports, turn)[:_GUESSES_OFFERED]]
        if guesses:
            turn.say("utter_did_you_mean", [*guesses, to_staff(turn)])
        else:
            turn.say("utter_default")


class OutOfScope(NotHelped):
    """Says what is ours; an insult gets an offer of help, the second time in a row a person is offered."""

    action_name = "action_out_of_scope"

    def otherwise(self, turn: Turn) -> None:
        """Say what is ours."""
        turn.say("utter_out_of_scope")


class AskWhichFirst(DialogAction):
    """The wishes of a message, to be chosen from: each answer fills a turn."""

    action_name = "action_ask_which_first"

    async def respond(self, turn: Turn) -> Events:
        """Name them in the order in which they were said."""
        first = turn.tracker.latest_message
        wishes = [_as_choice(self.ports, turn, each) for each in (first, *first.get("further", ()))]
        turn.say("utter_ask_which_first", wishes)
        return []


class OfferFurther(DialogAction):
    """A further wish, to be chosen: the answer to the one before fills the turn."""

    action_name = "action_offer_further"

    async def respond(self, turn: Turn) -> Events:
        """Name it."""
        turn.say("utter_also_asked", [wish(self.ports, turn, turn.intent)])
        return []


class OfferInstead(DialogAction):
    """The next best guess at a message that was answered in doubt, or a person: the engine adds it to the answer."""

    action_name = "action_offer_instead"

    async def respond(self, turn: Turn) -> Events:
        """Say what else it may have been."""
        also = _OF_A_SERVICE if turn.entity("service") else ()
        others = [name for name in (*likely(self.ports, turn), *also) if name != turn.intent]
        if others:
            title, payload = (
                turn.words.label(f"intent_{others[0]}"),
                wish(self.ports, turn, others[0])["payload"],
            )
        else:
            title, payload = turn.words.label("a_person"), to_staff(turn)["payload"]
        instead = {"title": turn.words.label("not_this", instead=title), "payload": payload}
        turn.say("utter_did_you_mean", [instead])
        return []


def likely(ports: Ports, turn: Turn) -> list[str]:
    """What the message may be about, the likeliest first."""
    ranking = turn.tracker.latest_message.get("intent_ranking") or ()
    # What is less likely than "not ours" is no guess worth reading.
    ours = takewhile(lambda each: each["name"] != "out_of_scope", ranking)
    names = [each["name"] for each in ours if each["confidence"] >= Bands().guess]
    labels = ports.pack.labels[ports.pack.languages[0]]
    return [name for name in names if f"intent_{name}" in labels]


def wish(ports: Ports, turn: Turn, name: str) -> dict[str, str]:
    """One thing that people want, to be chosen: of the service that is spoken of where it has one."""
    closer = closest(turn.tracker.latest_message)
    meant = closer if closer.partition("/")[0] == name else name
    return _named(ports, turn, meant, turn.entity("service"))


def _as_choice(ports: Ports, turn: Turn, parsed: Mapping[str, Any]) -> dict[str, str]:
    """A wish as it was understood, to be chosen."""
    services = (str(each["value"]) for each in parsed["entities"] if each["entity"] == "service")
    return _named(ports, turn, closest(parsed), next(services, turn.slot("service")))


def _named(ports: Ports, turn: Turn, meant: str, service_id: str) -> dict[str, str]:
    name, service = meant.partition("/")[0], ports.catalogue.get(service_id)
    if service is None or name not in _OF_A_SERVICE:
        return {"title": turn.words.label(f"intent_{name}"), "payload": f"/{meant}"}
    return choice(ports, turn, name, service.id, meant)
