"""How sure a model may be, from examples that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.nlu.classifier import OUT_OF_SCOPE, familiarity, softmax, unseen_rarity
from bot.nlu.regression import Fit, Sample

_TEMPERATURES = tuple(map(float, np.geomspace(0.1, 5.0, 100)))
# What of our own unseen examples goes to no intent, so that messages of none go there too; an intent that has
# examples of such messages leaves less to do.
_ELSEWHERE, _BESIDE_EXAMPLES = 0.1, 0.02
# What a step of familiarity says beside a step of the logits, each as long as it usually is; tried on
# clinc150, where all from 0.2 to 0.8 do nearly as well.
_FAMILIARITY = 0.6
# Familiarities that differ less are all the same.
_EVEN = 1e-3
_FAR, _HALVINGS = 100.0, 60
# Names and noise are made of words that nobody has used before.
_ANYTHING = frozenset((OUT_OF_SCOPE, "inform"))

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sureness:
    """The parameters of that name of a model; as they stand no message is strange."""

    temperature: float = 1.0
    strange: float = -1e9
    slope: float = 0.0


def calibrate(fitted: Fit, held: Sequence[Sample], intents: Sequence[str]) -> Sureness:
    """The temperature at which `held`, which `fitted` has not seen, surprises least, and what is strange beside it."""
    logits = fitted.logits(held)
    temperature = _temperature(logits, np.array([intents.index(sample.intent) for sample in held]))
    ours = np.array([sample.intent not in _ANYTHING for sample in held])
    if not ours.any():
        return Sureness(temperature=temperature)
    vocabulary = fitted.vocabulary
    unseen = unseen_rarity(vocabulary.rarity)
    familiar = np.array(
        [familiarity(one.grams, vocabulary.known(one), vocabulary.rarity, unseen) for one in held]
    )[ours]
    energy = np.logaddexp.reduce(logits[ours] / temperature, axis=1)
    slope = _FAMILIARITY * float(energy.std()) / max(float(familiar.std()), _EVEN)
    share = _BESIDE_EXAMPLES if OUT_OF_SCOPE in intents else _ELSEWHERE
    return Sureness(temperature=temperature, strange=_strange(energy + slope * familiar, share), slope=slope)


def _temperature(logits: Floats, labels: NDArray[np.intp]) -> float:
    rows = np.arange(len(labels))

    def surprise(temperature: float) -> float:
        return -float(np.log(softmax(logits / temperature)[rows, labels] + 1e-12).mean())

    return min(_TEMPERATURES, key=surprise)


def _strange(weighed: Floats, share: float) -> float:
    """The logit beside which messages of these energies go to no intent by `share`, on the average."""
    low, high = float(weighed.min()) - _FAR, float(weighed.max()) + _FAR
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        taken = float((1 / (1 + np.exp(weighed - middle))).mean())
        low, high = (low, middle) if taken > share else (middle, high)
    return low
