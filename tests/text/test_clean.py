"""What comes in is kept as typed, but nothing that hides, reorders or breaks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.clean import MOST_MARKS, clean
from tests.text.tables import table

# Any code point at all, lone surrogates too.
ANYTHING = st.text(st.characters(exclude_categories=[])) | st.lists(st.integers(0, 0x10FFFF)).map(
    lambda codes: "".join(map(chr, codes))
)
FORBIDDEN_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize("row", table("clean"), ids=lambda row: ascii(row["text"]))
def test_controls_and_invisible_characters_go(row: dict[str, str]) -> None:
    assert clean(row["text"]) == row["clean"]


@given(ANYTHING)
def test_nothing_is_left_that_hides_or_reorders(text: str) -> None:
    result = clean(text)
    result.encode("utf-8")
    assert not {c for c in result if c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    assert not {c for c in result if unicodedata.bidirectional(c) in FORBIDDEN_BIDI}
    assert not set("\u200b\u200c\u200d\u200e\u200f\u061c\ufeff\u2060\ufffe\uffff") & set(result)
    assert unicodedata.is_normalized("NFC", result)
    assert clean(result) == result


def test_a_lone_surrogate_goes_and_its_neighbours_stay() -> None:
    assert clean("a\ud83db\ude00c") == "abc"


def test_a_flood_of_marks_is_cut_before_it_costs_time() -> None:
    """A million marks out of order would take Python's composition more than ten minutes."""
    flood = "a" + "\u0301\u0316" * 500_000 + "ບ"
    assert len(clean(flood)) <= MOST_MARKS + 2
