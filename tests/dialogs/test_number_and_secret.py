"""A number and its PIN in one message: heard however they are written, told nothing more, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.check_digits import damm
from bot.trackers import FormFrame, TrackerState
from complaints.references import LENGTH, spoken
from dialogs.number_and_secret import heard
from tests.dialogs.actions.kit import NOBODYS, OTHERS, PIN
from tests.dialogs.conversation import World

_LAO = str.maketrans("0123456789", "໐໑໒໓໔໕໖໗໘໙")
_SIX = st.text("0123456789", min_size=6, max_size=6)
_REFERENCES = st.integers(10 ** (LENGTH - 2), 10 ** (LENGTH - 1) - 1).map(
    lambda body: f"{body}{damm(str(body))}"
)


def _parsed(text: str, intent: str = "inform", entities: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    name = {"name": intent.partition("/")[0], "confidence": 0.9}
    return {
        "text": text,
        "language": "en",
        "intent": name,
        "intent_ranking": [name],
        "intent_response_key": intent,
        "entities": list(entities),
    }


def _heard(text: str, **told: Any) -> dict[str, str]:
    entities = heard(_parsed(text, **told), TrackerState(contact_id="me"))["entities"]
    return {each["entity"]: each["value"] for each in entities}


@given(
    reference=_REFERENCES,
    pin=_SIX,
    between=st.sampled_from([" ", ", ", "\n", " pin ", " PIN: ", " ລະຫັດ ", "/", "-", " - my pin is "]),
    turned=st.booleans(),
    lao=st.booleans(),
    grouped=st.booleans(),
)
def test_both_are_heard_however_they_are_written(
    reference: str, pin: str, between: str, *, turned: bool, lao: bool, grouped: bool
) -> None:
    told = [spoken(reference), f"{pin[:3]} {pin[3:]}"] if grouped else [reference, pin]
    text = between.join(reversed(told) if turned else told)
    message = heard(_parsed(text.translate(_LAO) if lao else text), TrackerState(contact_id="me"))
    found = {each["entity"]: each["value"] for each in message["entities"]}
    # Where the groups can be read in either order, both readings have a right check digit.
    if found["reference"] == reference:
        assert found == {"reference": reference, "application": reference, "secret": pin}
        assert sum(map(str.isdecimal, message["text"])) == LENGTH
    else:
        assert grouped
        assert found["reference"] + found["secret"] != reference + pin


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("PP-2026/00123 pin 654321", "PP202600123"),
        ("PP-2026/00123, 654321", "PP202600123"),
        ("PIN 654321 for 4471", "4471"),
        ("pin654321 number 4471", "4471"),
        ("ຄຳຮ້ອງ ໔໔໗໑ ລະຫັດ ໖໕໔ ໓໒໑", "4471"),
    ],
)
def test_so_is_an_application_with_more_than_a_space_between(text: str, number: str) -> None:
    assert _heard(text) == {"application": number, "secret": "654321"}


@pytest.mark.parametrize(
    "text",
    [
        "20000006",
        "654321",
        "20000006123456",  # run together it may be anything
        "20000005 123456",  # one number of 14 digits, for all we know
        "4471 654321",
        "PP-2026/00123 654321",
        "PP 654321 and 4471",
        "PP654321, 4471",
        "447100 pin 654321",  # which of them is the PIN?
        "4471, 654321, 12",
        "12/03/2026",
    ],
)
def test_what_may_be_something_else_is_left_alone(text: str) -> None:
    assert _heard(text) == {}


def test_money_is_no_pin_and_a_sure_wish_is_no_question() -> None:
    amount = {"entity": "amount", "value": 150000, "start": 17, "end": 27}
    assert "secret" not in _heard("case 20000006 for 150000 kip", entities=[amount])
    for intent in ("complaint", "complaint_status/withdraw", "danger"):
        assert _heard("case 20000006 pin 123456", intent=intent) == {}


def test_what_another_form_asks_for_is_its_own() -> None:
    state = TrackerState(
        contact_id="me", forms=[FormFrame(name="complaint_form", requested="complaint_text")]
    )
    parsed = _parsed("20000006 123456")
    assert heard(parsed, state) is parsed


_GUESSES: Sequence[Sequence[str]] = (
    [PIN],
    ["111111", PIN],
    ["111111", "111112", "111113", "111114", PIN],
    ["111111", "111112", "111113", "111114", "111115", PIN],
)


@pytest.mark.parametrize("guesses", _GUESSES, ids=lambda each: str(len(each)))
@pytest.mark.parametrize("number", [OTHERS, NOBODYS])
@pytest.mark.parametrize("applications", [{}, {"4471": {"phone": "other"}}], ids=["no register", "register"])
async def test_one_message_tells_and_counts_what_two_do(
    worlds: Mapping[str, World], guesses: Sequence[str], number: str, applications: Mapping[str, Any]
) -> None:
    transcript = {
        "channel": "sms",
        "cases": {OTHERS: {"filed_by": "somebody", "state": "received"}},
        "applications": applications,
    }
    heard_in = []
    for together in (False, True):
        talk, told = worlds["lao"].begin(transcript), []
        for guess in guesses:
            asked = bool(talk.state.form)
            if not (together or asked):
                await talk.say({"user": number})
            # What was refused at the number has ended the question.
            if together or talk.state.form:
                said = await talk.say({"user": f"{number} {guess}" if together else guess})
            told.append([each.key for each in said.turn.responses if each.key != "utter_stuck"])
        heard_in.append((told, +talk.cases.guesses.wrong, bool(talk.state.slots.get("verified"))))
    assert heard_in[0] == heard_in[1]


@pytest.mark.parametrize("pin", [PIN, "654321"])
@pytest.mark.parametrize(
    "words",
    [
        "20000006 {}",
        "ref 20000006, {}",
        "ເລກ 20000006 ລະຫັດ {}",
        "PP-2026/00123 pin {}",
        "my passport PP-2026/00123 pin {} is late",
        "my pin is {}",
        "status of complaint 20000006 pin {} and how much is a passport",
    ],
)
async def test_the_secret_is_kept_nowhere_but_in_what_was_said(
    worlds: Mapping[str, World], words: str, pin: str
) -> None:
    text = words.format(pin)
    transcript = {
        "channel": "sms",
        "cases": {OTHERS: {"filed_by": "somebody", "state": "received"}},
        "applications": {"PP-2026/00123": {"phone": "other"}},
    }
    talk = worlds["lao"].begin(transcript)
    turn = (await talk.say({"user": text})).turn
    state = turn.state
    kept = [state.slots, state.last_wish, state.said, state.choices, state.later, turn.effects]
    assert pin not in str(kept)
    assert pin not in str([each.get("parse_data") for each in state.events])
    # So that the words are not among those that staff read because they were not understood.
    assert turn.wish["text"] != text
    assert pin not in turn.wish["text"]
