"""The chances of a message against their plain definition: a row of scaled grams times the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nlu.classifier import (
    OUT_OF_SCOPE,
    Classifier,
    base_of,
    familiarity,
    fingerprint,
    known_rows,
    softmax,
    strangeness,
    unseen_rarity,
)
from bot.nlu.features import Reading
from bot.nlu.model import Model

WORDS = st.sampled_from(
    [
        "how much",
        "passport",
        "ລາຄາ",
        "ເທົ່າໃດ",
        "ບັດປະຈຳຕົວ",
        "bat pacham",
        "xyzzy",
        "?",
        "12",
        "stop",
        "ຢາກ",
        "ຮ້ອງທຸກ",
    ]
)


@pytest.fixture(scope="module")
def classifier(model_path: Path) -> Classifier:
    return Classifier(Model.load(model_path))


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40))
def test_chances_are_those_of_the_plain_regression(classifier: Classifier, text: str) -> None:
    model, reading = classifier.model, Reading(text, classifier.model.sounds)
    if fingerprint(reading) in model.remembered:
        return
    found = classifier.grams(reading)
    known = [known_rows(block, rows) for block, rows in zip(found, model.vocabularies, strict=True)]
    logits = model.bias.astype(np.float64)
    for rows in known:
        length = np.linalg.norm(model.rarity[rows]) or 1.0
        logits += (model.rarity[rows] / length) @ (model.weights[rows] * model.scale)
    strange = strangeness(model, familiarity(found, known, model.rarity, unseen_rarity(model.rarity)))
    intents = len(model.intents)
    *expected, none = softmax(np.append(logits[:intents] / model.temperature, strange))
    expected[model.intents.index(OUT_OF_SCOPE)] += none
    classified = classifier.classify(reading)
    assert classified.chances == pytest.approx(expected, abs=1e-5)
    for intent in {base_of(kind) for kind in model.kinds}:
        told = model.names.index(classifier.kind(classified, intent), intents)
        best = max(
            logits[at] for at, name in enumerate(model.names[intents:], intents) if base_of(name) == intent
        )
        assert logits[told] == pytest.approx(best, abs=1e-4)
