"""Says what a message is about: a gather over the rows of its grams, numpy only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from math import log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.concepts import Concepts
from bot.nlu.features import Reading, grams
from bot.nlu.model import Model

OUT_OF_SCOPE = "out_of_scope"
# What an example says of a message that is written just like it.
_REMEMBERED = 0.9

Rows = NDArray[np.intp]


class Classifier:
    """Intents with their probabilities, which add up to one."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._concepts = Concepts(model.concepts, model.sounds)
        # Four times the bytes of the file's, and a product that the machine does in one go.
        self._weights = model.weights * model.scale
        self._rarity = [dict(zip(rows, model.idf[list(rows.values())].tolist(), strict=True))
                        for rows in model.vocabularies]  # fmt: skip
        self._unseen = unseen_rarity(model.idf)
        self._elsewhere = model.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in model.intents else None

    def classify(self, reading: Reading) -> NDArray[np.float64]:
        """The probability of each of `model.intents` for this message.

        What the message loses for being made of unknown words goes to `out_of_scope`, or, where a
        model has no such intent, evenly to all.
        """
        found = grams(reading, self._concepts.find(reading))
        known = [known_rows(block, rows) for block, rows in zip(found, self.model.vocabularies, strict=True)]
        chances = softmax(self._score(known) / self.model.temperature)
        trust = self._trust(familiarity(found, known, self.model.idf, self._unseen))
        if trust < 1.0:
            chances *= trust
            if self._elsewhere is None:
                chances += (1.0 - trust) / len(chances)
            else:
                chances[self._elsewhere] += 1.0 - trust
        remembered = self.model.remembered.get(fingerprint(reading))
        if remembered is not None:
            chances *= 1.0 - _REMEMBERED
            chances[remembered] += _REMEMBERED
        return chances

    def _score(self, known: Sequence[Rows]) -> NDArray[np.float64]:
        """The logits of a message's known grams."""
        values = [self.model.idf.take(rows) for rows in known]
        values = [part / (sqrt(part @ part) or 1.0) for part in values]
        logits = np.concatenate(values) @ self._weights.take(np.concatenate(known), axis=0)
        return (logits + self.model.bias).astype(np.float64)

    def _trust(self, known: float) -> float:
        model = self.model
        if model.known_from <= model.unknown_from:
            return 1.0
        share = (known - model.unknown_from) / (model.known_from - model.unknown_from)
        return min(max(share, 0.0), 1.0)


def known_rows(block: Iterable[str], vocabulary: Mapping[str, int]) -> Rows:
    """The rows of those grams that the vocabulary has."""
    return np.array([row for row in map(vocabulary.get, block) if row is not None], np.intp)


def familiarity(
    found: Sequence[Collection[str]], known: Sequence[Rows], idf: NDArray[np.float32], unseen: float
) -> float:
    """How much of a message the examples know, 0 to 1: of its words, and of its sounds, by their rarity.

    `unseen` is the rarity of what no example has.
    """
    shares = []
    for block, rows in zip(found, known, strict=True):
        if block:
            mass = float(idf.take(rows).sum())
            shares.append(mass / (mass + unseen * (len(block) - len(rows))))
    return sum(shares) / max(len(shares), 1)


def unseen_rarity(idf: NDArray[np.float32]) -> float:
    """One step beyond the rarity of what a single example has."""
    return float(idf.max(initial=1.0)) + log(2)


def fingerprint(reading: Reading) -> int:
    """Sixty-four bits by which a message is known again, whatever its tones and spaces."""
    return int.from_bytes(blake2b(reading.bare.encode(), digest_size=8).digest(), "little")


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return chances
