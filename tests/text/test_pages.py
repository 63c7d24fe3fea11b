"""A text too long for one screen is read page by page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.pages import pages
from tests.text.tables import table


@pytest.mark.parametrize("row", table("pages"), ids=lambda row: row["name"])
def test_pages_end_where_a_reader_would_pause(row: dict[str, object]) -> None:
    assert pages(str(row["text"]), int(str(row["limit"]))) == row["pages"]


@given(st.text(st.sampled_from("ab. \nບດັ້ຳເ2👍\u200d\u0301"), max_size=80), st.integers(1, 20))
def test_every_page_fits_and_no_letter_is_lost(text: str, limit: int) -> None:
    found = pages(text, limit)
    assert all(0 < len(page) <= limit for page in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_page_needs_room() -> None:
    with pytest.raises(ValueError, match="at least one"):
        pages("a", 0)
