"""Trains a model: `python -m bot.nlu.train OUT < examples.json`, in a process of its own.

The server never imports SciPy: it costs 50 MB and two seconds. Input is a JSON object
{"sounds": name of a table of sound.py, "concepts": [[by sound, concept, word], …],
"examples": [[text, intent, language], …], "variants": [[index of its example, text], …]}.
Deterministic: the same input gives the same file.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.sparse import csr_matrix

from bot.nlu.classifier import base_of, familiarity, fingerprint, known_rows, softmax, unseen_rarity
from bot.nlu.concepts import Concepts
from bot.nlu.features import BLOCKS, Reading, grams
from bot.nlu.language import script, tongue_grams
from bot.nlu.model import Model

# Every fourth example is held back to see how sure the rest may be.
_FOLDS = 4
_STRENGTH = 10.0
_TURNS = 500
# The largest gradient left, as a share of the examples that each label has when all have as many; ten times as
# much forgets examples, a tenth takes twice as long.
_CLOSE = 0.02
# Steps that the solver remembers; more take longer than they save.
_CURVES = 3
# A gram of sounds that one example alone has is nearly always the middle of a name.
_LEAST_EXAMPLES = {"words": 1, "sounds": 2}
# Shares of our own unseen examples that may count as wholly, and as partly, foreign.
_FOREIGN, _DOUBTFUL = 0.005, 0.05
# Names and noise are made of words that nobody has used before.
_ANYTHING = frozenset(("out_of_scope", "inform"))
_OWN_SCRIPT = 0.2

Grams = tuple[set[str], set[str]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The grams of one text, its intent, the kind of that, and the example that it is, or that it was made from."""

    grams: Grams
    intent: str
    kind: str
    origin: int
    made: bool


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A regression with the vocabulary it was fitted on."""

    vocabularies: tuple[dict[str, int], ...]
    idf: NDArray[np.float32]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def known(self, sample: Sample) -> list[NDArray[np.intp]]:
        """The rows of a sample's grams, by block."""
        return [known_rows(block, rows) for block, rows in zip(sample.grams, self.vocabularies, strict=True)]

    def logits(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """One row of logits a sample."""
        scores: NDArray[np.float64] = (
            matrix(samples, self.vocabularies, self.idf) @ self.weights.T + self.bias
        )
        return scores


def train(
    examples: Sequence[Sequence[str]],
    variants: Sequence[tuple[int, str]],
    *,
    sounds: str,
    concepts: Sequence[Sequence[bool | str]],
) -> Model:
    """Fit on all examples; calibrate on some that a first fit has not seen."""
    samples = _samples(examples, variants, Concepts(concepts, sounds), sounds)
    intents = tuple(sorted({sample.intent for sample in samples}))
    kinds = kinds_of(samples)
    held = [sample for sample in samples if not sample.made and sample.origin % _FOLDS == 0]
    kept = [sample for sample in samples if sample.origin % _FOLDS]
    first, temperature, unknown_from, known_from = None, 1.0, 0.0, 0.0
    if len(held) >= _FOLDS and len({sample.intent for sample in kept}) > 1:
        first = fit(kept, intents)
        temperature, unknown_from, known_from = calibrate(first, held, intents)
    fitted = fit(samples, intents, first)
    closer = fit_kinds(samples, kinds, fitted)
    weights, bias = (
        np.concatenate([fitted.weights, closer.weights]),
        np.concatenate([fitted.bias, closer.bias]),
    )
    peak = np.abs(weights).max(axis=1)
    scale = np.where(peak > 0, peak / 127, 1.0)
    scripts = scripts_of(examples)
    tongues = tuple(sorted({name for several in scripts.values() if len(several) > 1 for name in several}))
    vocabulary, tongue_weights = tell_tongues(examples, tongues)
    return Model(
        intents=intents,
        kinds=kinds,
        vocabularies=fitted.vocabularies,
        idf=fitted.idf,
        weights=np.rint(weights / scale[:, None]).astype(np.int8).T.copy(),
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=temperature,
        unknown_from=unknown_from,
        known_from=known_from,
        sounds=sounds,
        concepts=concepts,
        remembered=_remembered(examples, (*intents, *kinds), sounds),
        scripts=scripts,
        letters=_letters(examples),
        tongues=tongues,
        tongue_grams=vocabulary,
        tongue_weights=tongue_weights,
    )


def _samples(
    examples: Sequence[Sequence[str]],
    variants: Sequence[tuple[int, str]],
    concepts: Concepts,
    sounds: str,
) -> list[Sample]:
    texts = [(origin, text) for origin, (text, *_) in enumerate(examples)]
    readings = ((origin, Reading(text, sounds)) for origin, text in (*texts, *variants))
    return [
        Sample(
            grams=grams(reading, concepts.find(reading)),
            intent=base_of(examples[origin][1]),
            kind=examples[origin][1],
            origin=origin,
            made=number >= len(texts),
        )
        for number, (origin, reading) in enumerate(readings)
    ]


def fit(samples: Sequence[Sample], intents: tuple[str, ...], near: Fit | None = None) -> Fit:
    """Fit the regression, beginning `near` another fit; raises ValueError for one intent, RuntimeError if it does not converge."""
    if len({sample.intent for sample in samples}) == 1:
        raise ValueError("examples of one intent teach nothing")
    vocabularies, idf = vocabulary_of(samples)
    rows, labels = matrix(samples, vocabularies, idf), [intents.index(sample.intent) for sample in samples]
    weights, bias = _solve(rows, labels, _beginning(vocabularies, rows.shape[1], len(intents), near))
    return Fit(vocabularies=vocabularies, idf=idf, weights=weights, bias=bias)


def kinds_of(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The names to tell apart within the intents that have closer ones."""
    several = {sample.intent for sample in samples if sample.kind != sample.intent}
    return tuple(sorted({sample.kind for sample in samples if sample.intent in several}))


def fit_kinds(samples: Sequence[Sample], kinds: tuple[str, ...], whole: Fit) -> Fit:
    """Fit kinds against each other, in the vocabulary of the intents' fit; raises as `fit` does."""
    vocabularies, idf = whole.vocabularies, whole.idf
    weights, bias = np.zeros((len(kinds), len(idf))), np.zeros(len(kinds))
    if len(kinds) > 1:
        told = [sample for sample in samples if sample.kind in kinds]
        start = _beginning(vocabularies, len(idf), len(kinds), None)
        labels = [kinds.index(sample.kind) for sample in told]
        weights, bias = _solve(matrix(told, vocabularies, idf), labels, start)
    return Fit(vocabularies=vocabularies, idf=idf, weights=weights, bias=bias)


def _solve(
    rows: Any, labels: Sequence[int], start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights, a row a label, and the bias; `start` is the first guess at both."""
    width = rows.shape[1]
    height = len(start) // (width + 1)
    found = minimize(  # type: ignore[no-untyped-call]  # ships no types
        _loss(rows, np.array(labels), height),
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _TURNS, "gtol": _CLOSE / height, "maxcor": _CURVES},
    )
    if not found.success:
        raise RuntimeError(f"the regression does not converge: {found.message}")
    solved = found.x.reshape(width + 1, height)
    return solved[:-1].T, solved[-1]


def _beginning(
    vocabularies: Sequence[Mapping[str, int]], width: int, height: int, near: Fit | None
) -> NDArray[np.float64]:
    """The first guess at the parameters: what another fit found for the same grams."""
    table = np.zeros((width + 1, height))
    if near is not None:
        for rows, known in zip(vocabularies, near.vocabularies, strict=True):
            both = [(row, known[gram]) for gram, row in rows.items() if gram in known]
            table[[mine for mine, _ in both]] = near.weights.T[[theirs for _, theirs in both]]
        table[-1] = near.bias
    return table.ravel()


def _loss(
    rows: Any, labels: NDArray[np.intp], height: int
) -> Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]:
    """The mean surprise at the labels plus the price of large weights, and its slope.

    The parameters are one row of coefficients a gram, then the bias.
    """
    across, samples = rows.T.tocsr(), np.arange(len(labels))
    price = 1.0 / (_STRENGTH * len(labels))

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = flat.reshape(-1, height)
        chances = softmax(rows @ table[:-1] + table[-1])
        surprise = -np.log(chances[samples, labels] + 1e-300).mean()
        chances[samples, labels] -= 1.0
        chances /= len(labels)
        slope = np.empty_like(table)
        slope[:-1] = across @ chances
        slope[:-1] += price * table[:-1]
        slope[-1] = chances.sum(axis=0)
        weights = flat[:-height]
        return float(surprise + price / 2 * (weights @ weights)), slope.ravel()

    return loss


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
        enough = (gram for gram, count in seen.items() if count >= _LEAST_EXAMPLES[name])
        # The common ones first: most grams of a message then lie close together in memory.
        kept = sorted(enough, key=lambda gram: (-seen[gram], gram))
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
    cells = (np.concatenate(values), np.concatenate(columns), ends)
    return csr_matrix(cells, shape=(len(samples), len(idf)))  # type: ignore[no-untyped-call]  # ships no types


def calibrate(fitted: Fit, held: Sequence[Sample], intents: tuple[str, ...]) -> tuple[float, float, float]:
    """Temperature, and the familiarity at the low end, of examples that `fitted` has not seen."""
    scores, rows = fitted.logits(held), np.arange(len(held))
    labels = [intents.index(sample.intent) for sample in held]

    def surprise(temperature: float) -> float:
        return -float(np.log(softmax(scores / temperature)[rows, labels] + 1e-12).mean())

    best = minimize_scalar(surprise, bounds=(0.1, 5.0), method="bounded")  # type: ignore[no-untyped-call]  # ships no types
    unseen = unseen_rarity(fitted.idf)
    known = [
        familiarity(sample.grams, fitted.known(sample), fitted.idf, unseen)
        for sample in held
        if sample.intent not in _ANYTHING
    ]
    low, high = np.quantile(known or [0.0], [_FOREIGN, _DOUBTFUL])
    return float(best.x), float(low), float(high)


def _remembered(examples: Sequence[Sequence[str]], intents: tuple[str, ...], sounds: str) -> dict[int, int]:
    """The fingerprints of the examples; what stands under two intents is left to the conversation."""
    found: dict[int, set[int]] = {}
    for text, intent, _ in examples:
        found.setdefault(fingerprint(Reading(text, sounds)), set()).add(intents.index(intent))
    return {each: several.pop() for each, several in sorted(found.items()) if len(several) == 1}


def _letters(examples: Sequence[Sequence[str]]) -> str:
    every = {letter for text, *_ in examples for letter in text.lower()}
    return "".join(sorted(letter for letter in every if not letter.isascii() and script(letter)))


def scripts_of(examples: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The scripts of the examples, each with the languages that are written in it."""
    counts: dict[str, Counter[str]] = {}
    for text, _, language in examples:
        counts.setdefault(language, Counter()).update(filter(None, map(script, text)))
    found: dict[str, list[str]] = {}
    for language in sorted(counts):
        for name, count in sorted(counts[language].items()):
            # A language of another script borrows a Latin word now and then; that does not make it one.
            if count > counts[language].total() * _OWN_SCRIPT:
                found.setdefault(name, []).append(language)
    return {name: tuple(several) for name, several in found.items()}


def tell_tongues(
    examples: Sequence[Sequence[str]], tongues: Sequence[str]
) -> tuple[dict[str, int], NDArray[np.float32]]:
    """Log probabilities of grams in the languages that share a script."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in tongues}
    for text, _, language in examples:
        if language in counts:
            counts[language].update(tongue_grams(text))
    vocabulary = sorted({gram for count in counts.values() for gram in count})
    table = np.array([[counts[name][gram] + 0.5 for name in tongues] for gram in vocabulary], np.float32)
    weights = np.log(table / table.sum(axis=0)) if vocabulary else np.zeros((0, len(tongues)))
    return {gram: row for row, gram in enumerate(vocabulary)}, weights.astype(np.float32)


def main() -> None:
    """Read standard input, write the model file named on the command line."""
    told = orjson.loads(sys.stdin.buffer.read())
    variants = [(origin, text) for origin, text in told["variants"]]
    model = train(told["examples"], variants, sounds=told["sounds"], concepts=told["concepts"])
    model.save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
