"""Ratings and praise: whatever people write for a number, and nothing passed on that they did not want passed on."""

from __future__ import annotations

import pytest

from bot.pack import Pack
from complaints.cases import CaseKind
from complaints.filing import FileCase
from dialogs.rating import Scores
from services.ratings import About, Rate
from tests.dialogs.actions.kit import (
    NOBODYS,
    OTHERS,
    OWN,
    PACK,
    CasesInMemory,
    act,
    case,
    ports,
)

WORLD = ports(cases=CasesInMemory({OWN: case(OWN, "me"), OTHERS: case(OTHERS, "somebody else")}))
SCORES = Scores.load(Pack.load(PACK))
PRAISE = "the officer at the window in Pakse was very kind to my mother"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("4", 4), ("໕", 5), ("4/5", 4), ("8/10", 4), ("10/10", 5), ("i give 5 stars", 5), ("score: 2", 2),
        ("⭐⭐⭐", 3), ("★★★★★", 5), ("**", 2), ("👍", 4), ("😡", 1),
        ("good", 4), ("Very good!", 5), ("not good", 2), ("very bad", 1), ("ok", 3), ("so so", 3), ("one", 1),
        ("ດີ", 4), ("ດີຫຼາຍ", 5), ("ບໍ່ດີ", 2), ("ບໍ່ດີເລີຍ", 1), ("ພໍໃຊ້ໄດ້", 3), ("ຫ້າດາວ", 5),
        ("di", 4), ("di lai", 5), ("bo di", 2), ("bo di loei", 1), ("pho sai", 3),
        ("0", None), ("6", None), ("100", None), ("11/10", None), ("", None), ("...", None), ("******", None),
        ("what about passports", None),
        ("it was good but I had to wait for 3 hours and nobody told me why", None),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(text: str, score: int | None) -> None:
    assert SCORES.read(text) == score


@pytest.mark.parametrize(
    ("slots", "about", "subject"),
    [
        ({"goal": "fee", "service": "passport"}, About.SERVICE, "passport"),
        ({"goal": "complaint", "reference": OWN, "service": "passport"}, About.CASE, OWN),
        ({"goal": "complaint_status", "reference": OTHERS}, About.TALK, ""),
        ({"goal": "complaint_status", "reference": NOBODYS}, About.TALK, ""),
        (
            {"goal": "complaint_status", "reference": "x" * 500, "service": "passport"},
            About.SERVICE,
            "passport",
        ),
        ({"goal": "fee", "service": "fishing"}, About.TALK, ""),
        ({}, About.TALK, ""),
    ],
)
async def test_a_number_is_about_what_the_talk_was_about(
    slots: dict[str, str], about: About, subject: str
) -> None:
    answer = await act(WORLD, "action_rating", "5", slots={"place": "LA1601", **slots})
    assert answer.effects == (Rate(about=about, subject=subject, score=5, language="en", place="LA1601"),)
    assert answer.keys == ["utter_rated"]


@pytest.mark.parametrize(
    ("score", "key"), [("1", "utter_rated_low"), ("2", "utter_rated_low"), ("3", "utter_rated")]
)
async def test_a_low_number_gets_the_offer_to_complain(score: str, key: str) -> None:
    answer = await act(WORLD, "action_keep_rating", slots={"score": score})
    assert answer.keys == [key]
    assert answer.slots["score"] is None


@pytest.mark.parametrize(
    ("slots", "form", "asked"),
    [
        ({"goal": "fee"}, "", True),
        ({}, "", False),
        ({"goal": "fee"}, "complaint_form", False),
        ({"goal": "fee", "rating_asked_on": "2026-02-20"}, "", False),
        ({"goal": "fee", "rating_asked_on": "2026-01-30"}, "", True),
    ],
)
async def test_thanks_ask_once_in_a_while(slots: dict[str, str], form: str, asked: bool) -> None:
    answer = await act(WORLD, "action_thanks", "thanks", slots=slots, form=form)
    assert answer.keys == ["utter_thanks"]
    assert ("rating_asked_on" in answer.slots) is asked


async def test_a_question_is_put_once() -> None:
    first = await act(WORLD, "action_ask_rating_form_score", form="rating_form")
    assert first.keys == ["utter_ask_rating_form_score"]
    again = await act(WORLD, "action_ask_rating_form_score", form="rating_form", slots=first.slots)
    assert again.keys == []


@pytest.mark.parametrize(("text", "key"), [("very good", "utter_rated"), ("wow", None)])
async def test_praise_of_a_word_is_a_number_or_the_question(text: str, key: str | None) -> None:
    answer = await act(WORLD, "action_praise", text, intent="feedback")
    assert answer.keys == ([key] if key else [])
    assert len(answer.effects) == (1 if key else 0)


async def test_praise_is_passed_on_as_a_suggestion() -> None:
    kept = await act(WORLD, "action_praise", PRAISE, intent="feedback")
    assert kept.slots["praise"] == PRAISE
    answer = await act(WORLD, "action_pass_on", slots={"pass_on": "yes", "praise": PRAISE})
    [filed] = answer.effects
    assert isinstance(filed, FileCase)
    assert (filed.kind, filed.description, filed.place, filed.source) == (
        CaseKind.SUGGESTION,
        PRAISE,
        "LA1601",
        "praise",
    )
    assert answer.slots["praise"] is None


@pytest.mark.parametrize("answer_given", ["no", "perhaps"])
async def test_praise_stays_here_unless_they_say_yes(answer_given: str) -> None:
    judged = await act(
        WORLD, "validate_praise_form", answer_given, form="praise_form", filled={"pass_on": answer_given}
    )
    slots = {"pass_on": judged.slots["pass_on"], "praise": PRAISE}
    if slots["pass_on"] is None:
        assert judged.keys == ["utter_not_passed_on"]
    else:
        done = await act(WORLD, "action_pass_on", slots=slots)
        assert (done.keys, done.effects) == (["utter_not_passed_on"], ())
