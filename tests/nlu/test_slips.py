"""A message that is nothing but a slip of a word for STOP is asked about: never acted on, never sent away."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bands import Bands
from bot.nlu.features import Reading, bare, toneless
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.parse_data import ParseContext
from bot.nlu.slips import STOP
from bot.nlu.understanding import lexicon_of
from bot.nlu.whole import WholeMessages
from bot.pack import Pack
from bot.yaml_read import read_yaml

ROWS: dict[str, dict[str, list[str]]] = read_yaml(Path(__file__).with_name("slips.yml"))
WHOLE = WholeMessages(lexicon_of(Pack.load(Path("nlu_data"))))
WORDS = sorted(
    word
    for word, intents in WHOLE.spelt.items()
    if STOP in intents and sum(map(str.isalpha, toneless(word))) >= 4 and len(word.split()) == 1
)
NOWHERE = ParseContext()


def rows(kind: str) -> list[object]:
    return [
        pytest.param(str(text), id=f"{language}: {text}")
        for language, texts in ROWS[kind].items()
        for text in texts
    ]


def asks_about_stop(interpreter: LightInterpreter, text: str) -> bool:
    """Whether STOP is the first guess, as sure as what is asked about."""
    intent = interpreter.read(text, NOWHERE)["intent"]
    return intent["name"] == STOP and Bands().guess <= intent["confidence"] < Bands().act


@pytest.mark.parametrize("text", rows("asked"))
def test_a_slip_is_asked_about(interpreter: LightInterpreter, text: str) -> None:
    assert asks_about_stop(interpreter, text), interpreter.read(text, NOWHERE)["intent_ranking"]


@pytest.mark.parametrize("text", rows("not_asked"))
def test_a_word_of_its_own_is_not(interpreter: LightInterpreter, text: str) -> None:
    assert not asks_about_stop(interpreter, text)


@pytest.mark.parametrize("text", rows("stop"))
def test_what_is_clear_is_done(interpreter: LightInterpreter, text: str) -> None:
    intent = interpreter.read(text, NOWHERE)["intent"]
    assert intent["name"] == STOP
    assert intent["confidence"] >= Bands().act


@pytest.mark.parametrize("text", ["sotp", "stpo", "ເຊົ້າ", "unsubscibe"])
def test_a_slip_ends_nothing_in_a_dialog(interpreter: LightInterpreter, text: str) -> None:
    intent = interpreter.read(text, ParseContext(expects="complaint_place"))["intent"]
    assert intent["name"] not in {STOP, "cancel"} or intent["confidence"] < Bands().act


@given(data=st.data())
def test_no_slip_of_a_word_for_stop_is_acted_on(interpreter: LightInterpreter, data: st.DataObject) -> None:
    """Of all words that have four letters, at every place; what a slip makes a word of a list is that word."""
    word = data.draw(st.sampled_from(WORDS))
    at = data.draw(st.integers(0, len(word) - 1))
    slipped = data.draw(st.sampled_from([
        word[:at] + word[at + 1 :],
        word[:at] + word[at] * 2 + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    ]))  # fmt: skip
    reading = Reading(slipped, "lao")
    if WHOLE.intent(reading) or bare(slipped) == word or any(each in WHOLE.spelt for each in slipped.split()):
        return
    intent = interpreter.read(slipped, NOWHERE)["intent"]
    assert intent["name"] != STOP or intent["confidence"] < Bands().act, intent
