"""`POST /actions`: rasa-sdk's contract, behind a token, with every effect once."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, ActionExecutionRejection, Tracker
from rasa_sdk.types import DomainDict
from sqlalchemy import insert, select
from yarl import URL

from bot.clock import Chance, Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.dispatcher import TurnDispatcher
from bot.effects import EffectContext, Effects
from bot.errors import Duplicate
from bot.schema import meta
from tests.servers.ports import free_port
from web.actions import routes
from web.server import Server

TOKEN = "a-token-of-the-tests"
TRACKER = {"sender_id": "anna", "slots": {}, "latest_message": {"message_id": "m1"}, "events": []}


class Noted(Action):
    def name(self) -> str:
        return "action_noted"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del domain
        assert isinstance(dispatcher, TurnDispatcher)
        dispatcher.effect("note")
        dispatcher.utter_message(response="utter_noted", who=tracker.sender_id)
        return [{"event": "slot", "name": "noted", "value": True}]


class Tells(Action):
    def name(self) -> str:
        return "action_tells"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        latest = tracker.latest_message
        dispatcher.utter_message(
            response="utter_told",
            buttons=[
                {"title": "Why", "payload": "/help/privacy"},
                {"title": "My phone", "payload": "/help/shared_phone", "shares_phone": "yes"},
            ],
            lines=["one", "two"],
        )
        return [
            {
                "intent": latest["intent"]["name"],
                "closer": latest["intent_response_key"],
                "ranking": [each["name"] for each in latest["intent_ranking"]],
                "said": [event.get("text") for event in tracker.events],
                "entities": [each["value"] for each in latest["entities"]],
                "service": tracker.slots.get("service"),
                "domain": domain,
            }
        ]


class Rejects(Action):
    def name(self) -> str:
        return "action_rejects"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[Any]:
        del dispatcher, tracker, domain
        raise ActionExecutionRejection(self.name())


def write_note(effect: str, context: EffectContext, writes: WriteSet) -> None:
    row = {"key": context.cause[:60], "value": effect}
    writes.add(insert(meta), row, rows=1, otherwise=Duplicate)


@pytest.fixture
async def url(db: Database, vault: Vault, clock: Clock, chance: Chance) -> AsyncIterator[str]:
    effects = Effects(writers={str: write_note}, db=db, vault=vault, clock=clock, chance=chance)
    ours = cast("DomainDict", {"actions": ["action_tells"]})
    served: list[web.RouteDef] = routes(
        [Noted(), Tells(), Rejects()], TOKEN, db, vault, effects, ours, {"service": ["passport"]}
    )
    async with Server({"rasa": served}, https=False).listen("127.0.0.1", free_port()) as address:
        yield f"{address}/actions"


async def call(url: str, body: Any, token: str = TOKEN) -> tuple[int, Any]:
    async with (
        ClientSession() as session,
        session.post(
            url, data=BytesIO(json.dumps(body).encode()), headers={"Authorization": f"Bearer {token}"}
        ) as response,
    ):
        return response.status, await response.json()


async def test_an_action_answers_in_rasas_words_and_its_effect_is_stored_once(url: str, db: Database) -> None:
    status, answer = await call(url, {"next_action": "action_noted", "tracker": TRACKER})
    assert status == 200
    assert answer["events"] == [{"event": "slot", "name": "noted", "value": True}]
    assert (answer["responses"][0]["response"], answer["responses"][0]["who"]) == ("utter_noted", "anna")
    again = await call(url, {"next_action": "action_noted", "tracker": TRACKER})
    assert again[0] == 409
    assert len(await db.fetch(select(meta).where(meta.c.value == "note"))) == 1


async def test_an_action_is_told_in_our_names_and_answers_in_those_of_the_project(url: str) -> None:
    ranking = [
        {"name": "help__privacy", "confidence": 0.9},
        {"name": "help", "confidence": 0.1},
        {"name": "fee", "confidence": 0.0},
    ]
    said = [
        {"event": "user", "text": "who reads this"},
        {"event": "bot", "text": "Hello!", "metadata": {"utter_action": "utter_greet"}},
        {"event": "bot", "text": "Hm.", "metadata": {}},
        {"event": "slot", "name": "place", "value": None},
    ]
    named = [("service", "passport"), ("service", "pass"), ("province", "LA-VT")]
    latest = {
        "message_id": "m1",
        "intent": ranking[0],
        "intent_ranking": ranking,
        "text": "who reads this",
        "entities": [{"entity": entity, "value": value} for entity, value in named],
    }
    tracker = {**TRACKER, "latest_message": latest, "events": said, "slots": {"service": "pass"}}
    _, answer = await call(url, {"next_action": "action_tells", "tracker": tracker})
    assert answer["events"] == [
        {
            "intent": "help",
            "closer": "help/privacy",
            "ranking": ["help", "fee"],
            "said": ["who reads this", "utter_greet", "Hm."],
            "entities": ["passport", "LA-VT"],
            "service": None,
            "domain": {"actions": ["action_tells"]},
        }
    ]
    (told,) = answer["responses"]
    assert (told["response"], told["lines"]) == ("utter_told", "one\ntwo")
    assert told["buttons"] == [{"title": "Why", "payload": "/help__privacy"}]


async def test_a_long_conversation_is_no_reason_to_refuse_but_no_bound_is_one(url: str) -> None:
    said = [{"event": "user", "text": "x" * 1000}] * 1000
    tracker = {**TRACKER, "sender_id": "berta", "events": said}
    assert (await call(url, {"next_action": "action_noted", "tracker": tracker}))[0] == 200
    assert (await call(url, {"next_action": "action_noted", "tracker": {**tracker, "events": said * 5}}))[
        0
    ] == 413


@pytest.mark.parametrize(
    ("body", "token", "status"),
    [
        ({"next_action": "action_noted", "tracker": TRACKER}, "wrong", 401),
        ({"next_action": "action_noted", "tracker": TRACKER}, "", 401),
        ({"next_action": "action_unknown", "tracker": TRACKER}, TOKEN, 404),
        ({"next_action": "action_rejects", "tracker": TRACKER}, TOKEN, 400),
        ({"tracker": TRACKER}, TOKEN, 400),
        ({"next_action": "action_noted", "tracker": "x"}, TOKEN, 400),
        ({"next_action": "action_noted", "tracker": {}}, TOKEN, 400),
        ([1, 2], TOKEN, 400),
    ],
)
async def test_what_is_no_call_of_a_rasa_server_is_refused(
    url: str, body: Any, token: str, status: int
) -> None:
    found, answer = await call(url, body, token)
    assert found == status
    assert "anna" not in str(answer)


async def test_a_token_of_any_bytes_is_refused(url: str) -> None:
    address = URL(url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    lines = (
        b"POST /actions HTTP/1.1",
        b"Host: x",
        b"Authorization: Bearer \xff",
        b"Connection: close",
        b"",
        b"",
    )
    writer.write(b"\r\n".join(lines))
    assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()
    await writer.wait_closed()


def test_without_a_token_there_is_no_route(db: Database, vault: Vault, clock: Clock, chance: Chance) -> None:
    effects = Effects(writers={}, db=db, vault=vault, clock=clock, chance=chance)
    assert routes([Noted()], "", db, vault, effects) == []


async def test_a_call_may_come_packed(url: str) -> None:
    """Rasa's COMPRESS_ACTION_SERVER_REQUEST."""
    body = json.dumps({"next_action": "action_noted", "tracker": TRACKER}).encode()
    for sent, status in (
        (zlib.compress(body), 200),
        (b"nothing packed", 400),
        (zlib.compress(bytes(40_000_000)), 400),
    ):
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": "deflate"}
        async with ClientSession() as session, session.post(url, data=sent, headers=headers) as response:
            assert response.status == status
