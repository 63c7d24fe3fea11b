"""The fit of a few examples, and how sure it may be of others, against their definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nlu.calibration import Sureness, calibrate
from bot.nlu.classifier import familiarity, softmax, unseen_rarity
from bot.nlu.regression import Fit, Sample, fit, vocabulary_of

LEAST = {"words": 1, "sounds": 1}
SAID = {
    "fee": ("how much is it", "what does it cost", "the price of a passport", "how much must I pay"),
    "greet": ("hello", "good morning", "hi there", "hello to you"),
    "where": ("where is the office", "which street", "the address please", "where do I go"),
}


def samples(said: Mapping[str, Sequence[str]]) -> list[Sample]:
    texts = chain.from_iterable((((intent, text) for text in several) for intent, several in said.items()))
    return [
        Sample(grams=({*text.split()}, {*text.replace(" ", "")}), intent=intent, kind=intent, origin=number)
        for number, (intent, text) in enumerate(texts)
    ]


def fitted(said: Mapping[str, Sequence[str]]) -> tuple[Fit, list[Sample], list[str]]:
    several = samples(said)
    names = sorted(said)
    return (
        fit(several, [each.intent for each in several], names, vocabulary_of(several, LEAST)),
        several,
        names,
    )


@pytest.mark.parametrize("intents", [("fee", "greet"), ("fee", "greet", "where")])
def test_what_was_learnt_is_told_apart(intents: tuple[str, ...]) -> None:
    found, several, names = fitted({name: SAID[name] for name in intents})
    told = found.logits(several).argmax(axis=1)
    assert [names[place] for place in told] == [each.intent for each in several]
    assert found.weights.shape == (len(names), len(found.vocabulary.rarity))
    assert found.bias.shape == (len(names),)


def test_grams_that_come_together_learn_as_each_would_alone() -> None:
    """As in any regression of that price, a weight is the price times what is left to say of its column."""
    several = samples(SAID)
    names, labels = sorted(SAID), [each.intent for each in several]
    vocabulary = vocabulary_of(several, LEAST)
    found = fit(several, labels, names, vocabulary, close=1e-5)
    rows = vocabulary.matrix(several).toarray()
    wanted = np.array([[name == label for name in names] for label in labels], np.float64)
    often = wanted.T @ (rows > 0)
    lengths = often.sum(axis=1, keepdims=True)
    counted = often * 2.2 / (often + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
    learnt = found.weights - 0.25 * counted
    left = wanted - softmax(rows @ learnt.T + found.bias)
    assert learnt == pytest.approx(20 * left.T @ rows, abs=0.01)
    assert len({column.tobytes() for column in rows.T > 0}) < rows.shape[1]


def test_a_single_name_teaches_nothing() -> None:
    several = samples({"fee": SAID["fee"]})
    with pytest.raises(ValueError, match="one intent"):
        fit(several, ["fee"] * len(several), ["fee"], vocabulary_of(several, LEAST))


def test_a_gram_of_all_intents_is_the_least_rare() -> None:
    several = samples({"a": ("of one",), "b": ("of two",), "c": ("of one three",)})
    found = vocabulary_of(several, LEAST)
    words = {gram: float(found.rarity[row]) for gram, row in found.blocks[0].items()}
    assert words["of"] == pytest.approx(1.0)
    assert words["of"] < words["one"] < words["two"] == words["three"]


def test_a_gram_needs_so_many_examples() -> None:
    several = samples({"a": ("one two",), "b": ("two three",)})
    assert [*vocabulary_of(several, {"words": 2, "sounds": 99}).blocks[0]] == ["two"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text("abc ", min_size=1, max_size=12).filter(str.strip), min_size=6, max_size=12))
def test_so_much_of_what_was_not_seen_goes_to_no_intent(texts: list[str]) -> None:
    found, _, names = fitted({"fee": SAID["fee"], "greet": SAID["greet"]})
    held = samples({"fee": tuple(texts[::2]), "greet": tuple(texts[1::2])})
    sure = calibrate(found, held, names)
    assert _elsewhere(found, held, sure).mean() == pytest.approx(0.1, abs=0.01)


def test_unknown_words_are_stranger() -> None:
    found, several, names = fitted(SAID)
    sure = calibrate(found, several, names)
    known, unknown = samples({"fee": ("how much is the passport", "how zyx qqq wwww")})
    own, strange = _elsewhere(found, [known, unknown], sure)
    assert own < strange


def test_as_it_stands_nothing_is_strange() -> None:
    found, several, _ = fitted(SAID)
    assert _elsewhere(found, several, Sureness()).max() == 0.0


def _elsewhere(
    found: Fit, several: list[Sample], sure: Sureness
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What of each goes to no intent."""
    rarity = found.vocabulary.rarity
    known = [
        familiarity(each.grams, found.vocabulary.known(each), rarity, unseen_rarity(rarity))
        for each in several
    ]
    strange = sure.strange - sure.slope * np.array(known)
    return softmax(np.column_stack([found.logits(several) / sure.temperature, strange]))[:, -1]
