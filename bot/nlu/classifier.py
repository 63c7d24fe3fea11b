"""Says what a message is about: a gather over the rows of its grams, numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.features import Reading, grams
from bot.nlu.model import Model

OUT_OF_SCOPE = "out_of_scope"


class Classifier:
    """Intents with their probabilities, which add up to one."""

    def __init__(self, model: Model) -> None:
        self.model = model
        # Four times the bytes of the file's, and a product that the machine does in one go.
        self._weights = model.weights * model.scale
        self._elsewhere = model.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in model.intents else None

    def classify(self, reading: Reading) -> NDArray[np.float64]:
        """The probability of each of `model.intents` for this message.

        What the message loses for being made of unknown grams goes to `out_of_scope`, or, where a
        model has no such intent, evenly to all.
        """
        logits, known = self.score(reading)
        chances = softmax(logits / self.model.temperature)
        trust = self._trust(known)
        if trust < 1.0:
            chances *= trust
            if self._elsewhere is None:
                chances += (1.0 - trust) / len(chances)
            else:
                chances[self._elsewhere] += 1.0 - trust
        return chances

    def score(self, reading: Reading) -> tuple[NDArray[np.float64], float]:
        """The logits, and the share of the message's grams that occur in the examples."""
        model = self.model
        found: list[list[int]] = []
        total = 0
        for block, vocabulary in zip(grams(reading), model.vocabularies, strict=True):
            found.append([row for row in map(vocabulary.get, block) if row is not None])
            total += len(block)
        rows = np.array([row for part in found for row in part], np.intp)
        values = model.idf.take(rows)
        start = 0
        for part in found:
            stretch = values[start : start + len(part)]
            length = float(np.sqrt(stretch @ stretch))
            if length:
                stretch /= length
            start += len(part)
        logits = values @ self._weights.take(rows, axis=0) + model.bias
        return logits.astype(np.float64), len(rows) / max(total, 1)

    def _trust(self, known: float) -> float:
        model = self.model
        if model.known_from <= model.unknown_from:
            return 1.0
        share = (known - model.unknown_from) / (model.known_from - model.unknown_from)
        return min(max(share, 0.0), 1.0)


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return chances
