"""Understanding: a text and what the conversation is about in, Rasa parse data out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.bands import Bands
from bot.nlu.asides import Asides, Refusal
from bot.nlu.classifier import OUT_OF_SCOPE, Classifier, base_of, fingerprint
from bot.nlu.clauses import Clauses, Span
from bot.nlu.data import Entity
from bot.nlu.entities import EntityFinder
from bot.nlu.features import Reading
from bot.nlu.language import LanguageDetector
from bot.nlu.model import Model
from bot.nlu.parse_data import (
    FACT_ALONE,
    RANKED,
    Intent,
    ParseContext,
    ParseData,
    blanked,
    doubted,
    moved,
    services_of,
    span_of,
    with_intent,
    without_refused,
)
from bot.nlu.slips import STOP, Slips
from bot.nlu.whole import WholeMessages

_TWO = 2
# So much of a message is read, in code points: four SMS, nine of Lao. Of a longer one the middle is left out: it begins with
# the wish, and may end with a call for help or the number of a phone.
READ, _READ_LAST = 600, 150
# So far a call for help is looked for: twenty SMS.
_MOST_HEARD = 3_000
_SAYS = re.compile(r"[^\W_]|\?")
_BESIDE_DIGITS = re.compile(r"[^\d\s]")
# A service named and nothing asked: most probably "what does it take", but worth a question.
_SERVICE_ALONE = 0.6
# A slip of a word for STOP: too little to act on, enough to be asked about first.
_SLIP = 0.45
_ABOUT_SERVICES = frozenset(("requirements", "fee", "duration", "where_hours", "status"))
# How much likelier the conversation makes what follows from it.
_FOLLOWS = 1.5
# Words, or syllables of Lao, from which on an answer to a question is a story and not another question.
_STORY = 10
# Consent is never taken from a message that says no or stop.
_CONSENT = "subscribe"
# Where to begin tells what the first step requires, too.
_JOURNEY = "requirements/journey"
# Two of these in one message are both answered.
_QUESTIONS = frozenset(("requirements", "fee", "duration", "where_hours"))
# What is told about something, besides all else, is answered as one thing.
_TOLD = frozenset(("complaint", "complaint_status", "feedback"))
# Said out of politeness, with more to come perhaps.
_THANKS = frozenset(("thanks", "greet"))
_HINT_OF_A_TALE = 0.25
# After a question an answer is likelier; who wants no more messages then says so in plain words.
_AFTER_A_QUESTION = {"inform": 2.0, "unsubscribe": 0.1}


class LightInterpreter:
    """Rules where they are exact, then the classifier; on numpy and ahocorasick_rs, half a millisecond a message."""

    def __init__(
        self,
        model: Model,
        *,
        whole: WholeMessages | None = None,
        entities: EntityFinder | None = None,
        clauses: Clauses | None = None,
        asides: Asides | None = None,
    ) -> None:
        self._classifier = Classifier(model)
        self._languages = LanguageDetector(model, entities.titles if entities else ())
        self._whole, self._entities, self._clauses, self._asides = whole, entities, clauses, asides
        self._slips = Slips(whole, model) if whole else None
        self._bands = Bands()
        self._about_services = _ABOUT_SERVICES.intersection(model.intents)
        self._after_a_question = [each for each in _AFTER_A_QUESTION.items() if each[0] in model.intents]

    def without_asides(self) -> LightInterpreter:
        """The same, but deaf to what a message says beside its wish: beside it one can tell what that changed."""
        return LightInterpreter(
            self._classifier.model, whole=self._whole, entities=self._entities, clauses=self._clauses
        )

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """Understand one message."""
        return self.read(text, context)

    def read(self, text: str, context: ParseContext) -> ParseData:
        """The same without waiting for anything."""
        if len(text) > READ:
            return self._with_danger(_of_whole(text, self.read(_shortened(text), context)))
        reading = Reading(text, self._classifier.model.sounds)
        entities = self._entities.find(reading, context.expects) if self._entities else []
        language = self._languages.detect(reading, context.language, entities)
        refusals = self._refusals(reading, entities, context)
        parsed = self._understand(reading, context, without_refused(entities, refusals), language)
        parsed["entities"] = without_refused(parsed["entities"], refusals)
        if self._asides:
            parsed = self._without_asides(reading, parsed, refusals, context)
            if parsed["intent"]["name"] == _CONSENT and self._asides.halts(reading):
                parsed = doubted(parsed, self._bands)
        if self._is_slip(reading, parsed, context):
            return with_intent(parsed, STOP, _SLIP)
        if self._clauses is None or context.expects or refusals or not _asks(parsed):
            return parsed
        spans = self._clauses.split(reading.text)
        speaking = [(start, end) for start, end in spans if self._classifier.knows(reading.text[start:end])]
        return self._parted(reading, parsed, speaking, context) if len(speaking) >= _TWO else parsed

    def _is_slip(self, reading: Reading, parsed: ParseData, context: ParseContext) -> bool:
        """Whether the message may be meant for STOP and must be asked about; in a dialog it is an answer, unless it was heard as STOP."""
        intent = parsed["intent"]
        if self._slips is None or parsed["entities"] or intent["confidence"] == 1.0:
            return False
        return (not context.expects or intent["name"] == STOP) and self._slips.heard(reading)

    def _with_danger(self, parsed: ParseData) -> ParseData:
        """With the sign of danger in what was not read of a long message."""
        text, entities = parsed["text"], parsed["entities"]
        if self._entities is None or any(each["entity"] == "danger" for each in entities):
            return parsed
        for start in range(READ - 2 * _READ_LAST, min(len(text), _MOST_HEARD), READ - _READ_LAST):
            window = Reading(text[start : start + READ], self._classifier.model.sounds)
            if found := self._entities.danger(window):
                return {**parsed, "entities": [*entities, moved(found, start)]}
        return parsed

    def _understand(
        self, reading: Reading, context: ParseContext, entities: list[Entity], language: str
    ) -> ParseData:
        classified = self._classifier.classify(reading)
        chances = self._chances(classified.chances, reading, context)
        closest, confidence = self._rule(reading, context, entities, chances)
        certain = base_of(closest)
        if certain:
            rest = 1.0 - confidence
            others = 1.0 - chances.get(certain, 0.0)
            chances = {
                name: chance * rest / others if others > 0 else 0.0 for name, chance in chances.items()
            }
            chances[certain] = confidence
        ranking = [
            Intent(name=name, confidence=round(chances[name], 4))
            for name in sorted(chances, key=chances.__getitem__, reverse=True)[:RANKED]
        ]
        intent = ranking[0]["name"]
        parsed = ParseData(
            text=reading.written,
            language=language,
            intent=ranking[0],
            intent_ranking=ranking,
            entities=self._with_topic(reading, intent, entities),
        )
        closest = closest or self._classifier.kind(classified, intent)
        if closest not in ("", intent):
            parsed["intent_response_key"] = closest
        return parsed

    def _refusals(self, reading: Reading, entities: list[Entity], context: ParseContext) -> Sequence[Refusal]:
        """What is not wanted; "no, the passport" wants it where nothing else is named or was spoken of."""
        found = self._asides.refusals(reading, entities) if self._asides else []
        if not found:
            return found
        refused, named = {each.at for each in found}, services_of(entities)
        others = any(each["start"] not in refused for each in named)
        meant = {each["start"] for each in named if not (others or each["value"] == context.service)}
        return [each for each in found if each.at not in meant]

    def _without_asides(
        self, reading: Reading, parsed: ParseData, refusals: Sequence[Refusal], context: ParseContext
    ) -> ParseData:
        """The message without what it does not want, and without thanks for something else; as it is if that tells less."""
        intent, model = parsed["intent"], self._classifier.model
        if refusals and intent["confidence"] < 1.0 and fingerprint(reading) not in model.remembered:
            return self._without_refusals(reading, parsed, refusals, context)
        unsure = intent["confidence"] < self._bands.sure
        if self._asides is None or not (unsure or intent["name"] in _THANKS) or intent["confidence"] == 1.0:
            return parsed
        besides = self._asides.besides(reading) if unsure else []
        if besides:
            rest, entities = Reading(blanked(reading.text, besides), model.sounds), parsed["entities"]
        else:
            rest = Reading(self._asides.after_thanks(reading.bare), model.sounds)
            entities = self._entities.find(rest, context.expects) if self._entities and rest.text else []
        if rest.text:
            asked = self._understand(rest, context, entities, parsed["language"])
            wished, clear = asked["intent"]["name"], asked["intent"]["confidence"] >= self._bands.act
            if clear and (
                wished in _ABOUT_SERVICES or (wished == "inform" and services_of(asked["entities"]))
            ):
                return {**asked, "text": parsed["text"], "entities": parsed["entities"]}
        return parsed

    def _without_refusals(
        self, reading: Reading, parsed: ParseData, refusals: Sequence[Refusal], context: ParseContext
    ) -> ParseData:
        intent, sure = parsed["intent"], parsed["intent"]["confidence"] >= self._bands.sure
        meant = [each for each in refusals if each.end > each.at]
        of_it = any(not each.intents or intent["name"] in each.intents for each in meant)
        if not meant or (sure and not of_it):
            return parsed
        left = blanked(reading.text, ((each.start, each.end) for each in meant))
        if self._whole is None or not self._whole.says_nothing(left):
            rest = Reading(left, self._classifier.model.sounds)
            told = self._understand(rest, context, parsed["entities"], parsed["language"])
            again = any(told["intent"]["name"] in each.intents for each in meant)
            clear = told["intent"]["confidence"] >= self._bands.act or services_of(parsed["entities"])
            if clear and not again:
                return {**told, "text": parsed["text"]}
        return with_intent(parsed, "repeat" if context.expects else "deny") if of_it else parsed

    def _parted(
        self, reading: Reading, whole: ParseData, spans: Sequence[Span], context: ParseContext
    ) -> ParseData:
        """Several questions of one message: the first, with the others as `further`.

        A complaint that also asks is a complaint; anything else is the message as it is.
        """
        wishes: dict[str, tuple[ParseData, list[Entity]]] = {}
        for start, end in spans:
            named = [each for each in whole["entities"] if start <= each["start"] and each["end"] <= end]
            clause = Reading(whole["text"][start:end], self._classifier.model.sounds)
            parsed = self._understand(
                clause, context, [moved(each, -start) for each in named], whole["language"]
            )
            intent = parsed["intent"]
            if intent["name"] == "complaint" and intent["confidence"] >= self._bands.sure:
                entities = self._with_topic(reading, "complaint", whole["entities"])
                return self._retold(parsed, {**whole, "entities": entities}, [])
            if intent["name"] in _TOLD and intent["confidence"] >= self._bands.act:
                return whole
            if intent["name"] in _QUESTIONS and intent["confidence"] >= self._bands.sure:
                closest = parsed.get("intent_response_key", intent["name"])
                wishes.setdefault(closest, (parsed, services_of(named)))
        if _JOURNEY in wishes:
            wishes.pop("requirements", None)
        if len(wishes) < _TWO:
            return whole
        (first, _), *others = wishes.values()
        theirs = [each for _, services in others for each in services]
        told = self._retold(
            first, whole, [each for each in services_of(whole["entities"]) if each not in theirs]
        )
        told["further"] = [self._retold(parsed, whole, services) for parsed, services in others]
        for each in (told, *told["further"]):
            each["wishes"] = len(wishes)
        return told

    @staticmethod
    def _retold(clause: ParseData, whole: ParseData, services: list[Entity]) -> ParseData:
        """What a clause asks, about its services or those of the message, with all other facts of that."""
        about = services or services_of(whole["entities"])
        entities = [each for each in whole["entities"] if each["entity"] != "service" or each in about]
        return {**clause, "text": whole["text"], "entities": entities}

    def _chances(
        self, classified: Sequence[float], reading: Reading, context: ParseContext
    ) -> dict[str, float]:
        chances = dict(zip(self._classifier.model.intents, classified, strict=True))
        if not (context.service or context.expects):
            return chances
        about = _FOLLOWS if context.service else 1.0
        if context.expects:
            about *= min(1.0, _STORY / max(len(reading.tokens), 1)) ** 3
            for name, likelier in self._after_a_question:
                chances[name] *= likelier
        for name in self._about_services:
            chances[name] *= about
        # What belongs to no intent stays so.
        share = sum(classified) / sum(chances.values())
        return {name: chance * share for name, chance in chances.items()}

    def _rule(
        self,
        reading: Reading,
        context: ParseContext,
        entities: Sequence[Entity],
        chances: Mapping[str, float],
    ) -> tuple[str, float]:
        """The intent that the message has beyond doubt, or by being nothing but a fact."""
        if self._whole is None:
            return "", 0.0
        intent = self._whole.intent(reading, context.expects)
        if intent:
            return intent, 1.0
        if not _SAYS.search(reading.text):
            return OUT_OF_SCOPE, 1.0
        if not entities and not _BESIDE_DIGITS.search(reading.text):
            return "inform", _SERVICE_ALONE
        # "kha" is a polite word, and a fee.
        asked = max(chances.get(each, 0.0) for each in _QUESTIONS) >= self._bands.sure
        rest = blanked(reading.text, map(span_of, entities))
        if entities and not (asked and _SAYS.search(rest)) and self._whole.says_nothing(rest):
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


def _asks(parsed: ParseData) -> bool:
    """Whether the message may be more than one question, and is no tale."""
    if parsed["intent"]["name"] not in _QUESTIONS:
        return False
    ranking = parsed["intent_ranking"]
    tale = any(each["name"] in _TOLD and each["confidence"] >= _HINT_OF_A_TALE for each in ranking)
    return not tale and all(each["entity"] != "danger" for each in parsed["entities"])


def _fact_alone(kinds: set[str], context: ParseContext) -> tuple[str, float]:
    if "danger" in kinds:
        return "", 0.0
    if context.expects:
        return "inform", FACT_ALONE
    if "reference" in kinds:
        return "complaint_status", FACT_ALONE
    if kinds == {"service"} and not context.service:
        return "requirements", _SERVICE_ALONE
    return "inform", FACT_ALONE


def _shortened(text: str) -> str:
    return f"{text[: READ - _READ_LAST - 1]}\n{text[-_READ_LAST:]}"


def _of_whole(text: str, parsed: ParseData) -> ParseData:
    """What was understood of the shortened text, said of the whole one."""
    entities = [
        moved(each, len(text) - READ) if each["start"] >= READ - _READ_LAST else each
        for each in parsed["entities"]
    ]
    return {**parsed, "text": text, "entities": entities}
