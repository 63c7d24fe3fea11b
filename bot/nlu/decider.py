"""What decided on the intent of a message: a rule, words beside the wish, a slip, an example, or the features together."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from bot.nlu.asides import Asides
from bot.nlu.classifier import base_of, fingerprint
from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.model import Model
from bot.nlu.parse_data import ParseContext, ParseData, blanked
from bot.nlu.slips import STOP, Slips
from bot.nlu.whole import WholeMessages
from bot.parsed import closest, readable


class Decider(StrEnum):
    """What decided on the intent."""

    DANGER = "danger"  # an entity that comes before every intent
    NOTHING = "nothing_to_read"
    WHOLE = "whole_message"  # it is in a word list as it stands
    REFUSAL = "refusal"  # it says what is not wanted
    ASIDE = "aside"  # thanks, haste or anger were left out
    SLIP = "slip"  # it is nearly a word for STOP
    NUMBER = "number_alone"
    FACT = "fact_alone"  # beside what it mentions it only is polite
    EXAMPLE = "example"  # the pack has this very example
    FEATURES = "features"


class Decisions:
    """Tells what decided, by going the way of the interpreter again."""

    def __init__(
        self,
        interpreter: LightInterpreter,
        model: Model,
        *,
        whole: WholeMessages | None = None,
        asides: Asides | None = None,
    ) -> None:
        self._model, self._whole, self._asides = model, whole, asides
        self._slips = Slips(whole, model) if whole else None
        # What it would have understood without its ear for asides.
        self._plain = interpreter.without_asides() if asides else None

    def decider(self, reading: Reading, parsed: ParseData, context: ParseContext) -> Decider:
        """What decided on what was understood."""
        if any(each["entity"] == "danger" for each in parsed["entities"]):
            return Decider.DANGER
        if self._whole and not readable(reading.text):
            return Decider.NOTHING
        if self._whole and self._whole.intent(reading, context.expects):
            return Decider.WHOLE
        if self._slips and parsed["intent"]["name"] == STOP and self._slips.heard(reading):
            return Decider.SLIP
        beside = self._beside(reading, parsed, context)
        fact = self._fact(self._whole, reading, parsed["entities"]) if self._whole else None
        return beside or fact or self._learnt(reading, parsed)

    def judged(self, reading: Reading, decider: Decider) -> Reading:
        """What was judged of a message: without words beside the wish, where these decided; itself otherwise."""
        if self._asides is None or decider not in (Decider.REFUSAL, Decider.ASIDE):
            return reading
        if decider is Decider.REFUSAL:
            refusals = self._asides.refusals(reading, [])
            rest = blanked(reading.text, ((each.start, each.end) for each in refusals if each.end > each.at))
        elif besides := self._asides.besides(reading):
            rest = blanked(reading.text, besides)
        else:
            rest = self._asides.after_thanks(reading.bare)
        told = self._whole is None or not self._whole.says_nothing(rest)
        return Reading(rest, self._model.sounds) if told else reading

    def _beside(self, reading: Reading, parsed: ParseData, context: ParseContext) -> Decider | None:
        """Whether a refusal or an aside made it another wish, or one more or less sure."""
        if self._plain is None or self._asides is None:
            return None
        plain = self._plain.read(reading.written, context)
        same = closest(plain) == closest(parsed)
        was, now = plain["intent"]["confidence"], parsed["intent"]["confidence"]
        if same and was == now:
            return None
        refused = self._asides.refusals(reading, plain["entities"])
        return Decider.REFUSAL if refused or (same and now < was) else Decider.ASIDE

    @staticmethod
    def _fact(whole: WholeMessages, reading: Reading, entities: Sequence[Entity]) -> Decider | None:
        if not entities:
            number = all(each.isdecimal() or each.isspace() for each in reading.text)
            return Decider.NUMBER if number else None
        rest = blanked(reading.text, ((each["start"], each["end"]) for each in entities))
        return Decider.FACT if whole.says_nothing(rest) else None

    def _learnt(self, reading: Reading, parsed: ParseData) -> Decider:
        remembered = self._model.remembered.get(fingerprint(reading))
        if remembered is None:
            return Decider.FEATURES
        same = base_of(self._model.names[remembered]) == parsed["intent"]["name"]
        return Decider.EXAMPLE if same else Decider.FEATURES
