"""The GSM alphabet is the standard's, character by character."""

from __future__ import annotations

import pytest

from bot.text.gsm import BASIC, EXTENSION, is_gsm, septets
from tests.text.tables import table


@pytest.mark.parametrize("row", table("gsm"), ids=lambda row: ascii(row["text"]))
def test_a_text_is_gsm_or_not_and_counts_its_septets(row: dict[str, object]) -> None:
    text = str(row["text"])
    assert is_gsm(text) is row["gsm"]
    if row["gsm"]:
        assert septets(text) == row["septets"]


def test_the_alphabet_has_127_characters_and_10_more_behind_the_escape() -> None:
    assert len(set(BASIC)) == len(BASIC) == 127
    assert len(set(EXTENSION)) == len(EXTENSION) == 10
    assert not set(BASIC) & set(EXTENSION)
    assert sum(is_gsm(chr(code)) for code in range(0x110000)) == 137
