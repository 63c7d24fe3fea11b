"""Trains a model: `python -m bot.nlu.train OUT < examples.json`, in a process of its own.

The server never imports scikit-learn: it costs 100 MB and seconds. Input is a JSON object
{"sounds": name of a table of sound.py, "segmenter": name of one of segments.py, "concepts": [[by sound, concept, word], …],
"noise": {language: what its lexicon tells of noise},
"examples": [[text, intent, language], …], "variants": [[index of its example, text], …]}.
Deterministic: the same input gives the same file.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from bot.nlu.calibration import Sureness, calibrate
from bot.nlu.classifier import base_of, fingerprint
from bot.nlu.concepts import Concepts
from bot.nlu.features import Reading, grams
from bot.nlu.model import Model
from bot.nlu.noise import mistyped
from bot.nlu.regression import CLOSER, Fit, Sample, Vocabulary, fit, vocabulary_of
from bot.nlu.segments import Segmenter
from bot.nlu.segments import segmenter as segmenter_of
from bot.nlu.spelling import Spelling
from bot.nlu.tongues import letters_of, scripts_of, tell_tongues

# In how many examples a gram must be. Sounds that one alone has are nearly always the middle of a name.
_LEAST, _LEAST_HEARD = {"words": 1, "sounds": 1}, {"words": 1, "sounds": 2}
# What an example mistyped on purpose weighs beside one that somebody wrote: more costs accuracy where letters are right.
_MISTYPED = 0.15
# Every fourth example is held back to see how sure the rest may be.
_FOLDS = 4


def train(
    examples: Sequence[Sequence[str]],
    variants: Sequence[tuple[int, str]],
    *,
    sounds: str,
    concepts: Sequence[Sequence[bool | str]],
    noise: Mapping[str, Mapping[str, Any]],
    segmenter: str,
) -> Model:
    """Fit on all examples, and a little on them mistyped; calibrate on some that a first fit has not seen.

    Raises ValueError for examples of one intent, SegmenterMissing, RuntimeError if a regression does not converge.
    """
    least = _LEAST_HEARD if sounds else _LEAST
    course = _Course(examples, Concepts(concepts, sounds), segmenter_of(segmenter))
    readings = [Reading(text, sounds) for text, *_ in examples]
    samples = course.samples(chain(enumerate(readings), _read(variants, sounds)))
    vocabulary = vocabulary_of(samples, least)
    spelling = Spelling(vocabulary.blocks[0], sounds)
    samples += course.samples(_read(mistyped(examples, noise), sounds), spelling.mended, _MISTYPED)
    intents = tuple(sorted({sample.intent for sample in samples}))
    kinds = _kinds(samples)
    sureness = _sureness(samples, least)
    fits = [fit(samples, [sample.intent for sample in samples], intents, vocabulary)]
    fits += _closer(samples, kinds, vocabulary)
    weights, scale = _rounded(fits)
    scripts = scripts_of(examples)
    tongues = tuple(sorted({name for several in scripts.values() if len(several) > 1 for name in several}))
    tongue_grams, tongue_weights = tell_tongues(examples, tongues)
    return Model(
        intents=intents,
        kinds=kinds,
        vocabularies=vocabulary.blocks,
        rarity=vocabulary.rarity,
        weights=weights,
        scale=scale,
        bias=np.concatenate([each.bias for each in fits]).astype(np.float32),
        temperature=sureness.temperature,
        strange=sureness.strange,
        slope=sureness.slope,
        sounds=sounds,
        segmenter=segmenter,
        concepts=concepts,
        remembered=_remembered(examples, readings, (*intents, *kinds)),
        scripts=scripts,
        letters=letters_of(examples),
        tongues=tongues,
        tongue_grams=tongue_grams,
        tongue_weights=tongue_weights,
    )


class _Course:
    """Makes samples of texts that say what an example says."""

    def __init__(self, examples: Sequence[Sequence[str]], concepts: Concepts, segments: Segmenter) -> None:
        self._kinds = [kind for _, kind, _ in examples]
        self._concepts, self._segments = concepts, segments

    def samples(
        self,
        readings: Iterable[tuple[int, Reading]],
        mended: Callable[[Reading], Reading] = lambda reading: reading,
        weight: float = 1.0,
    ) -> list[Sample]:
        """A sample of each reading, by the place of its example, as it is when `mended`."""
        several = ((origin, mended(reading), reading.written) for origin, reading in readings)
        return [
            Sample(
                grams=grams(reading, self._concepts.find(reading), self._segments(text)),
                intent=base_of(self._kinds[origin]),
                kind=self._kinds[origin],
                origin=origin,
                weight=weight,
            )
            for origin, reading, text in several
        ]


def _read(texts: Iterable[tuple[int, str]], sounds: str) -> Iterator[tuple[int, Reading]]:
    return ((origin, Reading(text, sounds)) for origin, text in texts)


def _kinds(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The names to tell apart within the intents that have closer ones."""
    several = {sample.intent for sample in samples if sample.kind != sample.intent}
    return tuple(sorted({sample.kind for sample in samples if sample.intent in several}))


def _closer(samples: Sequence[Sample], kinds: Sequence[str], vocabulary: Vocabulary) -> Iterator[Fit]:
    """The fits of the kinds of each intent against each other, in their order; a single one needs none."""
    for intent, several in groupby(kinds, key=base_of):
        names = tuple(several)
        if len(names) > 1:
            told = [sample for sample in samples if sample.intent == intent]
            yield fit(told, [sample.kind for sample in told], names, vocabulary, close=CLOSER)
        else:
            nothing = np.zeros((len(names), len(vocabulary.rarity)))
            yield Fit(vocabulary=vocabulary, weights=nothing, bias=np.zeros(len(names)))


def _sureness(samples: Sequence[Sample], least: Mapping[str, int]) -> Sureness:
    """What `calibrate` finds on the examples held back, by a fit of the others."""
    kept = [sample for sample in samples if sample.origin % _FOLDS]
    labels = [sample.intent for sample in kept]
    intents = tuple(sorted(set(labels)))
    held = [sample for sample in samples if sample.origin % _FOLDS == 0 and sample.intent in intents]
    if len(held) < _FOLDS or len(intents) == 1:
        return Sureness()
    return calibrate(fit(kept, labels, intents, vocabulary_of(kept, least)), held, intents)


def _rounded(fits: Sequence[Fit]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The weights of all fits as a row a gram, in steps of a 127th of each column's largest, and those steps."""
    weights = np.concatenate([each.weights for each in fits]) * fits[0].vocabulary.loudness()
    peak = np.abs(weights).max(axis=1)
    steps = np.where(peak > 0, peak / 127, 1.0)
    return np.rint(weights / steps[:, None]).astype(np.int8).T.copy(), steps.astype(np.float32)


def _remembered(
    examples: Sequence[Sequence[str]], readings: Sequence[Reading], names: tuple[str, ...]
) -> dict[int, int]:
    """The fingerprints of the examples; what stands under two names is left to the conversation."""
    found: dict[int, set[int]] = {}
    for (_, intent, _), reading in zip(examples, readings, strict=True):
        found.setdefault(fingerprint(reading), set()).add(names.index(intent))
    return {each: several.pop() for each, several in sorted(found.items()) if len(several) == 1}


def main() -> None:
    """Read standard input, write the model file named on the command line."""
    # Nothing made here is garbage before the end: to look for some takes time again and again.
    gc.disable()
    told: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    variants = [(origin, text) for origin, text in told["variants"]]
    model = train(
        told["examples"],
        variants,
        sounds=told["sounds"],
        concepts=told["concepts"],
        noise=told["noise"],
        segmenter=told["segmenter"],
    )
    model.save(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
