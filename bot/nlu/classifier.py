"""Says what a message is about: a gather over the rows of its grams, numpy only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import repeat
from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.concepts import Concepts
from bot.nlu.features import Reading, bare, grams, tokens_of
from bot.nlu.letters import read
from bot.nlu.model import Model
from bot.nlu.segments import segmenter
from bot.nlu.spelling import Spelling

OUT_OF_SCOPE = "out_of_scope"
# What an example says of a message that is written just like it.
_REMEMBERED = 0.9
# A power of e that is still a number.
HIGHEST = 700.0

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Heard:
    """The grams of a message by their rows; each block begins at one of `starts` and has one of `lengths`."""

    rows: Rows
    starts: list[int]
    lengths: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Classification:
    """The probability of each of `Model.intents`, which add up to one at most.

    They were `heard` in these grams; `known` is what an example calls a message written just like it, or empty.
    """

    chances: list[float]
    heard: Heard
    known: str = ""


class Classifier:
    """Says how probable each wish is."""

    def __init__(self, model: Model) -> None:
        """Raises SegmenterMissing where the model wants one that is not installed."""
        self.model = model
        self._concepts = Concepts(model.concepts, model.sounds)
        self._spelling = Spelling(model.vocabularies[0], model.sounds)
        self._segments = segmenter(model.segmenter)
        self._intents = len(model.intents)
        # The place of each name's intent.
        self._bases = [model.intents.index(base_of(name)) for name in model.names]
        self._bias: list[float] = model.bias[: self._intents].tolist()
        self._rows = _rows(model)
        self._kinds = _Kinds(model)
        self._unknown, self._nothing = len(model.rarity), len(model.rarity) + 1
        self._elsewhere = model.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in model.intents else None

    def classify(self, reading: Reading) -> Classification:
        """What this message may be about.

        To be about nothing we know is one choice more, the likelier the more words are unknown. Its share goes to
        `out_of_scope`, or, where a model has no such intent, to none.
        """
        logits, familiar, heard = self._score(self.grams(reading))
        highest, temperature = max(logits), self.model.temperature
        raised = [exp((logit - highest) / temperature) for logit in logits]
        strange = exp(min(strangeness(self.model, familiar) - highest / temperature, HIGHEST))
        whole = sum(raised) + strange
        chances = [chance / whole for chance in raised]
        if self._elsewhere is not None:
            chances[self._elsewhere] += strange / whole
        remembered = self.model.remembered.get(fingerprint(reading))
        if remembered is None:
            return Classification(chances, heard)
        chances = [chance * (1.0 - _REMEMBERED) for chance in chances]
        chances[self._bases[remembered]] += _REMEMBERED
        return Classification(chances, heard, self.model.names[remembered])

    def kind(self, found: Classification, intent: str) -> str:
        """The likeliest kind of an intent; itself where it has none."""
        return self._kinds.likeliest(found, intent)

    def knows(self, text: str) -> bool:
        """Whether an example has any word of the text: what has none is a name, or nothing."""
        return (
            not self.model.vocabularies[0].keys().isdisjoint(tokens_of(bare(read(text, self.model.sounds))))
        )

    def grams(self, reading: Reading) -> tuple[set[str], set[str]]:
        """What is looked at of a message, by block: words spelt wrong count as those that they were meant to be."""
        mended = self._spelling.mended(reading)
        return grams(mended, self._concepts.find(mended), self._segments(reading.text))

    def _score(self, found: Sequence[Collection[str]]) -> tuple[list[float], float, Heard]:
        """The logits of a message's grams, and how familiar they are."""
        places: list[int] = []
        starts: list[int] = []
        for block, vocabulary in zip(found, self.model.vocabularies, strict=True):
            starts.append(len(places))
            places += map(vocabulary.get, block, repeat(self._unknown)) if block else [self._nothing]
        rows = np.array(places, np.intp)
        words, sounds = _summed(self._rows, rows, starts)
        # Behind the logits of each block stand its squared length, its known and its whole rarity.
        long, loud = sqrt(words[-3]) or 1.0, sqrt(sounds[-3]) or 1.0
        logits = [
            bias + word / long + sound / loud
            for bias, word, sound in zip(self._bias, words, sounds, strict=False)
        ]
        shares = [block[-2] / block[-1] for block in (words, sounds) if block[-1]]
        return logits, sum(shares) / max(len(shares), 1), Heard(rows, starts, (long, loud))


class _Kinds:
    """Tells the kinds of an intent apart, by columns of their own: few messages ask for them."""

    def __init__(self, model: Model) -> None:
        # Of each intent that has some: their names, bias and coefficients.
        self._of: dict[str, tuple[list[str], list[float], NDArray[np.float32]]] = {}
        for intent in set(map(base_of, model.kinds)):
            names = [kind for kind in model.kinds if base_of(kind) == intent]
            columns = [model.names.index(name, len(model.intents)) for name in names]
            coefficients = model.weights[:, columns] * model.scale[columns] * model.rarity[:, None]
            # The last two are an unknown gram and none at all.
            rows = np.vstack([coefficients, np.zeros((2, len(names)), np.float32)])
            self._of[intent] = names, model.bias[columns].tolist(), rows

    def likeliest(self, found: Classification, intent: str) -> str:
        if intent not in self._of:
            return intent
        names, bias, table = self._of[intent]
        if found.known in names:
            return found.known
        words, sounds = _summed(table, found.heard.rows, found.heard.starts)
        long, loud = found.heard.lengths
        scores = [
            base + word / long + sound / loud for base, word, sound in zip(bias, words, sounds, strict=True)
        ]
        return names[scores.index(max(scores))]


def _summed(table: NDArray[np.float32], rows: Rows, starts: Sequence[int]) -> list[list[float]]:
    """The sums of some rows of a table, block by block."""
    summed: list[list[float]] = np.add.reduceat(table.take(rows, axis=0), starts).tolist()
    return summed


def _rows(model: Model) -> NDArray[np.float32]:
    """What each gram adds to its block: to the logits, to the squared length, the known and the whole rarity.

    The last two are an unknown gram and none at all.
    """
    rarity, first = model.rarity[:, None], len(model.intents)
    logits = model.weights[:, :first] * model.scale[:first] * rarity
    known = np.hstack([logits, rarity * rarity, rarity, rarity])
    others = np.zeros((2, known.shape[1]), np.float32)
    others[0, -1] = unseen_rarity(model.rarity)
    return np.concatenate([known, others])


def known_rows(block: Iterable[str], vocabulary: Mapping[str, int]) -> Rows:
    """The rows of those grams that the vocabulary has, in order: sums over them are the same in every process."""
    return np.array(sorted(row for row in map(vocabulary.get, block) if row is not None), np.intp)


def strangeness(model: Model, familiar: float) -> float:
    """The logit of a message's being about nothing that the model knows, beside those of its intents."""
    return model.strange - model.slope * familiar


def familiarity(
    found: Sequence[Collection[str]], known: Sequence[Rows], rarity: NDArray[np.float32], unseen: float
) -> float:
    """How much of a message the examples know, 0 to 1: of its words, and of its sounds, by their rarity.

    `unseen` is the rarity of what no example has.
    """
    shares = []
    for block, rows in zip(found, known, strict=True):
        if block:
            mass = float(rarity.take(rows).sum())
            shares.append(mass / (mass + unseen * (len(block) - len(rows))))
    return sum(shares) / max(len(shares), 1)


def unseen_rarity(rarity: NDArray[np.float32]) -> float:
    """One step beyond the rarity of what a single example has."""
    return float(rarity.max(initial=1.0)) + log(2)


def fingerprint(reading: Reading) -> int:
    """Sixty-four bits by which a message is known again, whatever its tones and spaces."""
    return int.from_bytes(
        blake2b(reading.bare.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


def base_of(name: str) -> str:
    """The intent that a closer one is a kind of: "help" for "help/privacy"; itself for any other."""
    return name.partition("/")[0]


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return chances
