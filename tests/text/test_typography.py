"""Typography that costs parts is written as every phone writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.parts import count
from bot.text.typography import plain
from tests.text.tables import table


@pytest.mark.parametrize("row", table("typography"), ids=lambda row: ascii(row["text"]))
def test_typographic_characters_become_plain(row: dict[str, str]) -> None:
    assert plain(row["text"]) == row["plain"]


@given(st.text())
def test_plain_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_plain_text_costs_less() -> None:
    text = "Bring the form – and a photo. " * 5
    assert (count(text), count(plain(text))) == (3, 1)
