"""How a case stands: the own case at once, another's only with its PIN, and no hint beyond that."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import to_ms
from complaints.cases import CaseState
from tests.dialogs.actions.kit import NOBODYS, OTHERS, OWN, PIN, Answer, CasesInMemory, act, case, ports
from tests.pinned import START, PinnedTime

FORM = "complaint_status_form"


def world(state: CaseState = CaseState.RECEIVED, pinned: PinnedTime | None = None) -> Any:
    return ports(pinned, CasesInMemory({OWN: case(OWN, "me", state), OTHERS: case(OTHERS, "you", state)}))


async def _pin(place: Any, pin: str, reference: str = OTHERS, **slots: Any) -> Answer:
    return await act(
        place,
        "validate_complaint_status_form",
        pin,
        form=FORM,
        slots={"reference": reference, **slots},
        filled={"pin": pin},
    )


async def test_the_own_reference_needs_no_pin() -> None:
    answer = await act(
        world(), "validate_complaint_status_form", OWN, form=FORM, filled={"reference": "1000 0004"}
    )
    assert answer.slots == {"reference": OWN, "pin": "admitted"}


@pytest.mark.parametrize("reference", [OTHERS, NOBODYS])
async def test_anothers_and_nobodys_reference_both_ask_the_pin(reference: str) -> None:
    answer = await act(
        world(), "validate_complaint_status_form", reference, form=FORM, filled={"reference": reference}
    )
    assert (answer.slots, answer.keys) == ({"reference": reference, "pin": None}, [])
    wrong = await _pin(world(), "654321", reference)
    assert wrong.keys == ["utter_no_match"]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("10000005", "utter_reference_mistyped"),
        ("1000000", "utter_reference_mistyped"),
        ("01000004", "utter_reference_mistyped"),
        ("12345", "utter_reference_unreadable"),
        ("my number", "utter_reference_unreadable"),
    ],
)
async def test_a_slip_is_told_as_such(typed: str, key: str) -> None:
    answer = await act(
        world(), "validate_complaint_status_form", typed, form=FORM, filled={"reference": typed}
    )
    assert (answer.slots["reference"], answer.keys) == (None, [key])


@pytest.mark.parametrize("typed", [PIN, "123 456", "໑໒໓໔໕໖"])
async def test_the_pin_opens_anothers_case(typed: str) -> None:
    answer = await _pin(world(), typed)
    until = to_ms(START) + 30 * 60_000
    assert answer.slots == {"pin": "admitted", "verified": {"number": OTHERS, "until": until}}


async def test_what_is_no_pin_is_no_guess() -> None:
    answer = await _pin(world(), "I lost it")
    assert (answer.slots, answer.keys) == ({"pin": None}, ["utter_pin_unreadable"])


@pytest.mark.parametrize("reference", [OTHERS, NOBODYS])
async def test_five_wrong_guesses_a_day_are_the_last_whether_or_not_the_case_exists(reference: str) -> None:
    place = world()
    for _ in range(4):
        assert (await _pin(place, "654321", reference)).keys == ["utter_no_match"]
    fifth = await _pin(place, "654321", reference)
    assert (fifth.slots, fifth.keys) == ({"pin": "refused"}, [])
    assert (await _pin(place, PIN, reference)).slots == {"pin": "refused"}
    again = await act(
        place, "validate_complaint_status_form", reference, form=FORM, filled={"reference": reference}
    )
    assert again.slots == {"reference": reference, "pin": "refused"}


@pytest.mark.parametrize("reference", [OTHERS, NOBODYS])
async def test_a_reference_under_attack_is_locked_for_everyone(reference: str) -> None:
    place = world()
    place.cases.guesses.wrong[f"case:{reference}"] = 5
    assert (await _pin(place, PIN, reference)).slots["pin"] == "refused"


async def test_what_a_pin_opened_is_closed_after_half_an_hour() -> None:
    pinned = PinnedTime()
    place = world(pinned=pinned)
    opened = (await _pin(place, PIN)).slots
    for minutes, key in ((29, "utter_complaint_status"), (1, "utter_guesses_spent")):
        pinned.advance(minutes * 60)
        answer = await act(place, "action_complaint_status", slots={"reference": OTHERS, **opened})
        assert answer.keys[0] == key


async def test_another_language_closes_what_a_pin_opened() -> None:
    answer = await act(world(), "action_language", intent="language", entities={"language": "en"})
    assert answer.slots["verified"] is None


@pytest.mark.parametrize("slots", [{"pin": "admitted"}, {"pin": "refused"}])
async def test_the_words_inside_open_nothing(slots: dict[str, str]) -> None:
    answer = await act(world(), "action_complaint_status", slots={"reference": OTHERS, **slots})
    assert answer.keys == ["utter_guesses_spent"]


@pytest.mark.parametrize(
    ("state", "days", "key"),
    [
        (CaseState.RECEIVED, 0, "utter_complaint_status"),
        (CaseState.WAITING_FOR_CITIZEN, 0, "utter_complaint_status"),
        (CaseState.IN_PROGRESS, 40, "utter_complaint_status_late"),
        (CaseState.RESOLVED, 0, "utter_complaint_status_closed"),
        (CaseState.REJECTED, 40, "utter_complaint_status_closed"),
    ],
)
async def test_state_date_and_last_change_are_told(state: CaseState, days: int, key: str) -> None:
    pinned = PinnedTime()
    pinned.advance(days * 86_400)
    answer = await act(world(state, pinned), "action_complaint_status", slots={"reference": OWN})
    assert answer.keys == [key]
    assert answer.said[0].values["reference"] == "1000 0004"
    assert answer.said[0].values["updated"] == "02/03/2026"


@pytest.mark.parametrize("state", CaseState)
async def test_every_state_has_a_word_in_every_language(state: CaseState) -> None:
    for language in ports().pack.languages:
        answer = await act(
            world(state), "action_complaint_status", slots={"reference": OWN, "language": language}
        )
        assert answer.said[0].values["state"]


@pytest.mark.parametrize(
    ("text", "slots", "remembered"),
    [
        ("how is my complaint?", {}, {"reference": OWN, "pin": "admitted"}),
        ("how is 2000 0006", {}, {"reference": OTHERS, "pin": None}),
        ("how is 1000 0004", {"reference": OTHERS}, {"reference": OWN, "pin": "admitted"}),
        ("how is it?", {"reference": OTHERS, "verified": {"number": OTHERS, "until": to_ms(START) + 1}}, {"reference": OTHERS, "pin": "admitted"}),
        ("how is it?", {"reference": OTHERS}, {"reference": OWN, "pin": "admitted"}),
    ],
)  # fmt: skip
async def test_the_case_that_is_meant(
    text: str, slots: dict[str, Any], remembered: dict[str, str | None]
) -> None:
    answer = await act(world(), "action_complaint_status_start", text, intent="complaint_status", slots=slots)
    assert {name: answer.slots[name] for name in remembered} == remembered


async def test_who_has_no_case_is_asked_for_the_number() -> None:
    answer = await act(ports(), "action_complaint_status_start", "my complaint", intent="complaint_status")
    assert answer.slots["reference"] is None
