"""A number from 1 to 5 for "how was it?", however it is written: after a talk, or whenever somebody gives one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, ActionExecutionRejection, Tracker
from rasa_sdk.types import DomainDict

from bot.bands import Bands
from bot.errors import PackError
from bot.pack import Pack, Section
from bot.text.digits import ascii_digits
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.complaint_form import Filled
from dialogs.once import AskOnce, begin
from dialogs.phrases import any_of
from dialogs.ports import Ports
from dialogs.verified import visible_case
from services.ratings import HIGHEST, LOWEST, About, Rate

_FORM = "rating_form"
_LOW = 2
# A longer text tells a story in which a number or "good" may mean anything.
_LONGEST = 40
# Nobody is asked by us more often than this.
_ASKED_EVERY = timedelta(days=30)
_STARS = "⭐★*"
# What wants nothing of its own, if it is no longer than a word or two ("so la la") or a number ("100").
_SMALL = frozenset({"affirm", "feedback", "nlu_fallback", "out_of_scope"})
_WORD_OR_TWO, _SMALL_NUMBER = 16, 3
# The digit that chose "rate this" is no rating.
_TO_BE_ASKED = "ask"
_DIGITS = re.compile(r"(?<!\d)(\d{1,2})(?:\s*/\s*(5|10))?(?!\d)")
_CASES = frozenset({"complaint", "complaint_status"})


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    scores = Scores.load(ports.pack)
    return [
        Thanks(ports),
        Rating(ports, scores),
        AskScore(ports),
        ValidateRatingForm(ports, scores),
        KeepRating(ports),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The words of scores.yml, by the number that they stand for."""

    words: Mapping[int, re.Pattern[str]]

    @classmethod
    def load(cls, pack: Pack) -> Scores:
        """Read scores.yml; raises PackError."""
        problems: list[PackError] = []
        document = Section.open(pack.root / "scores.yml", problems)
        numbers = tuple(map(str, range(LOWEST, HIGHEST + 1)))
        document.only(numbers)
        words = {
            int(number): any_of(word for language in lists.data for word in lists.strings(language))
            for number, lists in document.sections()
        }
        if problems:
            raise problems[0]
        return cls(words=words)

    def read(self, text: str) -> int | None:
        """The number that a short text gives: as digit of any script, of 10, as stars, in words; else None."""
        if len(text) > _LONGEST:
            return None
        if found := _DIGITS.search(ascii_digits(text)):
            number = int(found[1]) / (2 if found[2] == "10" else 1)
            return round(number) if LOWEST <= number <= HIGHEST else None
        stars = sum(map(text.count, _STARS))
        if LOWEST <= stars <= HIGHEST:
            return stars
        folded = text.casefold()
        # "not good" has "good" in it: the longest words count, the worse number on a tie.
        hits = {
            number: max(map(len, words.findall(folded)), default=0) for number, words in self.words.items()
        }
        best = min(hits, key=lambda number: (-hits[number], number), default=0)
        return best if hits.get(best) else None


class Thanks(DialogAction):
    """Says "you are welcome"; once in a while, after an answer, asks how it was."""

    action_name = "action_thanks"

    async def respond(self, turn: Turn) -> Events:
        """Be polite, and perhaps ask."""
        turn.say("utter_thanks")
        today = self.ports.clock.now().astimezone(self.ports.pack.zone).date()
        asked = turn.slot("rating_asked_on")
        due = not asked or date.fromisoformat(asked) + _ASKED_EVERY <= today
        if turn.form or not turn.slot("goal") or not due:
            return []
        return [*remember(rating_asked_on=today.isoformat()), *begin(_FORM, "score")]


class Rating(DialogAction):
    """Takes a number that comes by itself, or asks for one."""

    action_name = "action_rating"

    def __init__(self, ports: Ports, scores: Scores) -> None:
        super().__init__(ports)
        self._scores = scores

    async def respond(self, turn: Turn) -> Events:
        """One number or one question."""
        score = self._scores.read(turn.entity("score") or turn.text)
        if score is None:
            return begin(_FORM, "score")
        await keep(self.ports, turn, score)
        return []


class AskScore(AskOnce):
    """The question."""

    form, slot = _FORM, "score"


class ValidateRatingForm(FormValidationAction):
    """Reads the answer; one that cannot be read ends the question with how to answer it, anything else silently."""

    def __init__(self, ports: Ports, scores: Scores) -> None:
        self._ports = ports
        self._scores = scores

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return f"validate_{_FORM}"

    def validate_score(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Filled:
        """Take a number; raises ActionExecutionRejection for what is no answer."""
        del domain
        score, turn = self._scores.read(value), Turn(self._ports, dispatcher, tracker)
        if score is None and not _is_attempt(turn):
            raise ActionExecutionRejection(self.name())
        if score is None:
            turn.say("utter_rating_unclear")
        return {"score": score and str(score)}


class KeepRating(DialogAction):
    """Keeps the number that the question got."""

    action_name = "action_keep_rating"

    async def respond(self, turn: Turn) -> Events:
        """Keep and thank."""
        await keep(self.ports, turn, int(turn.slot("score")))
        return remember(score=None, asked_once=None)


def offer_rating(turn: Turn) -> None:
    """Leave the way open to say how the answer was, where that costs nothing."""
    turn.beside(turn.words.label("rate_this"), f'/feedback/rating{{"score": "{_TO_BE_ASKED}"}}')


async def keep(ports: Ports, turn: Turn, score: int) -> None:
    """Have a number stored with what the talk was about; a low one gets the offer to complain."""
    about, subject = await _subject(ports, turn)
    place = turn.slot("place")
    turn.cause(
        Rate(
            about=about,
            subject=subject,
            score=score,
            language=turn.words.language,
            place=place if ports.places.get(place) else "",
        )
    )
    turn.say("utter_rated_low" if score <= _LOW else "utter_rated")


def _is_attempt(turn: Turn) -> bool:
    """Whether what is no score seems to be meant for one."""
    text = ascii_digits(turn.text).strip()
    if any(map(str.isdecimal, text)):
        number = "".join(filter(str.isdecimal, text))
        return bool(_DIGITS.fullmatch(text)) or (
            len(number) <= _SMALL_NUMBER and not any(map(str.isalpha, text))
        )
    sure = turn.tracker.latest_message["intent"]["confidence"] >= Bands().act
    return (turn.intent in _SMALL or not sure) and len(text) <= _WORD_OR_TWO


async def _subject(ports: Ports, turn: Turn) -> tuple[About, str]:
    """What the talk was about; a case only if the person may see it: anybody can name a number."""
    if turn.slot("goal") in _CASES:
        case = await visible_case(ports, turn.slot("reference"), turn)
        if case is not None:
            return About.CASE, case.reference
    if ports.catalogue.get(turn.slot("service")):
        return About.SERVICE, turn.slot("service")
    return About.TALK, ""
