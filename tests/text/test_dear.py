"""The characters that make a text dear are named."""

from __future__ import annotations

import pytest

from bot.text.dear import dear
from tests.text.tables import table


@pytest.mark.parametrize("row", table("dear"), ids=lambda row: row["text"])
def test_what_forces_ucs2_is_named_once(row: dict[str, object]) -> None:
    assert dear(str(row["text"])) == row["dear"]
