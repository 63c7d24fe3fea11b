"""Masking: no identifier is left readable, and the substance of a complaint is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.digits import ascii_digits
from bot.yaml_read import read_yaml
from complaints.masking import mask, summary

CASES = read_yaml(Path(__file__).parent / "masking.yml")
DIGITS = ["0123456789", "໐໑໒໓໔໕໖໗໘໙", "๐๑๒๓๔๕๖๗๘๙", "０１２３４５６７８９"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_identifiers_are_masked_and_amounts_are_not(case: dict[str, str]) -> None:
    assert mask(case["says"]) == case["reads"]


@given(
    st.text(st.characters(exclude_categories=["Nd", "Cs"])),
    # A last digit other than 0 tells a number to call from a round amount.
    st.from_regex(r"020[579][0-9]{6}[1-9]", fullmatch=True),
    st.sampled_from(DIGITS),
    st.sampled_from(["", " ", "-", ".", ") ", " - "]),
    st.text(st.characters(exclude_categories=["Nd", "Cs"])),
)
def test_no_phone_number_survives(before: str, phone: str, digits: str, sign: str, after: str) -> None:
    written = sign.join((phone[:3], phone[3:7], phone[7:])) if len(sign) < 3 else phone
    masked = mask(before + written.translate(str.maketrans(DIGITS[0], digits)) + after)
    assert not any(character.isdigit() and character.isdecimal() for character in ascii_digits(masked))


@given(st.text())
def test_masking_again_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text(), st.integers(2, 80))
def test_a_summary_is_one_short_line(text: str, limit: int) -> None:
    short = summary(text, limit)
    assert len(short) <= limit
    assert "\n" not in short


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("The office was closed. I came three times.", "The office was closed"),
        ("Mr. Kham asked for more money. Twice!", "Mr. Kham asked for more money"),
        ("ຫ້ອງການປິດ\nຂ້ອຍມາສາມເທື່ອ", "ຫ້ອງການປິດ ຂ້ອຍມາສາມເທື່ອ"),
        ("ຫ້ອງການປິດທຸກມື້ບໍ່ມີຄົນ\nຂ້ອຍມາສາມເທື່ອ", "ຫ້ອງການປິດທຸກມື້ບໍ່ມີຄົນ"),
        ("a" * 100, "a" * 79 + "…"),
        ("ນໍ້າ" * 50, "ນໍ້າ" * 19 + "ນໍ້…"),
        ("word " * 30, "word " * 15 + "word…"),
        ("words " * 30, "words " * 12 + "words…"),
    ],
)
def test_the_first_sentence_is_the_summary(text: str, expected: str) -> None:
    assert summary(text) == expected
