"""The category of a complaint: the one that most of its words point to."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.pack import Pack
from complaints.categories import Categories
from dialogs.phrases import any_of
from dialogs.subject import Subjects

PACK = Pack.load(Path("nlu_data"))
SUBJECTS = Subjects.load(PACK, Categories.load(PACK))
PATTERNS = {name: any_of(words) for name, words in SUBJECTS.words.items()}
WORDS = st.sampled_from([word for words in SUBJECTS.words.values() for word in words])


@given(
    st.lists(WORDS | st.text(max_size=3) | st.sampled_from([" ", "s", "_", "Land"]), max_size=8).map("".join)
)
def test_the_category_with_most_words_is_guessed(text: str) -> None:
    hits = {name: len(pattern.findall(text.casefold())) for name, pattern in PATTERNS.items()}
    best = max(hits, key=lambda name: hits[name])
    assert SUBJECTS.guess(text).id == (best if hits[best] else SUBJECTS.general)


def test_a_text_without_such_words_is_general() -> None:
    assert SUBJECTS.guess("").id == SUBJECTS.general
