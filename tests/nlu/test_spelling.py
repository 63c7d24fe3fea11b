"""A word spelt wrong by one slip is read as the known word; what is known or far from all stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.features import CONCEPT, Reading
from bot.nlu.spelling import Spelling
from bot.yaml_read import read_yaml

TABLE: dict[str, Any] = read_yaml(Path(__file__).with_name("spelling.yml"))
SPELLING = Spelling(TABLE["words"], "lao")


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: str(row["text"]))
def test_mended(row: dict[str, str]) -> None:
    assert SPELLING.mended(Reading(row["text"], "lao")).bare == row["mended"]


def test_known_words_stay_as_they_are() -> None:
    reading = Reading("What documents? Don't know, passport", "lao")
    known = Spelling((*TABLE["words"], "know"), "lao")
    assert known.mended(reading) is reading


def test_the_commoner_word_is_meant() -> None:
    assert Spelling(["posting", "hosting"], "").mended(Reading("zosting")).bare == "posting"
    assert Spelling(["hosting", "posting"], "").mended(Reading("zosting")).bare == "hosting"


def test_pairs_and_concepts_are_no_words() -> None:
    spelling = Spelling(["two words", f"{CONCEPT}money"], "")
    for text in ("two wordz", "mony"):
        reading = Reading(text)
        assert spelling.mended(reading) is reading


@pytest.mark.parametrize("row", TABLE["known"], ids=lambda row: str(row["text"]))
def test_known_is_what_is_spelt_right_or_nearly(row: dict[str, Any]) -> None:
    assert SPELLING.knows(Reading(row["text"], "lao").tokens) is row["known"]


def test_a_message_of_unknown_words_is_not_searched_for_ever() -> None:
    """So many are looked up, and not one more; what is longer than a word is none."""
    reading = Reading(" ".join(["pasport", *map("zz{}".format, map(chr, range(97, 123)))] * 20), "")
    assert SPELLING.mended(reading).bare.startswith("passport")
    foreign = " ".join(f"{letter * 2}xq{letter}" for letter in "abcdefghijklmnop")
    assert SPELLING.mended(Reading(f"{foreign} pasport", "")).bare.endswith(" pasport")
    assert SPELLING.mended(Reading("passport" * 50, "")).bare == "passport" * 50


@given(st.text(max_size=60) | st.text(alphabet="pasort howmuc ບັດໍ່ ค่า'’12🙏🏽\u200b", max_size=60))
def test_any_text_is_mended(text: str) -> None:
    reading = Reading(text, "lao")
    mended = SPELLING.mended(reading)
    assert set(mended.tokens) - set(reading.tokens) <= set(TABLE["words"])
