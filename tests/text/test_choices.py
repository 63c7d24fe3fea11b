"""An offered choice is understood however a person picks it, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.normalise import compact
from bot.text.choices import match, numbered
from tests.text.tables import table

TABLE = table("choices")
ANSWERS = [
    (case["labels"], answer, None if index == "none" else index)
    for case in TABLE["cases"]
    for index, answers in case["answers"].items()
    for answer in answers
]


@pytest.mark.parametrize(("labels", "answer", "index"), ANSWERS)
def test_an_answer_means_one_choice_or_none(labels: list[str], answer: str, index: int | None) -> None:
    assert match(answer, labels, item_words=TABLE["item_words"], key=compact) == index


def test_labels_are_compared_without_case_when_no_key_is_given() -> None:
    assert match("FEE", ["Time", "Fee"]) == 1


@pytest.mark.parametrize(
    ("labels", "shown"),
    [([], ""), (["ບັດ"], "1 ບັດ"), (["ບັດ", "ID card", "👍"], "1 ບັດ\n2 ID card\n3 👍")],
)
def test_choices_are_shown_by_number(labels: list[str], shown: str) -> None:
    assert numbered(labels) == shown


@given(st.text(), st.lists(st.text(max_size=8), max_size=5))
def test_any_answer_to_any_labels_is_a_choice_or_none(answer: str, labels: list[str]) -> None:
    index: Any = match(answer, labels, item_words=["no"], key=compact)
    assert index is None or 0 <= index < len(labels)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=12))
def test_every_number_shown_is_understood(labels: list[str]) -> None:
    assert [match(str(number), labels) for number in range(1, len(labels) + 1)] == list(range(len(labels)))
