"""What a reader takes for one letter is never torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.graphemes import clusters, cut, is_boundary
from tests.text.tables import table

TABLES = table("graphemes")
# Every kind of character that the rules tell apart.
DIFFICULT = st.text(
    st.sampled_from(
        "ab \r\nບດ້ັີໄນຳ\u0e19\u0e33\u0301\u200b\u200c\u200d\ufe0f\u20e3👍👩🏽❤🇱🇦\u0600\u1112\u1161\u11ab한가\u0903"
    ),
    max_size=40,
)


@pytest.mark.parametrize("row", TABLES["clusters"], ids=lambda row: row["name"])
def test_letters_as_a_reader_sees_them(row: dict[str, list[str]]) -> None:
    assert clusters("".join(row["is"])) == row["is"]


@pytest.mark.parametrize("row", TABLES["cut"], ids=lambda row: f"{row['text']!a} at {row['limit']}")
def test_a_cut_falls_between_letters(row: dict[str, str]) -> None:
    assert cut(row["text"], int(row["limit"])) == (row["head"], row["rest"])


def test_a_cut_needs_room() -> None:
    with pytest.raises(ValueError, match="at least one"):
        cut("a", 0)


@given(DIFFICULT | st.text(max_size=20))
def test_clusters_join_back_and_their_ends_are_the_boundaries(text: str) -> None:
    found = clusters(text)
    assert "".join(found) == text
    ends = {len("".join(found[:count])) for count in range(len(found) + 1)}
    assert {at for at in range(len(text) + 1) if is_boundary(text, at)} == ends


@given(DIFFICULT, st.integers(1, 20))
def test_cutting_on_and_on_joins_back_and_ends(text: str, limit: int) -> None:
    pieces, rest = [], text
    while rest:
        head, rest = cut(rest, limit)
        assert 0 < len(head) <= limit
        pieces.append(head)
    assert "".join(pieces) == text
