"""What is understood of a message, in Rasa's shape, and what can be made of that without reading it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NotRequired, Protocol, TypedDict

from bot.bands import Bands
from bot.nlu.asides import REFUSABLE, Refusal
from bot.nlu.clauses import Span
from bot.nlu.data import Entity

# So many intents are told of a message.
RANKED = 5
# How sure is what nothing but a fact, or a rule, tells.
FACT_ALONE = 0.9


class Intent(TypedDict):
    """What is wanted, and how sure that is, 0 to 1."""

    name: str
    confidence: float


class ParseData(TypedDict):
    """Rasa's result of parsing a message, plus the language it is in.

    `intent_response_key` is there when the intent was understood more closely: "help/privacy";
    `further` when the message asks for more than one thing: the others, each with the whole text; `wishes` is then
    how many things that are.
    """

    text: str
    language: str
    intent: Intent
    intent_ranking: list[Intent]
    intent_response_key: NotRequired[str]
    entities: list[Entity]
    further: NotRequired[list[ParseData]]
    wishes: NotRequired[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseContext:
    """The conversation so far: its language, the service last spoken of, the slot being asked for."""

    language: str = ""
    service: str = ""
    expects: str = ""


class Interpreter(Protocol):
    """Anything that understands messages: ours, or a remote one."""

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """Understand one message; never raises for what a person can write."""
        ...


def services_of(entities: Iterable[Entity]) -> list[Entity]:
    """Those that name a service."""
    return [each for each in entities if each["entity"] == "service"]


def moved(entity: Entity, by: int) -> Entity:
    """The same, so many code points farther in the text."""
    return {**entity, "start": entity["start"] + by, "end": entity["end"] + by}


def without_refused(entities: list[Entity], refusals: Sequence[Refusal]) -> list[Entity]:
    """The entities without those that are not wanted."""
    unwanted = {each.at for each in refusals}
    return [each for each in entities if each["start"] not in unwanted or each["entity"] not in REFUSABLE]


def with_intent(parsed: ParseData, intent: str, sure: float = FACT_ALONE) -> ParseData:
    """The same with an intent that is told by a rule, as far as a rule can; none of the others is surer."""
    others = [each for each in parsed["intent_ranking"] if each["name"] != intent]
    scale = min(sure, 1.0 - sure) / (sum(each["confidence"] for each in others) or 1.0)
    ranking = [
        Intent(name=intent, confidence=sure),
        *(Intent(name=each["name"], confidence=round(each["confidence"] * scale, 4)) for each in others),
    ]
    told: ParseData = {**parsed, "intent": ranking[0], "intent_ranking": ranking[:RANKED]}
    told.pop("intent_response_key", None)
    return told


def doubted(parsed: ParseData, bands: Bands) -> ParseData:
    """No surer than what is asked about."""
    first, *others = parsed["intent_ranking"]
    if first["confidence"] == 1.0:
        return parsed
    intent = Intent(name=first["name"], confidence=min(first["confidence"], bands.act))
    return {**parsed, "intent": intent, "intent_ranking": [intent, *others]}


def span_of(entity: Entity) -> Span:
    """Where it begins and ends, in code points."""
    return entity["start"], entity["end"]


def blanked(text: str, spans: Iterable[Span]) -> str:
    """The text with spaces in place of some stretches."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
