"""Spellings that Lao readers take for the same word are the same to the machine."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.normalise import canon, compact, fold, loose

VECTORS = json.loads((Path(__file__).parent / "normalisation.json").read_text(encoding="utf-8"))
LAO = st.text(st.sampled_from("ກຫນມລຣຍະັາຳິີຶືຸູົຼຽເແໂໃໄໍ່້໌໎໒ aA\u200b\u200d\u0301\u0316\u0e38\uff21’"), max_size=30)
ALL = st.text() | LAO


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_variant_becomes_its_standard_spelling(vector: dict[str, str]) -> None:
    typed, meant, level = vector["input"], vector["expect"], vector["level"]
    assert typed == "".join(chr(int(code, 16)) for code in vector["input_hex"].split())
    assert meant == "".join(chr(int(code, 16)) for code in vector["expect_hex"].split())
    if level == "canon":
        assert canon(typed) == meant
    if level == "fold":
        assert fold(typed) == meant
    if level == "fold-nospace":
        assert fold(typed).replace(" ", "") == fold(meant).replace(" ", "")
    assert (compact if level == "fold-nospace" else loose)(typed) == (
        compact if level == "fold-nospace" else loose
    )(meant)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("Visa, please!", "Visa, please!"),
        ("ບາ້ນ", "ບ້ານ"),
        ("ນໍ້ໍາ", "ນ້ຳ"),
        ("ຫລຼວງ", "ຫລຼວງ"),
        ("e\u0301 👨\u200d👩 ❤️", "é 👨\u200d👩 ❤️"),
        ("ID\u200bບັດ\ufeff", "IDບັດ"),
        ("ກ\nຂ  ຄ", "ກ\nຂ  ຄ"),
    ],
)
def test_stored_text_keeps_what_a_reader_sees(typed: str, stored: str) -> None:
    assert canon(typed) == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PASSPORT", "passport"),
        ("ＩＤ　１２", "id 12"),
        (" ບັດ\u00a0ໃໝ່\n", "ບັດ ໃຫມ່"),
        ("it’s sooooo slow!!!!", "it's so slow!"),
        ("ຫຣວງ", "ຫຼວງ"),
        ("ຂ້ອຍຢູ່ 👍👍👍👍", "ຂ້ອຍຢູ່ 👍"),
        ("", "\u200b"),
    ],
)
def test_folded_spellings_are_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("text", ["1000", "50.000 ກີບ", "book", "ໝາກ", "ໄປ"])
def test_folding_keeps_what_tells_words_apart(text: str) -> None:
    assert fold(text) == text


@pytest.mark.parametrize("form", [canon, fold, loose, compact])
@given(text=ALL)
def test_every_form_is_stable(form: Callable[[str], str], text: str) -> None:
    once = form(text)
    assert form(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(ALL)
def test_each_form_follows_from_the_one_before(text: str) -> None:
    assert fold(canon(text)) == fold(text)
    assert loose(fold(text)) == loose(text)
    assert compact(loose(text)) == compact(text)
    assert " " not in compact(text)


@given(st.lists(st.tuples(st.text("aA1 !ກຮຣລ່ະＡ👍\u200b", max_size=3), st.integers(1, 4))))
def test_no_letter_is_left_drawn_out(runs: list[tuple[str, int]]) -> None:
    """Whatever `fold` saves itself the pattern for."""
    assert not re.search(r"([^\d\s])\1\1", fold("".join(letters * times for letters, times in runs)))


def test_a_flood_of_marks_does_not_stop_the_process() -> None:
    """Composing a million marks out of order would take more than ten minutes."""
    assert len(canon("ກ" + "\u0ec9\u0eb8" * 500_000)) < 20
    assert len(compact("ກ" + "າ້" * 100_000)) < 20
