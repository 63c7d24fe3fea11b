"""Understanding: a text and what the conversation is about in, Rasa parse data out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, Protocol, TypedDict

from bot.nlu.classifier import OUT_OF_SCOPE, Classifier
from bot.nlu.data import Entity
from bot.nlu.entities import EntityFinder
from bot.nlu.features import Reading
from bot.nlu.language import LanguageDetector
from bot.nlu.model import Model
from bot.nlu.whole import WholeMessages

_RANKED = 5
_SAYS = re.compile(r"[^\W_]|\?")
_BESIDE_DIGITS = re.compile(r"[^\d\s]")
# A service named and nothing asked: most probably "what does it take", but worth a question.
_SERVICE_ALONE = 0.6
_FACT_ALONE = 0.9
_ABOUT_SERVICES = frozenset(("requirements", "fee", "duration", "where_hours", "status"))
# How much likelier the conversation makes what follows from it.
_FOLLOWS = 1.5
# Words, or syllables of Lao, from which on an answer to a question is a story and not another question.
_STORY = 10
# After a question an answer is likelier; who wants no more messages then says so in plain words.
_AFTER_A_QUESTION = {"inform": 2.0, "unsubscribe": 0.1}


class Intent(TypedDict):
    """What is wanted, and how sure that is, 0 to 1."""

    name: str
    confidence: float


class ParseData(TypedDict):
    """Rasa's result of parsing a message, plus the language it is in.

    `intent_response_key` is there when the intent was understood more closely: "help/privacy".
    """

    text: str
    language: str
    intent: Intent
    intent_ranking: list[Intent]
    intent_response_key: NotRequired[str]
    entities: list[Entity]


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


class LightInterpreter:
    """Rules where they are exact, then the classifier; numpy only, under a millisecond a message."""

    def __init__(
        self, model: Model, *, whole: WholeMessages | None = None, entities: EntityFinder | None = None
    ) -> None:
        self._classifier = Classifier(model)
        self._languages = LanguageDetector(model)
        self._whole, self._entities = whole, entities
        # The closer intents of each intent that has some.
        self._closer: dict[str, list[str]] = {}
        for name in model.intents:
            base, closer, _ = name.partition("/")
            if closer:
                self._closer.setdefault(base, []).append(name)

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """Understand one message."""
        return self.read(text, context)

    def read(self, text: str, context: ParseContext) -> ParseData:
        """The same without waiting for anything."""
        reading = Reading(text, self._classifier.model.sounds)
        entities = self._entities.find(reading, context.expects) if self._entities else []
        chances = self._chances(reading, context)
        certain, confidence = self._rule(reading, context, entities)
        if certain:
            rest = 1.0 - confidence
            others = 1.0 - chances.get(certain, 0.0)
            chances = {
                name: chance * rest / others if others > 0 else 0.0 for name, chance in chances.items()
            }
            chances[certain] = confidence
        whole = self._together(chances)
        ranking = [
            Intent(name=name, confidence=round(whole[name], 4))
            for name in sorted(whole, key=lambda name: (-whole[name], name))[:_RANKED]
        ]
        intent = ranking[0]["name"]
        parsed = ParseData(
            text=text,
            language=self._languages.detect(reading, context.language, entities),
            intent=ranking[0],
            intent_ranking=ranking,
            entities=self._with_topic(reading, intent, entities),
        )
        closest = max((intent, *self._closer.get(intent, ())), key=lambda name: chances.get(name, 0.0))
        if closest != intent:
            parsed["intent_response_key"] = closest
        return parsed

    def _together(self, chances: dict[str, float]) -> dict[str, float]:
        """The chance of an intent is that of all its closer ones: "help" and "help/privacy"."""
        if not self._closer:
            return chances
        whole = dict(chances)
        for base, closer in self._closer.items():
            whole[base] = whole.get(base, 0.0) + sum(whole.pop(name) for name in closer)
        return whole

    def _chances(self, reading: Reading, context: ParseContext) -> dict[str, float]:
        chances = dict(zip(self._classifier.model.intents, self._classifier.classify(reading), strict=True))
        if not (context.service or context.expects):
            return chances
        story = min(1.0, _STORY / max(len(reading.tokens), 1)) ** 2
        for name in chances:
            base = name.partition("/")[0]
            if context.service and base in _ABOUT_SERVICES:
                chances[name] *= _FOLLOWS
            if context.expects:
                chances[name] *= _AFTER_A_QUESTION.get(base, story if base in _ABOUT_SERVICES else 1.0)
        whole = sum(chances.values())
        return {name: chance / whole for name, chance in chances.items()}

    def _rule(self, reading: Reading, context: ParseContext, entities: Sequence[Entity]) -> tuple[str, float]:
        """The intent that the message has beyond doubt, or by being nothing but a fact."""
        if self._whole is None:
            return "", 0.0
        if not _SAYS.search(reading.text):
            return OUT_OF_SCOPE, 1.0
        intent = self._whole.intent(reading, context.expects)
        if intent:
            return intent, 1.0
        if not entities and not _BESIDE_DIGITS.search(reading.text):
            return "inform", _SERVICE_ALONE
        if entities and self._whole.says_nothing(_beside(reading.text, entities)):
            return _fact_alone({entity["entity"] for entity in entities}, context)
        return "", 0.0

    def _with_topic(self, reading: Reading, intent: str, entities: list[Entity]) -> list[Entity]:
        if self._entities is None:
            return entities
        if intent == "complaint":
            return entities + self._entities.categories(reading)
        if intent == "language":
            return entities + self._entities.languages(reading)
        return entities


def _fact_alone(kinds: set[str], context: ParseContext) -> tuple[str, float]:
    if "danger" in kinds:
        return "", 0.0
    if context.expects:
        return "inform", _FACT_ALONE
    if "reference" in kinds:
        return "complaint_status", _FACT_ALONE
    if kinds == {"service"} and not context.service:
        return "requirements", _SERVICE_ALONE
    return "inform", _FACT_ALONE


def _beside(text: str, entities: Sequence[Entity]) -> str:
    left = list(text)
    for entity in entities:
        for position in range(entity["start"], entity["end"]):
            left[position] = " "
    return "".join(left)
