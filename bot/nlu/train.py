"""Trains a model: `python -m bot.nlu.train OUT < examples.json`, in a process of its own.

The server never imports scikit-learn: it costs 100 MB and seconds. Input is a JSON object
{"examples": [[text, intent, language], …], "variants": [[index of its example, text], …]}.
Deterministic: the same input gives the same file.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]  # ships no types
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # ships no types
from sklearn.linear_model import LogisticRegression

from bot.nlu.classifier import softmax
from bot.nlu.features import BLOCKS, Reading, grams
from bot.nlu.language import tongue_grams
from bot.nlu.model import Model

_FOLDS = 3
_STRENGTH = 10.0
_TURNS = 500
# The largest gradient left; a tenth of it takes twice as long and changes no answer.
_CLOSE = 1e-2
# A gram of sounds that one example alone has is nearly always the middle of a name.
_LEAST_EXAMPLES = {"words": 1, "sounds": 2}
# Shares of our own unseen examples that may count as wholly, and as partly, foreign.
_FOREIGN, _DOUBTFUL = 0.002, 0.05

Grams = tuple[set[str], set[str]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The grams of one text, its intent, and the example it was made from."""

    grams: Grams
    intent: str
    origin: int


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A regression with the vocabulary it was fitted on."""

    intents: tuple[str, ...]
    vocabularies: tuple[dict[str, int], ...]
    idf: NDArray[np.float32]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """One row of logits a sample."""
        scores: NDArray[np.float64] = (
            matrix(samples, self.vocabularies, self.idf) @ self.weights.T + self.bias
        )
        return scores


def train(examples: Sequence[Sequence[str]], variants: Sequence[tuple[int, str]]) -> Model:
    """Fit on all examples; calibrate on examples that each fold has not seen."""
    samples = [
        Sample(grams=grams(Reading(text)), intent=intent, origin=origin)
        for origin, (text, intent, _) in enumerate(examples)
    ]
    made = [
        Sample(grams=grams(Reading(text)), intent=examples[origin][1], origin=origin)
        for origin, text in variants
    ]
    intents = tuple(sorted({sample.intent for sample in samples}))
    temperature, unknown_from, known_from = calibrate(samples, made, intents)
    fitted = fit([*samples, *made], intents)
    peak = np.abs(fitted.weights).max(axis=1)
    scale = np.where(peak > 0, peak / 127, 1.0)
    tongues, vocabulary, tongue_weights = tell_tongues(examples)
    return Model(
        intents=intents,
        vocabularies=fitted.vocabularies,
        idf=fitted.idf,
        weights=np.rint(fitted.weights / scale[:, None]).astype(np.int8).T.copy(),
        scale=scale.astype(np.float32),
        bias=fitted.bias.astype(np.float32),
        temperature=temperature,
        unknown_from=unknown_from,
        known_from=known_from,
        tongues=tongues,
        tongue_grams=vocabulary,
        tongue_weights=tongue_weights,
    )


def fit(samples: Sequence[Sample], intents: tuple[str, ...]) -> Fit:
    """Fit the regression; raises RuntimeError if it does not converge."""
    vocabularies, idf = vocabulary_of(samples)
    labels = [intents.index(sample.intent) for sample in samples]
    regression: Any = LogisticRegression(C=_STRENGTH, max_iter=_TURNS, tol=_CLOSE)  # type: ignore[no-untyped-call]  # ships no types
    regression.fit(matrix(samples, vocabularies, idf), labels)
    if max(regression.n_iter_) >= _TURNS:
        raise RuntimeError("the regression does not converge")
    rows, width = len(intents), len(idf)
    weights, bias = np.zeros((rows, width)), np.full(rows, -30.0)
    if len(regression.classes_) == 2:  # noqa: PLR2004  # two classes come as one row, for the second
        weights[regression.classes_] = np.vstack([-regression.coef_, regression.coef_]) / 2
        bias[regression.classes_] = np.concatenate([-regression.intercept_, regression.intercept_]) / 2
    else:
        weights[regression.classes_] = regression.coef_
        bias[regression.classes_] = regression.intercept_
    return Fit(intents=intents, vocabularies=vocabularies, idf=idf, weights=weights, bias=bias)


def vocabulary_of(samples: Sequence[Sample]) -> tuple[tuple[dict[str, int], ...], NDArray[np.float32]]:
    """Grams that occur in enough different examples, in a fixed order, and their rarity."""
    vocabularies: list[dict[str, int]] = []
    rarity: list[float] = []
    for block, name in enumerate(BLOCKS):
        seen: Counter[str] = Counter()
        by_origin: dict[int, set[str]] = {}
        for sample in samples:
            by_origin.setdefault(sample.origin, set()).update(sample.grams[block])
        for found in by_origin.values():
            seen.update(found)
        kept = sorted(gram for gram, count in seen.items() if count >= _LEAST_EXAMPLES[name])
        vocabularies.append({gram: len(rarity) + index for index, gram in enumerate(kept)})
        rarity += [1 + log((1 + len(by_origin)) / (1 + seen[gram])) for gram in kept]
    return tuple(vocabularies), np.array(rarity, np.float32)


def matrix(
    samples: Sequence[Sample], vocabularies: Sequence[Mapping[str, int]], idf: NDArray[np.float32]
) -> Any:
    """The samples as rows; each block of a row has length one."""
    values, columns, ends = [], [], [0]
    for sample in samples:
        for block, vocabulary in zip(sample.grams, vocabularies, strict=True):
            found = sorted(vocabulary[gram] for gram in block if gram in vocabulary)
            part = idf[found]
            values.append(part / max(float(np.sqrt(part @ part)), 1e-9))
            columns.append(np.array(found, np.int32))
        ends.append(ends[-1] + sum(map(len, columns[-len(vocabularies) :])))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(samples), len(idf)))


def calibrate(
    samples: Sequence[Sample], made: Sequence[Sample], intents: tuple[str, ...]
) -> tuple[float, float, float]:
    """Temperature, and the shares of known grams that our own unseen examples have at the low end."""
    if len(samples) < 2 * _FOLDS or len(intents) < 2:  # noqa: PLR2004  # nothing to choose between
        return 1.0, 0.0, 0.0
    logits, labels, known = [], [], []
    for fold in range(_FOLDS):
        unseen = [sample for sample in samples if sample.origin % _FOLDS == fold]
        fitted = fit([each for each in (*samples, *made) if each.origin % _FOLDS != fold], intents)
        logits.append(fitted.logits(unseen))
        labels += [intents.index(sample.intent) for sample in unseen]
        known += [_known(sample, fitted.vocabularies) for sample in unseen if sample.intent != "out_of_scope"]
    scores, rows = np.concatenate(logits), np.arange(len(labels))

    def surprise(temperature: float) -> float:
        return -float(np.log(softmax(scores / temperature)[rows, labels] + 1e-12).mean())

    best = minimize_scalar(surprise, bounds=(0.1, 5.0), method="bounded")
    low, high = np.quantile(known, [_FOREIGN, _DOUBTFUL])
    return float(best.x), float(low), float(high)


def _known(sample: Sample, vocabularies: Sequence[Mapping[str, int]]) -> float:
    pairs = list(zip(sample.grams, vocabularies, strict=True))
    return sum(len(block & vocabulary.keys()) for block, vocabulary in pairs) / sum(map(len, sample.grams))


def tell_tongues(
    examples: Sequence[Sequence[str]],
) -> tuple[tuple[str, ...], dict[str, int], NDArray[np.float32]]:
    """Log probabilities of grams in the languages that are written in Latin letters."""
    counts: dict[str, Counter[str]] = {}
    for text, _, language in examples:
        found = tongue_grams(text)
        if found:
            counts.setdefault(language, Counter()).update(found)
    whole = {name: sum(count.values()) for name, count in counts.items()}
    # A language of another script borrows a Latin word now and then; that does not make it one.
    tongues = tuple(sorted(name for name in counts if whole[name] > max(whole.values()) / 10))
    vocabulary = sorted({gram for name in tongues for gram in counts[name]})
    table = np.array([[counts[name][gram] + 0.5 for name in tongues] for gram in vocabulary], np.float32)
    weights = np.log(table / table.sum(axis=0)) if vocabulary else np.zeros((0, 0))
    return tongues, {gram: row for row, gram in enumerate(vocabulary)}, weights.astype(np.float32)


def main() -> None:
    """Read standard input, write the model file named on the command line."""
    told = orjson.loads(sys.stdin.buffer.read())
    train(told["examples"], [(origin, text) for origin, text in told["variants"]]).save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
