"""Danger, a person, language, STOP, and what is not understood."""

from __future__ import annotations

import pytest

from bot.consent import Purpose, RecordConsent
from services.reminders import CancelReminders
from tests.dialogs.actions.kit import act, ports

WORLD = ports()


async def test_danger_names_numbers_with_their_year_and_never_an_unknown_one() -> None:
    answer = await act(WORLD, "action_danger", "fire", intent="danger")
    numbers = str(answer.said[0].values["numbers"])
    assert "1191" in numbers
    assert "2016" in numbers
    assert "1190" not in numbers
    assert "1195" not in numbers
    assert answer.slots == {"goal": "danger", "complaint_draft": "fire"}


@pytest.mark.parametrize(("place", "following"), [("LA0103", "complaint_confirm"), (None, "complaint_place")])
async def test_danger_told_to_the_form_is_an_answer_too(place: str | None, following: str) -> None:
    slots = {"requested_slot": "complaint_text", "complaint_place": place}
    answer = await act(
        WORLD, "action_danger", "he will kill me", intent="danger", form="complaint_form", slots=slots
    )
    told = {"complaint_text": "he will kill me", "complaint_service": "-"}
    assert answer.slots == {**told, "requested_slot": following}


async def test_danger_elsewhere_in_a_form_changes_nothing() -> None:
    slots = {"requested_slot": "complaint_place"}
    answer = await act(WORLD, "action_danger", "fire", intent="danger", form="complaint_form", slots=slots)
    assert answer.slots == {}


async def test_a_person_is_offered_with_a_number_that_is_confirmed() -> None:
    answer = await act(WORLD, "action_talk_to_human")
    assert answer.keys == ["utter_talk_to_human"]
    assert "156" in str(answer.said[0].values["hotline"])


async def test_a_language_is_changed_for_good() -> None:
    answer = await act(WORLD, "action_language", "english", intent="language", entities={"language": "en"})
    assert answer.slots == {"language": "en", "language_chosen": True, "verified": None}


@pytest.mark.parametrize("entities", [{}, {"language": "th"}])
async def test_a_language_that_we_do_not_speak_is_no_language(entities: dict[str, str]) -> None:
    answer = await act(WORLD, "action_language", "change", intent="language", entities=entities)
    assert (answer.keys, answer.slots) == (["utter_ask_language"], {})


async def test_stop_ends_news_and_surveys_but_not_the_own_case() -> None:
    answer = await act(WORLD, "action_unsubscribe", "STOP")
    assert answer.effects == (
        RecordConsent(purpose=Purpose.AWARENESS, granted=False),
        RecordConsent(purpose=Purpose.SURVEYS, granted=False),
        CancelReminders(),
    )
    assert answer.keys == ["utter_unsubscribed"]


async def test_a_yes_is_a_yes_to_news_only() -> None:
    answer = await act(WORLD, "action_subscribe", "news")
    assert answer.effects == (RecordConsent(purpose=Purpose.AWARENESS, granted=True),)


async def test_did_you_mean_offers_the_likeliest_goals_and_a_person() -> None:
    ranking = [("fee", 0.3), ("duration", 0.25), ("inform", 0.2), ("greet", 0.01)]
    answer = await act(
        WORLD, "action_default_fallback", "x", entities={"service": "passport"}, ranking=ranking
    )
    assert answer.keys == ["utter_did_you_mean"]
    assert [(button["title"], button["payload"]) for button in answer.said[0].buttons] == [
        ("Fee: Passport", '/fee{"service": "passport"}'),
        ("How long it takes: Passport", '/duration{"service": "passport"}'),
        ("Write to staff", '/complaint{"case_kind": "enquiry"}'),
    ]


async def test_without_a_guess_help_is_offered_and_then_a_person() -> None:
    first = await act(WORLD, "action_default_fallback", "qwrt")
    assert first.keys == ["utter_default"]
    second = await act(
        WORLD, "action_default_fallback", "qwrt", said_before="utter_default", ranking=[("fee", 0.4)]
    )
    assert second.keys == ["utter_not_understood_again"]


@pytest.mark.parametrize("action", ["action_default_fallback", "action_out_of_scope"])
@pytest.mark.parametrize("text", ["you are useless idiots", "ພວກມຶງໂງ່ແທ້"])
async def test_an_insult_gets_a_calm_answer(action: str, text: str) -> None:
    assert (await act(WORLD, action, text)).keys == ["utter_calm"]


@pytest.mark.parametrize("text", ["who won the football match", "ຢູ່ໄກຫຼາຍ ຫ່າງຈາກເມືອງ", "the NGO next door"])
async def test_no_insult_is_heard_where_there_is_none(text: str) -> None:
    assert (await act(WORLD, "action_out_of_scope", text)).keys == ["utter_out_of_scope"]


async def test_an_application_cannot_be_looked_up_yet() -> None:
    assert (await act(WORLD, "action_status_start")).keys == ["utter_status"]
