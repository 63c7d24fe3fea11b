"""What a model knows of languages: the scripts of each, and the letters that tell those of one script apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.nlu.language import script, tongue_grams

_OWN_SCRIPT = 0.2


def letters_of(examples: Sequence[Sequence[str]]) -> str:
    """The letters of the examples beyond a to z, in order."""
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
