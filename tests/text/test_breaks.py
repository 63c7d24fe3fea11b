"""A cut falls between words or syllables where the letters tell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.breaks import Break, Breaks, quality
from tests.text.tables import table


@pytest.mark.parametrize("shown", table("breaks"))
def test_syllables_are_told_by_their_letters(shown: str) -> None:
    text = shown.replace("|", "")
    found = [at for at in range(1, len(text)) if quality(text, at) <= Break.SYLLABLE]
    ends = [len(piece) for piece in shown.split("|")]
    assert found == [sum(ends[:count]) for count in range(1, len(ends))]


@pytest.mark.parametrize(
    ("text", "at", "rank"),
    [
        ("a b", 2, Break.SPACE),
        ("ກ ຂ", 2, Break.SPACE),
        ("ກຂ", 1, Break.CLUSTER),
        ("ab", 1, Break.CLUSTER),
        ("ໄປ", 1, Break.TIGHT),
        ("50", 1, Break.TIGHT),
        ("50.000", 2, Break.TIGHT),
        ("50.000", 3, Break.TIGHT),
        ("໕໐", 1, Break.TIGHT),
        ("5. ", 1, Break.CLUSTER),
        ("ບ້", 1, Break.INSIDE),
        (" \u0301", 1, Break.INSIDE),
        ("👍🏽", 1, Break.INSIDE),
        ("\u200bກ", 1, Break.CLUSTER),
    ],
)
def test_every_place_has_its_rank(text: str, at: int, rank: Break) -> None:
    assert quality(text, at) is rank


@given(
    st.text(st.sampled_from("ab 5.ກບເໄ້ະຳ\u0301👍\n"), min_size=2, max_size=40),
    st.data(),
    st.sampled_from(Break),
)
def test_the_last_good_place_is_found(text: str, data: st.DataObject, worst: Break) -> None:
    high = data.draw(st.integers(1, len(text) - 1))
    low = data.draw(st.integers(1, len(text)))
    hints = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    ranks = {at: quality(text, at) for at in range(low, high + 1)}
    ranks |= {at: Break.SPACE for at in hints if ranks.get(at, Break.INSIDE) < Break.INSIDE}
    assert Breaks(text, hints).last(low, high, worst) == max(
        (at for at in ranks if ranks[at] <= worst), default=-1
    )
