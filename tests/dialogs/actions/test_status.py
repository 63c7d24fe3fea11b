"""How an application stands: the applicant's phone at once, others with the secret, and no hint beyond that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import to_ms
from services.registers import ApplicationState, NextStep
from tests.dialogs.actions.kit import PHONE, PIN, Answer, RegisterInMemory, act, application, ports
from tests.pinned import START

NUMBER, NOBODYS = "PP202600123", "PP202600999"
FORM = "status_form"


def world(**particulars: Any) -> Any:
    return ports(registers=RegisterInMemory({NUMBER: application("PP-2026/00123", **particulars)}))


async def secret(place: Any, typed: str, number: str = NUMBER) -> Answer:
    return await act(
        place,
        "validate_status_form",
        typed,
        form=FORM,
        slots={"application_number": number},
        filled={"application_secret": typed},
    )


@settings(max_examples=25, deadline=None)
@given(guesses=st.lists(st.sampled_from(["111111", "222222", "2/3/1990", "I lost it", "0"]), max_size=8))
async def test_a_number_that_does_not_exist_answers_like_anothers(guesses: list[str]) -> None:
    heard = []
    for number in (NUMBER, NOBODYS):
        place = world()
        begun = await act(
            place, "validate_status_form", number, form=FORM, filled={"application_number": number}
        )
        answers = [begun, *[await secret(place, each, number) for each in guesses]]
        told = await act(place, "action_status", slots={"application_number": number, **answers[-1].slots})
        heard.append(
            [
                (each.keys, [{**said.values, "number": ""} for said in each.said], "verified" in each.slots)
                for each in (*answers, told)
            ]
        )
    assert heard[0] == heard[1]


async def test_the_secret_opens_for_half_an_hour() -> None:
    answer = await secret(world(), PIN)
    assert answer.slots == {
        "application_secret": "admitted",
        "verified": {"number": f"application:{NUMBER}", "until": to_ms(START) + 30 * 60_000},
    }


@pytest.mark.parametrize("slots", [{"application_secret": "admitted"}, {"application_secret": "case"}, {}])
async def test_the_words_inside_open_nothing(slots: dict[str, str]) -> None:
    answer = await act(world(), "action_status", slots={"application_number": NUMBER, **slots})
    assert answer.keys in (["utter_application_not_found"], ["utter_guesses_spent"])


async def test_what_cannot_be_reached_is_no_guess() -> None:
    place = world()
    place.registers.down = True
    answer = await secret(place, PIN)
    assert answer.slots == {"application_secret": "admitted"}
    assert await place.guesses.left("me") == 5


@pytest.mark.parametrize("language", ["lo", "lo-Latn", "en"])
async def test_every_state_and_step_has_words(language: str) -> None:
    for state in ApplicationState:
        for step in NextStep:
            place = world(state=state, next_step=step.value)
            place.registers.phones[NUMBER] = PHONE
            slots = {"application_number": NUMBER, "language": language}
            values = (await act(place, "action_status", slots=slots)).said[0].values
            assert values["state"] == place.pack.label(language, f"application_{state}")
            assert place.pack.label(language, f"step_{step}") in str(values["details"])


async def test_an_offices_own_words_are_told_as_they_are() -> None:
    place = world(next_step="ໄປຮັບເອົາຢູ່ປ່ອງ 3", office="ຫ້ອງການ 1", service="")
    place.registers.phones[NUMBER] = PHONE
    answer = await act(place, "action_status", slots={"application_number": NUMBER})
    values = answer.said[0].values
    assert (values["application"], values["as_of"]) == ("PP-2026/00123", "02/03/2026 10:00")
    assert "ໄປຮັບເອົາຢູ່ປ່ອງ 3" in str(values["details"])
    assert "ຫ້ອງການ 1" in str(values["office"])


async def test_an_own_application_goes_before_a_case_of_the_same_number() -> None:
    number = "10000004"
    place = ports(registers=RegisterInMemory({number: application(number)}, {number: PHONE}))
    answer = await act(
        place, "action_status_start", f"status of {number}", intent="status", entities={"reference": number}
    )
    assert answer.slots["application_number"] == number
    others = replace(place, registers=RegisterInMemory({number: application(number)}))
    answer = await act(
        others, "action_status_start", f"status of {number}", intent="status", entities={"reference": number}
    )
    assert "application_number" not in answer.slots
