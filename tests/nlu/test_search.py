from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon, Signs
from bot.nlu.phrases import LetterPhrases, Searches, WordPhrases, Words
from bot.nlu.search import Search

SHORT = st.text("abກາ ", min_size=1, max_size=4)
LISTS = st.lists(st.sets(SHORT, max_size=6), min_size=1, max_size=4)


@given(LISTS, st.lists(st.text("abກາ ", max_size=20), min_size=1, max_size=3))
def test_all_words_of_all_lists_are_found_wherever_they_are(lists: list[set[str]], texts: list[str]) -> None:
    search = Search(*lists)
    for text in texts:
        for number, words in enumerate(lists):
            there = [
                (start, start + len(word))
                for word in words
                for start in range(len(text))
                if text.startswith(word, start)
            ]
            assert list(search.find(number, text)) == sorted(there, key=lambda span: (span[0], -span[1]))


def test_a_list_that_comes_later_is_found_too() -> None:
    search = Search(["one"])
    assert search.find(0, "one two") == [(0, 3)]
    assert search.find(search.add(["two"]), "one two") == [(4, 7)]


def test_half_a_surrogate_hides_no_word() -> None:
    assert Search(["one"]).find(0, "\ud800one\udfff one") == [(1, 4), (6, 9)]


@given(st.lists(st.sampled_from(["fee", "fees", "the", "id", "id card", "1", "?", "o'clock"]), max_size=8))
def test_phrases_are_found_by_whole_words(words: list[str]) -> None:
    text = " ".join(words)
    phrases = WordPhrases([("id card", 1), ("fee", 2), ("the fee", 3), ("card", 4)], Searches())
    told = [(text[hit.start : hit.end], hit.value) for hit in phrases.find(Words(text))]
    assert all({"id card": 1, "fee": 2, "the fee": 3, "card": 4}[said] == value for said, value in told)
    assert sum(said in {"fee", "the fee"} for said, _ in told) == words.count("fee")
    assert sum(said == "id card" for said, _ in told) == words.count("id card")


@given(
    st.lists(
        st.sampled_from(["kip", "skip", "kips", "50kip", "ກີບ", "ກີບkip", "kip's", "_kip", "3", ","]),
        max_size=8,
    )
)
def test_words_in_small_letters_stand_alone_or_by_a_digit(parts: list[str]) -> None:
    text = " ".join(parts)
    money = LetterPhrases({"kip": "latin", "ກີບ": "lao"}, Searches())
    hits = money.find(text, Words(text))
    assert all(text[hit.start : hit.end] == {"latin": "kip", "lao": "ກີບ"}[hit.value] for hit in hits)
    expected = {"kip": 1, "50kip": 1, "ກີບ": 1, "ກີບkip": 2, "kip's": 1, "_kip": 1}
    assert len(hits) == sum(expected.get(part, 0) for part in parts)
    assert {hit.value for hit in hits} <= set(money.possible(text, Words(text)))


def test_a_sign_of_two_parts_needs_both_in_any_order() -> None:
    signs = Signs(Lexicon(languages={"en": {"fire": {"building": ["add / build … floor / storey"]}, "fire_not": ["floor plan"]}}), "fire", Searches())  # fmt: skip
    for text, found in (
        ("a floor we add", True), ("we build a storey", True), ("we add", False), ("floor", False),
        ("add to the floor plan", False),
    ):  # fmt: skip
        assert (signs.find(Reading(text)) is not None) is found, text
