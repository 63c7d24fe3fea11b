"""An SMS counts what an operator counts, and is cut where it hurts least at no extra cost."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from operator import add
from typing import Any

import pytest
import smsutil
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.text.breaks import Break, quality
from bot.text.gsm import EXTENSION
from bot.text.parts import Parts, count, split
from tests.text.tables import table

SINGLE = {"GSM-7": 160, "UCS-2": 70}
JOINED = {"GSM-7": 153, "UCS-2": 67}


def pieces(characters: list[str], *, many: int) -> st.SearchStrategy[str]:
    """Texts long enough for several parts, in runs, as hypothesis alone would hardly make them."""
    run = st.tuples(st.sampled_from(characters), st.integers(1, 40)).map(lambda pair: pair[0] * pair[1])
    return st.lists(run, max_size=many).map("".join)


GSM = pieces(["a", "{", "€", " ", "12.5", "word ", "\r\n"], many=20)
MIXED = pieces(["ກ", "ບ້", "ເມືອງ", "ນ້ຳ", " ", "a", "5", "👍", "🇱🇦", "👨\u200d👩", "e\u0301", "ໄປ"], many=9)
TEXTS = GSM | MIXED


def width(text: str, encoding: str) -> int:
    """Units of `text`, counted one character at a time."""
    if encoding == "GSM-7":
        return sum(2 if character in EXTENSION else 1 for character in text)
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def ranks(cut: Parts) -> tuple[int, ...]:
    """How many cuts are of each rank, the worst rank first."""
    text, at, found = "".join(cut.parts), 0, Counter[Break]()
    for part in cut.parts[:-1]:
        at += len(part)
        found[quality(text, at)] += 1
    return tuple(found[rank] for rank in reversed(Break))


def best_ranks(text: str, encoding: str) -> tuple[int, ...]:
    """Parts and cuts of each rank, the worst first, of the best of all possible cuts: every one is tried."""
    before = list(accumulate((width(character, encoding) for character in text), initial=0))
    best: list[tuple[int, ...]] = [(0,) * (len(Break) + 1)]
    steps = [(1, *[0] * len(Break))]
    for at in range(1, len(text)):
        rank = quality(text, at)
        steps.append((1, *(int(rank is other) for other in reversed(Break))))
    for end in range(1, len(text) + 1):
        starts = [
            start for start in range(max(0, end - 67), end) if before[end] - before[start] <= JOINED[encoding]
        ]
        best.append(min(tuple(map(add, best[start], steps[start])) for start in starts))
    return best[-1]


@pytest.mark.parametrize("row", table("parts"), ids=lambda row: row["name"])
def test_encoding_units_and_parts(row: dict[str, Any]) -> None:
    text = "".join(piece * times for piece, times in row["text"])
    cut = split(text)
    assert (cut.encoding, cut.units, [len(part) for part in cut.parts]) == (
        row["encoding"],
        row["units"],
        row["parts"],
    )
    assert count(text) == len(row["parts"])


@given(TEXTS | st.text(), st.booleans())
def test_parts_join_back_and_fit_and_are_as_many_as_counted(text: str, hinted: bool) -> None:
    given_text = "\u200b".join(text) if hinted else text
    cut = split(given_text)
    assert "".join(cut.parts) == text.replace("\u200b", "")
    assert count(given_text) == len(cut.parts)
    assert cut.units == sum(width(part, cut.encoding) for part in cut.parts)
    limit = (SINGLE if len(cut.parts) == 1 else JOINED)[cut.encoding]
    assert all(width(part, cut.encoding) <= limit for part in cut.parts)


@given(TEXTS)
@example("a" * 152 + "{" + "a" * 152)
@example("👍" * 70)
def test_an_independent_library_counts_the_same(text: str) -> None:
    assert count(text) == len(smsutil.split(text).parts)  # type: ignore[no-untyped-call]  # ships no types


@settings(deadline=None, max_examples=60)  # trying every cut takes a while
@given(pieces(["ກ", "ບ້", "ເມືອງ", " ", "5", "👍", "🇱🇦"], many=5))
def test_of_all_cuts_into_the_fewest_parts_the_best_is_taken(text: str) -> None:
    cut = split(text)
    if len(cut.parts) > 1:
        assert (len(cut.parts), *ranks(cut)) == best_ranks(text, cut.encoding)
