"""References: every slip of a finger is noticed, every way of writing is read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import Chance
from complaints.references import Flaw, Reference, check, draw, spoken

references = st.integers().map(lambda seed: draw(Chance(random=random.Random(seed))))  # noqa: S311 (reproducible)
LAO = str.maketrans("0123456789", "໐໑໒໓໔໕໖໗໘໙")


@given(references)
def test_a_reference_is_eight_digits_that_never_begin_with_zero(reference: str) -> None:
    assert len(reference) == 8
    assert reference[0] != "0"
    assert check(reference) == Reference(reference)


@given(references, st.integers(0, 7), st.integers(1, 9))
def test_every_wrong_digit_is_noticed(reference: str, place: int, shift: int) -> None:
    wrong = str((int(reference[place]) + shift) % 10)
    assert check(reference[:place] + wrong + reference[place + 1 :]) is Flaw.ONE_DIGIT_WRONG


@given(references, st.integers(0, 6))
def test_every_pair_of_swapped_neighbours_is_noticed(reference: str, place: int) -> None:
    first, second = reference[place], reference[place + 1]
    swapped = reference[:place] + second + first + reference[place + 2 :]
    assert check(swapped) == (Reference(reference) if first == second else Flaw.ONE_DIGIT_WRONG)


@given(references, st.integers(0, 7))
def test_a_digit_missing_or_twice_is_noticed(reference: str, place: int) -> None:
    assert check(reference[:place] + reference[place + 1 :]) is Flaw.ONE_DIGIT_WRONG
    assert check(reference[:place] + reference[place] + reference[place:]) is Flaw.ONE_DIGIT_WRONG


@given(references)
def test_a_reference_is_read_however_it_is_written(reference: str) -> None:
    told = spoken(reference)
    for written in (
        told,
        told.replace(" ", "-"),
        f" #{reference}. ",
        told.translate(LAO),
        " ".join(reference),
    ):
        assert check(written) == Reference(reference)


@given(st.text())
def test_any_text_is_judged_and_none_is_an_error(text: str) -> None:
    assert isinstance(check(text), Reference | Flaw)


@pytest.mark.parametrize(
    "text", ["", " ", "hello", "ບໍ່ຮູ້", "123456", "+8562055512345", "1234 5678 ok", "😀", "\u200b", "²²²²²²²²"]
)
def test_what_is_far_from_a_reference_is_none(text: str) -> None:
    assert check(text) is Flaw.NOT_A_REFERENCE


def test_the_quasigroup_is_damms() -> None:
    """The example of Damm's thesis: 572 has the check digit 4."""
    assert check("572" + "4", digits=4) == Reference("5724")
