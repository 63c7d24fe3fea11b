"""Notices what was not understood, and what a person's next words say of how they were taken.

It looks at a turn from outside and costs one that was understood nothing but a few comparisons. What is
said while a form asks is never noticed: it may be a PIN or a name. Nor is what begins a form: it is a
case in the making, which may turn out to be confidential.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bot.bands import Bands
from bot.learning.unclear import Unclear
from bot.messages import InboundMessage
from bot.nlu.normalise import fold
from bot.trackers import TrackerState
from bot.turns import Turn

_MOST_GUESSES = 3
# What says nothing about a wish, however sure.
_SMALL_WORDS = frozenset(("inform", "affirm", "deny"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What of a conversation the next turn may speak against."""

    unclear: str
    wish: Mapping[str, Any]
    asking: bool
    begun: str


class Listener:
    """Compares the conversation before a turn with what the turn made of it."""

    def __init__(self, denials: Iterable[str]) -> None:
        """`denials` are the words with which a person says no, in any language."""
        self._denials = tuple({fold(word) for word in denials if len(word) > 1})
        self._bands = Bands()

    @staticmethod
    def before(state: TrackerState) -> Before:
        """To be taken before the turn, which changes the state."""
        form = state.form
        fresh = form is not None and not (form.answered or form.failed) and len(state.forms) == 1
        return Before(
            unclear=state.unclear,
            wish=state.last_wish,
            asking=form is not None,
            begun=state.began if fresh else "",
        )

    def heard(self, before: Before, turn: Turn, message: InboundMessage) -> tuple[Unclear, ...]:
        """What was unclear in this message, and what it tells of the one before; the state remembers the first."""
        state = turn.state
        earlier = self._earlier(before, turn, message)
        state.unclear, state.began = "", ""
        if before.asking or turn.chosen or state.paused or not _is_said_in(message.text, turn):
            return earlier
        if state.form:
            state.began = message.text if turn.understood else ""
        elif not turn.understood or self._in_doubt(turn):
            state.unclear = message.text
            return (*earlier, _unclear(message.text, turn.wish))
        return earlier

    def _in_doubt(self, turn: Turn) -> bool:
        """Whether the next best wish was offered with the answer."""
        intent = turn.wish["intent"]
        doubtful = intent["name"] not in _SMALL_WORDS and intent["confidence"] < self._bands.sure
        return doubtful and bool(turn.responses)

    def _earlier(self, before: Before, turn: Turn, message: InboundMessage) -> tuple[Unclear, ...]:
        """What this turn says of the message before."""
        intent = str(turn.wish["intent"]["name"])
        if turn.chosen:
            picked = bool(before.unclear) and bool(message.text or message.payload)
            chosen = str(turn.wish.get("intent_response_key") or intent)
            told = Unclear(text=before.unclear, chosen=chosen, service=_service(turn.wish), again=True)
            return (told,) if picked else ()
        if before.begun and turn.cancelled:
            return (Unclear(text=before.begun, corrected=True),)
        if before.asking or not self._contradicts(intent, turn, message.text):
            return ()
        service = _service(turn.wish)
        if before.unclear:
            return (Unclear(text=before.unclear, service=service, corrected=True, again=True),)
        said = str(before.wish.get("text") or "")
        if said and said == _said_before(turn.state):
            return (replace(_unclear(said, before.wish), service=service, corrected=True),)
        return ()

    def _contradicts(self, intent: str, turn: Turn, text: str) -> bool:
        """Whether that is "no", or "no, I meant" something."""
        names = intent == "inform" or not turn.understood
        return intent == "deny" or (names and self._denies(text) and bool(_service(turn.wish)))

    def _denies(self, text: str) -> bool:
        return fold(text).startswith(self._denials)


def _unclear(text: str, wish: Mapping[str, Any]) -> Unclear:
    ranking: Sequence[Mapping[str, Any]] = wish.get("intent_ranking") or ()
    return Unclear(
        text=text,
        language=str(wish.get("language") or ""),
        guesses=tuple((each["name"], float(each["confidence"])) for each in ranking[:_MOST_GUESSES]),
    )


def _service(wish: Mapping[str, Any]) -> str:
    named = (each["value"] for each in wish["entities"] if each["entity"] == "service")
    return str(next(named, ""))


def _said_before(state: TrackerState) -> str:
    """The words of the message before this one."""
    users = (event for event in reversed(state.events) if event["event"] == "user")
    return str(next(islice(users, 1, None), {}).get("text") or "")


def _is_said_in(text: str, turn: Turn) -> bool:
    """Whether the turn answered these words, and there are letters in them: a number alone is an answer or an address."""
    return turn.wish["text"] == text and any(map(str.isalpha, text))
