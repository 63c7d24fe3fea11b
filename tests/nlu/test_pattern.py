from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.pattern import Pattern

LETTERS = st.text("abc", max_size=12)


@given(st.text("abc", min_size=1, max_size=8), LETTERS)
def test_the_nearest_stretch_is_that_of_the_full_table(word: str, text: str) -> None:
    errors, start, end = Pattern(word).nearest(text)
    assert 0 <= start <= end <= len(text)
    assert errors == _edits(word, text[start:end])
    assert errors == min(
        _edits(word, text[begin:stop])
        for begin in range(len(text) + 1)
        for stop in range(begin, len(text) + 1)
    )


@given(LETTERS.filter(bool), LETTERS, LETTERS)
def test_a_word_that_is_there_is_found_without_errors(word: str, before: str, after: str) -> None:
    errors, start, end = Pattern(word).nearest(before + word + after)
    assert errors == 0
    assert (before + word + after)[start:end] == word


def _edits(one: str, other: str) -> int:
    """The textbook's table of edit distances."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, row = row, [number]
        for place, found in enumerate(other, 1):
            row.append(min(above[place - 1] + (letter != found), above[place] + 1, row[-1] + 1))
    return row[-1]
