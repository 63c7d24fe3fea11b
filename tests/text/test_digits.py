"""A number is a number in every script's digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.digits import ascii_digits
from tests.text.tables import table


@pytest.mark.parametrize("row", table("digits"), ids=lambda row: row["text"])
def test_digits_become_ascii(row: dict[str, str]) -> None:
    assert ascii_digits(row["text"]) == row["digits"]


@given(st.text())
def test_the_length_stays(text: str) -> None:
    assert len(ascii_digits(text)) == len(text)
