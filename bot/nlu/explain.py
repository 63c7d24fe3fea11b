"""Why a message was understood as it was: the rule that decided, the features that weighed, the names and languages heard."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest, nsmallest

import numpy as np

from bot.nlu.asides import Asides
from bot.nlu.classifier import HIGHEST, Classifier, familiarity, known_rows, strangeness, unseen_rarity
from bot.nlu.data import Entity
from bot.nlu.decider import Decider, Decisions
from bot.nlu.features import BLOCKS, CONCEPT, Reading
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.language import script, tongue_grams
from bot.nlu.model import Floats, Model
from bot.nlu.parse_data import ParseContext, ParseData
from bot.nlu.pattern import Pattern
from bot.nlu.sound import key
from bot.nlu.spelling import Spelling
from bot.nlu.whole import WholeMessages

_FEATURES, _NAMES, _TONGUES = 12, 5, 6
# A name shorter than this, in sounds, is in every message.
_LEAST_NAME = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """A gram of the message; what it adds to the first and to the second intent, in natural logarithms of odds."""

    block: str
    gram: str
    first: float
    second: float


@dataclass(frozen=True, kw_only=True, slots=True)
class HeardName:
    """A name of a service, and how much of its sound is in the message, 0 to 1; `taken` if it became an entity."""

    service: str
    name: str
    score: float
    taken: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tongue:
    """A language that shares a script: the sum of its logarithms, and the grams that speak most for it."""

    language: str
    weight: float
    grams: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why a message was understood as `parsed`.

    `first` and `second` are the intents that the features compare, `base` what each has before any
    feature, `total` after all of them. `familiarity` and `trust` are shares: of the message that the examples know, and of what
    is left to the intents for that; `unknown` are the grams that no example has. `letters` counts by script.
    `judged` is what these figures are about: the message, or what is left of it where a refusal or an aside decided, its
    words `mended` where they were spelt wrong; `tokens` are those of that.
    """

    parsed: ParseData
    decider: Decider
    normalised: str
    judged: str
    mended: str
    tokens: Sequence[str]
    sound: str
    first: str
    second: str
    base: tuple[float, float]
    total: tuple[float, float]
    features: Sequence[Feature]
    familiarity: float
    trust: float
    unknown: Sequence[str]
    names: Sequence[HeardName]
    letters: Mapping[str, int]
    tongues: Sequence[Tongue]


class Explainer:
    """Explains what an interpreter understands; `names` are those of each service, none for a model alone."""

    def __init__(
        self,
        interpreter: LightInterpreter,
        model: Model,
        *,
        whole: WholeMessages | None = None,
        asides: Asides | None = None,
        names: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self._interpreter, self._model = interpreter, model
        self._classifier = Classifier(model)
        self._spelling = Spelling(model.vocabularies[0], model.sounds)
        self._decisions = Decisions(interpreter, model, whole=whole, asides=asides)
        heard = (
            (service, name, key(name, model.sounds).replace(" ", ""))
            for service, several in (names or {}).items()
            for name in several
        )
        self._names = [
            (service, name, Pattern(sound)) for service, name, sound in heard if len(sound) >= _LEAST_NAME
        ]

    def explain(self, text: str, context: ParseContext) -> Explanation:
        """Understand one message, and say why."""
        model, reading = self._model, Reading(text, self._model.sounds)
        parsed = self._interpreter.read(text, context)
        decider = self._decisions.decider(reading, parsed, context)
        judged = self._decisions.judged(reading, decider)
        mended = self._spelling.mended(judged)
        found = self._classifier.grams(judged)
        known = [
            known_rows(block, vocabulary) for block, vocabulary in zip(found, model.vocabularies, strict=True)
        ]
        familiar = familiarity(found, known, model.rarity, unseen_rarity(model.rarity))
        logits = self._logits(known)
        first, second = (int(place) for place in np.argsort(-logits, kind="stable")[:2])
        return Explanation(
            parsed=parsed,
            decider=decider,
            normalised=reading.bare,
            judged=judged.bare,
            mended=mended.bare,
            tokens=tuple(mended.tokens),
            sound=reading.sound.key,
            first=model.intents[first],
            second=model.intents[second],
            base=(self._base(first), self._base(second)),
            total=(round(float(logits[first]), 3), round(float(logits[second]), 3)),
            features=self._features(found, first, second),
            familiarity=round(familiar, 4),
            trust=round(_trust(model, logits, familiar), 4),
            unknown=_unknown(found, model),
            names=self._heard(reading, parsed["entities"]),
            letters=dict(Counter(filter(None, map(script, text)))),
            tongues=tuple(self._tongues(text)),
        )

    def _logits(self, known: Sequence[np.ndarray[tuple[int], np.dtype[np.intp]]]) -> Floats:
        """The logits of the intents, as the classifier has them."""
        model, count = self._model, len(self._model.intents)
        total = model.bias[:count].astype(np.float32)
        for rows in known:
            rarity = model.rarity.take(rows)
            length = float(np.sqrt((rarity * rarity).sum())) or 1.0
            coefficients = model.weights[rows, :count] * model.scale[:count]
            total = total + (coefficients * rarity[:, None]).sum(axis=0) / length
        return total / model.temperature

    def _base(self, intent: int) -> float:
        return round(float(self._model.bias[intent]) / self._model.temperature, 3)

    def _features(self, found: Sequence[Collection[str]], first: int, second: int) -> tuple[Feature, ...]:
        """Those that tell the two intents apart most, whichever they speak for."""
        all_of_them = [
            feature
            for block, several, vocabulary in zip(BLOCKS, found, self._model.vocabularies, strict=True)
            for feature in self._weighed(block, several, vocabulary, (first, second))
        ]
        return tuple(nsmallest(_FEATURES, all_of_them, key=_importance))

    def _weighed(
        self, block: str, several: Collection[str], vocabulary: Mapping[str, int], intents: tuple[int, int]
    ) -> Iterator[Feature]:
        model = self._model
        known = sorted(gram for gram in several if gram in vocabulary)
        rarities = [float(model.rarity[vocabulary[gram]]) for gram in known]
        length = sum(rarity * rarity for rarity in rarities) ** 0.5 * model.temperature
        for gram, rarity in zip(known, rarities, strict=True):
            weights = (
                float(model.weights[vocabulary[gram], intent]) * float(model.scale[intent]) * rarity / length
                for intent in intents
            )
            first, second = weights
            yield Feature(block=block, gram=_shown(gram), first=round(first, 3), second=round(second, 3))

    def _heard(self, reading: Reading, entities: Iterable[Entity]) -> tuple[HeardName, ...]:
        """The names nearest to a stretch of the message, by sound; of those alike the one spelt most like it."""
        sound = reading.sound.key.replace(" ", "")
        taken = {each["value"] for each in entities if each["entity"] == "service"}
        scored = (
            (1.0 - name.nearest(sound)[0] / len(name.letters), _alike(spelt, reading.text), service, spelt)
            for service, spelt, name in self._names
        )
        best: dict[str, tuple[float, float, str, str]] = {}
        for each in scored:
            best[each[2]] = max(each, best.get(each[2], each))
        return tuple(
            HeardName(service=service, name=spelt, score=round(score, 3), taken=service in taken)
            for score, _, service, spelt in nlargest(_NAMES, best.values())
        )

    def _tongues(self, text: str) -> Iterator[Tongue]:
        """The evidence for each language of a script that several share, the likeliest first."""
        model = self._model
        rows = {gram: model.tongue_grams[gram] for gram in tongue_grams(text) if gram in model.tongue_grams}
        weights = model.tongue_weights[list(rows.values())] if rows else np.zeros((0, len(model.tongues)))
        sums = weights.sum(axis=0)
        for place in np.argsort(-sums, kind="stable") if rows else ():
            beyond = weights[:, place] - np.delete(weights, place, axis=1).max(axis=1, initial=-np.inf)
            best = nlargest(_TONGUES, zip(beyond.tolist(), rows, strict=True))
            yield Tongue(
                language=model.tongues[place],
                weight=round(float(sums[place]), 2),
                grams={gram: round(weight, 2) for weight, gram in best if 0 < weight < np.inf},
            )


def _alike(name: str, text: str) -> float:
    """The share of the letters of a name that the text has too."""
    letters = set(name.lower())
    return len(letters.intersection(text.lower())) / len(letters)


def _importance(feature: Feature) -> tuple[float, str]:
    return -abs(feature.first - feature.second), feature.gram


def _trust(model: Model, logits: Floats, familiar: float) -> float:
    """What is left to the intents beside "nothing we know"."""
    energy = float(np.logaddexp.reduce(logits))
    return 1.0 / (1.0 + math.exp(min(strangeness(model, familiar) - energy, HIGHEST)))


def _unknown(found: Sequence[Collection[str]], model: Model) -> tuple[str, ...]:
    """Single words that no example has; of neighbours and sounds there is always some."""
    words = (gram for gram in found[0] if gram not in model.vocabularies[0])
    return tuple(sorted(gram for gram in words if " " not in gram and not gram.startswith(CONCEPT)))


def _shown(gram: str) -> str:
    return f"={gram.removeprefix(CONCEPT)}" if gram.startswith(CONCEPT) else gram
