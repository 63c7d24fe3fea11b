"""Tells which language a message is in: by script where that is exact, by letter grams within Latin."""

from __future__ import annotations

import re

from bot.nlu.features import Reading
from bot.nlu.model import Model

MIXED, OTHER = "mixed", "other"

# The Unicode block of a script settles the language.
_SCRIPTS = {"lo": re.compile(r"[\u0e80-\u0eff]"), "th": re.compile(r"[\u0e00-\u0e7f]")}
_LATIN = re.compile(r"[A-Za-z]")
_FOREIGN_LATIN = re.compile(r"[\u00c0-\u024f\u1e00-\u1eff]")
_LETTER = re.compile(r"[^\W\d_\u0000-\u024f\u0e00-\u0eff\u1e00-\u1eff]")
_WORD = re.compile(r"[a-z]+")

# A script counts from this share of the letters on; two scripts that count make a mixed message.
_COUNTS = 0.2
# How much sooner the language of the conversation is believed, in natural logarithms: it decides a
# syllable ("bor", "ok") and gives way to a whole word.
_PRIOR = 2.0
_MOST_GRAM = 4


class LanguageDetector:
    """Languages of messages, by the letter grams of a trained model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def detect(self, reading: Reading, prior: str = "") -> str:
        """One of lo, lo-Latn, en (the model's languages in Latin letters), mixed, th, other.

        `prior` is the language of the conversation, empty if not known. A message without letters
        is in the language of the conversation.
        """
        text = reading.text
        latin = len(_LATIN.findall(text))
        foreign = len(_FOREIGN_LATIN.findall(text))
        # Marks above and below are counted with their letters, so both scripts weigh alike.
        counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
        rest = len(_LETTER.findall(text))
        total = latin + foreign + rest + sum(counts.values())
        if not total:
            return prior or OTHER
        shares = {name: count / total for name, count in counts.items() if count / total >= _COUNTS}
        if rest / total >= 0.5 or foreign / total > _COUNTS / 2:  # noqa: PLR2004  # more than half
            return OTHER
        if not shares:
            return self._tongue(text, prior)
        if (latin + foreign) / total >= _COUNTS or len(shares) > 1:
            return MIXED
        return max(shares, key=lambda name: shares[name])

    def _tongue(self, text: str, prior: str) -> str:
        model = self._model
        if not model.tongues:
            return prior or OTHER
        rows = [row for gram in tongue_grams(text) if (row := model.tongue_grams.get(gram)) is not None]
        scores = model.tongue_weights[rows].sum(axis=0) if rows else model.tongue_weights[:0].sum(axis=0)
        best = {name: float(score) for name, score in zip(model.tongues, scores, strict=True)}
        if prior in best:
            best[prior] += _PRIOR
        return max(best, key=lambda name: best[name])


def tongue_grams(text: str) -> list[str]:
    """Grams of one to four letters of the Latin words, with word borders."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        bordered = f" {word} "
        for size in range(2, _MOST_GRAM + 1):
            found += [bordered[start : start + size] for start in range(len(bordered) - size + 1)]
    return found
