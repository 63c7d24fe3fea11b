"""A person is asked for: the offers are honest about when staff read, and a call back is a case that somebody owns."""

from __future__ import annotations

from datetime import datetime

import pytest

from complaints.cases import CaseKind
from complaints.filing import FileCase
from tests.dialogs.actions.kit import FICTIONAL, act, ports
from tests.pinned import PinnedTime

WORLD = ports()
# An address that is no phone number.
CHAT = "telegram:4711"


@pytest.mark.parametrize(
    ("at", "back"),
    [
        ("2026-03-02 10:00", None),
        ("2026-03-02 12:30", "Mon 2/3, 13:00"),
        ("2026-03-07 10:00", "Tue 10/3, 8:00"),
    ],
)
async def test_outside_working_hours_it_says_when_staff_read_next(at: str, back: str | None) -> None:
    start = datetime.fromisoformat(at).replace(tzinfo=WORLD.pack.zone)
    answer = await act(ports(PinnedTime(start)), "action_talk_to_human", intent="talk_to_human")
    assert [each.values["next"] for each in answer.said[1:]] == ([back] if back else [])


async def test_a_number_is_told_with_its_year() -> None:
    answer = await act(ports(root=FICTIONAL), "action_talk_to_human", intent="talk_to_human")
    assert answer.said[0].values["hotline"] == "hotline reported 770 Citizens line 2024"


@pytest.mark.parametrize(
    ("text", "entities", "wish", "when"),
    [
        ("2", {}, None, None),
        ("call me about my land", {}, "call me about my land", None),
        (
            "call me tomorrow on 020 5551 2345",
            {"date": "tomorrow", "phone": "+8562055512345"},
            "call me",
            "-",
        ),
        ("call me tomorrow", {"date": "tomorrow"}, "call me", None),
    ],
)
async def test_what_the_wish_says_is_not_asked_again(
    text: str, entities: dict[str, str], wish: str | None, when: str | None
) -> None:
    answer = await act(WORLD, "action_call_back_start", text, entities=entities, address=CHAT)
    assert answer.slots["call_back_time"] == when
    assert (answer.slots["call_back_wish"] or "").startswith(wish or "")


@pytest.mark.parametrize(
    ("text", "entities", "before", "taken", "said"),
    [
        ("...", {}, "", None, []),
        ("-", {}, "", "-", []),
        ("in the evening", {}, "", None, ["utter_call_back_no_number"]),
        ("in the evening", {}, "utter_call_back_no_number", "in the evening", []),
        ("at 9, 020 5551 2345", {"phone": "+8562055512345"}, "", "at 9, 020 5551 2345", []),
    ],
)
async def test_where_the_channel_brings_no_number_it_is_asked_for_once(
    text: str, entities: dict[str, str], before: str, taken: str | None, said: list[str]
) -> None:
    answer = await act(
        WORLD,
        "validate_call_back_form",
        text,
        entities=entities,
        said_before=before,
        form="call_back_form",
        address=CHAT,
        filled={"call_back_time": text},
    )
    assert (answer.slots.get("call_back_time"), answer.keys) == (taken, said)


@pytest.mark.parametrize(
    ("address", "key"),
    [("tel:+8562055512345", "utter_ask_call_back_form_call_back_time"), (CHAT, "utter_ask_call_back_number")],
)
async def test_the_question_asks_for_a_number_only_where_none_is_known(address: str, key: str) -> None:
    asked = await act(WORLD, "action_ask_call_back_form_call_back_time", address=address)
    assert asked.keys == [key]


async def test_a_call_back_is_an_enquiry_with_a_receipt() -> None:
    slots = {
        "call_back_wish": "please call about my land title",
        "call_back_time": "tomorrow at 9",
        "place": "LA1601",
    }
    answer = await act(WORLD, "action_file_call_back", slots=slots)
    [case] = answer.effects
    assert isinstance(case, FileCase)
    assert (case.kind, case.place, case.source, case.told) == (
        CaseKind.ENQUIRY,
        "LA1601",
        "call_back",
        "utter_call_back_noted",
    )
    assert case.description == "please call about my land title\ntomorrow at 9"
    assert answer.keys[0] == "utter_call_back_noted"
    assert answer.slots["call_back_time"] is None
