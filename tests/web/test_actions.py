"""`POST /actions`: rasa-sdk's contract, behind a token, with every effect once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

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
    served: list[web.RouteDef] = routes([Noted(), Rejects()], TOKEN, db, vault, effects)
    async with Server({"rasa": served}, https=False).listen("127.0.0.1", free_port()) as address:
        yield f"{address}/actions"


async def call(url: str, body: Any, token: str = TOKEN) -> tuple[int, Any]:
    async with (
        ClientSession() as session,
        session.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as response,
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
