"""Where a message is parted, and where it stays whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nlu.clauses import Clauses
from bot.nlu.lexicon import Lexicon

CLAUSES = Clauses(Lexicon(languages={"en": {"between": ["and"]}, "lo": {"between": ["ແລະ"]}}))
PARTED = {
    "the fee and the time": ["the fee", "the time"],
    "ລາຄາແລະເວລາ": ["ລາຄາ", "ເວລາ"],
    "how much? how long?": ["how much", "how long"],
    "sand and handling": ["sand", "handling"],
    "handling": [],
    "1.000.000 kip": [],
    "and": [],
    "the fee?": [],
    "one, two, three, four, five": [],
    "": [],
}


@pytest.mark.parametrize("text", PARTED)
def test_a_message_is_parted_where_two_wishes_meet(text: str) -> None:
    assert [text[start:end].strip() for start, end in CLAUSES.split(text)] == PARTED[text]


def test_a_long_message_is_a_story() -> None:
    assert CLAUSES.split("I went there and " * 10) == []


@settings(deadline=None)
@given(st.text(max_size=80) | st.text("a ,?.ແລະand", max_size=40))
def test_clauses_follow_each_other(text: str) -> None:
    ends = [0, *(place for span in CLAUSES.split(text) for place in span), len(text)]
    assert ends == sorted(ends)
