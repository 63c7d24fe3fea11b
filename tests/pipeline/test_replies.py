"""Robots: what answers us by itself is not answered for ever."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import to_ms
from bot.replies import HOUR_MS, IDLE_REPLIES_AN_HOUR, REPLIES_AN_HOUR, SAME_WORDS_AN_HOUR, may_reply
from bot.trackers import TrackerState
from tests.pinned import START

NOTICE = "Your message was received. We will answer within two days."
AWAY = "Thank you for your message! Our office is closed until Monday."
NOW = to_ms(START)


def answered(texts: Iterable[str], *, understood: bool, every_ms: int = 5_000) -> int:
    """How many of the texts are answered, which come one after the other."""
    state = TrackerState(contact_id="c")
    return sum(
        may_reply(state, NOW + number * every_ms, text, understood=understood)
        for number, text in enumerate(texts)
    )


@pytest.mark.parametrize("understood", [True, False])
def test_a_robot_is_answered_three_times(understood: bool) -> None:
    assert answered([NOTICE] * 1000, understood=understood) == SAME_WORDS_AN_HOUR


@pytest.mark.parametrize("understood", [True, False])
def test_a_robot_with_several_texts_is_answered_three_times_each(understood: bool) -> None:
    alternating = islice(cycle((NOTICE, AWAY)), 1000)
    assert answered(alternating, understood=understood) == 2 * SAME_WORDS_AN_HOUR


def test_a_robot_that_counts_is_known_by_the_rest_of_its_words() -> None:
    texts = [f"Ticket {number} opened at {number % 24:02}:{number % 60:02}." for number in range(500)]
    assert answered(texts, understood=False) <= SAME_WORDS_AN_HOUR * 3  # one, two and three digits


def test_silence_lasts_as_long_as_the_robot_goes_on() -> None:
    """One that never stops is never answered again, however many hours it takes."""
    every = HOUR_MS // 10
    assert answered([NOTICE] * 240, understood=True, every_ms=every) == SAME_WORDS_AN_HOUR


def test_who_comes_back_after_an_hour_is_answered() -> None:
    state = TrackerState(contact_id="c")
    for number in range(10):
        may_reply(state, NOW + number, NOTICE, understood=True)
    assert may_reply(state, NOW + HOUR_MS + 10, NOTICE, understood=True)


@pytest.mark.parametrize("texts", [["1", "2"], ["passport", "1"], ["ສະຖານະ 12345678", "1", "0"]])
def test_a_person_who_walks_through_menus_is_always_answered(texts: list[str]) -> None:
    assert answered(islice(cycle(texts), REPLIES_AN_HOUR), understood=True) == REPLIES_AN_HOUR


@given(
    st.lists(st.sampled_from([NOTICE, AWAY, "1", "ok", "what?"]), max_size=150),
    st.booleans(),
)
def test_nobody_is_answered_more_often_than_the_limits_allow(texts: list[str], understood: bool) -> None:
    most = REPLIES_AN_HOUR if understood else IDLE_REPLIES_AN_HOUR
    assert answered(texts, understood=understood) <= most


def test_what_is_remembered_of_words_stays_small() -> None:
    state = TrackerState(contact_id="c")
    for number in range(200):
        may_reply(state, NOW + number, f"{chr(97 + number % 26) * (12 + number % 9)}", understood=False)
    assert len(state.counts) <= 20
