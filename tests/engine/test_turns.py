"""The engine's promises, turn by turn: rules, forms, interruptions, corrections, pauses, choices."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Action, ActionExecutionRejection, Tracker
from rasa_sdk.types import DomainDict

from bot.dispatcher import Response, TurnDispatcher
from bot.engine import Engine
from bot.messages import InboundMessage
from bot.parsed import certain
from bot.rules import Rules
from bot.trackers import TrackerState
from bot.turns import Turn
from bot.urns import Urn
from bot.yaml_read import read_yaml

HERE = Path(__file__).parent
CONVERSATIONS = read_yaml(HERE / "turns.yml")
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
# The SMS parts that a response costs, by language.
PARTS = {"lo": 1, "en": 2}
# The answers that some of the texts offer, as the pack would.
OFFERED = {
    "utter_ask_order_form_size": [
        {"title": "Large one", "payload": '/inform{"size": "large"}'},
        {"title": "Small one", "payload": '/inform{"size": "small"}'},
    ],
    "utter_ask_continue_or_restart": [
        {"title": "Continue", "payload": "/continue_session"},
        {"title": "Start again", "payload": "/restart_session"},
    ],
    "utter_ask_which_first": [
        {"title": "Price", "payload": "/price"},
        {"title": "Price for many", "payload": "/price/party"},
    ],
}


class Says(Action):
    """Says one text."""

    def __init__(self, name: str, key: str) -> None:
        self._name = name
        self._key = key

    def name(self) -> str:
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del tracker, domain
        dispatcher.utter_message(response=self._key)
        return []


class PlaceOrder(Action):
    def name(self) -> str:
        return "action_place_order"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del domain
        assert isinstance(dispatcher, TurnDispatcher)
        dispatcher.effect(f"{tracker.get_slot('dish')} {tracker.get_slot('size')}")
        dispatcher.utter_message(response="utter_ordered")
        return [SlotSet("dish", None), SlotSet("size", None)]


class OrderAgain(Action):
    def name(self) -> str:
        return "action_again"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del dispatcher, tracker, domain
        return [FollowupAction("order_form")]


class ChangeLanguage(Action):
    def name(self) -> str:
        return "action_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del domain
        dispatcher.utter_message(response="utter_language_changed")
        return [SlotSet("language", next(tracker.get_latest_entity_values("language")))]


class ValidateOrder(FormValidationAction):
    def name(self) -> str:
        return "validate_order_form"

    def validate_dish(self, value: str, dispatcher: TurnDispatcher, *_: object) -> dict[str, Any]:
        if value == "stones":
            dispatcher.utter_message(response="utter_no_such_dish")
            return {"dish": None}
        if value == "10000004":
            raise ActionExecutionRejection(self.name())
        return {"dish": value}

    def validate_size(self, value: str, *_: object) -> dict[str, Any]:
        return {"size": value}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(
        rules=Rules.load(HERE / "rules.yml"),
        actions=[
            Says("action_price", "utter_price"),
            Says("action_track", "utter_tracked"),
            PlaceOrder(),
            OrderAgain(),
            ChangeLanguage(),
            ValidateOrder(),
        ],
        languages=("lo", "en"),
        texts=("utter_ask_order_form_size", "utter_ask_dish", "utter_ask_number"),
        item_words=("ຂໍ້",),
        key=str.casefold,
        parts=lambda responses, language: PARTS[language] * len(responses),
    )


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda each: str(each["name"]))
async def test_a_conversation_goes_as_written(engine: Engine, conversation: dict[str, Any]) -> None:
    state, now = TrackerState(contact_id="c1"), START
    for number, step in enumerate(conversation["steps"]):
        now += timedelta(minutes=step.get("after", 1))
        turn = await engine.respond(state, _heard(step, number, now), _parsed(step))
        _check(turn, step)
        state = TrackerState.load(turn.state.dump(), version=number + 1)
        state.choices = [each for said in turn.responses for each in OFFERED.get(said.key, ())]


async def test_a_paused_conversation_is_heard_in_silence(engine: Engine) -> None:
    state = TrackerState(contact_id="c1", paused=True)
    turn = await engine.respond(
        state, _heard({"text": "hello"}, 0, START), _parsed({"text": "hello", "intent": "greet"})
    )
    assert turn.responses == ()
    assert turn.state.events[-1]["text"] == "hello"


async def test_the_system_may_begin_and_the_open_question_returns(engine: Engine) -> None:
    state = TrackerState(contact_id="c1")
    step = {"text": "I want food", "intent": "order"}
    turn = await engine.respond(state, _heard(step, 0, START), _parsed(step))
    turn = await engine.originate(turn.state, "price", {}, START)
    assert [each.key for each in turn.responses] == ["utter_price", "utter_ask_dish"]


async def test_no_more_than_fifty_events_are_kept(engine: Engine) -> None:
    state = TrackerState(contact_id="c1")
    step = {"text": "how much", "intent": "price"}
    for number in range(40):
        turn = await engine.respond(state, _heard(step, number, START), _parsed(step))
        state = TrackerState.load(turn.state.dump(), version=number)
    assert len(state.events) == 50


def test_a_response_is_remembered_whole() -> None:
    response = Response(key="utter_fee", values={"fee": "40"}, buttons=({"title": "A", "payload": "/a"},))
    assert Response.recall(response.record()) == response


def _heard(step: dict[str, Any], number: int, now: datetime) -> InboundMessage:
    return InboundMessage(
        channel="sms",
        external_id=str(number),
        urn=Urn("tel", "+8562055512345"),
        text=step["text"],
        received_at=now,
        payload=step.get("pressed", ""),
    )


def _parsed(step: dict[str, Any]) -> dict[str, Any]:
    entities = [
        {"entity": name, "value": value, "start": 0, "end": 0}
        for name, value in step.get("entities", {}).items()
    ]
    intent = {"name": step["intent"], "confidence": step.get("sure", 0.9)}
    return {
        "text": step["text"],
        "language": "lo",
        "intent": intent,
        "intent_ranking": [intent],
        "intent_response_key": step.get("closer", ""),
        "entities": entities,
        "further": [certain(wish, {}, "lo") for wish in step.get("further", ())],
    }


def _check(turn: Turn, step: dict[str, Any]) -> None:
    assert [response.key for response in turn.responses] == step["say"]
    assert list(turn.effects) == step.get("effects", [])
    for name, value in step.get("slots", {}).items():
        assert turn.state.slots.get(name) == value, name
    if "understood" in step:
        assert turn.understood is step["understood"]
