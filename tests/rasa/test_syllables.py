"""The tokens of a Rasa project: nothing is lost, and Lao is cut as the features cut it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.features import Reading
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from bot.rasa.syllables import syllables
from tests.dialogs.actions.kit import PACK

_TONES = re.compile("[\u0ec8-\u0ecb]")
_LAO = st.text(st.characters(min_codepoint=0x0E80, max_codepoint=0x0EFF), max_size=30)


@given(_LAO | st.text(max_size=40))
def test_every_letter_is_in_one_token(text: str) -> None:
    tokens = list(syllables(text))
    assert "".join(token for token, _ in tokens) == "".join(text.split())
    assert all(text[start : start + len(token)] == token for token, start in tokens)


def test_lao_is_cut_into_syllables_as_the_classifier_sees_them() -> None:
    written = [each.text for each in examples_of(Pack.load(PACK)).examples if each.language == "lo"]
    same = sum(_lao(dict(syllables(text))) == _lao(dict.fromkeys(Reading(text).tokens)) for text in written)
    assert same > 0.9 * len(written)


def _lao(tokens: dict[str, object]) -> set[str]:
    return {_TONES.sub("", each) for each in tokens if "\u0e80" <= each[0] <= "\u0edf" and not each.isdigit()}
