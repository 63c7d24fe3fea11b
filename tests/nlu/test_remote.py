"""A Rasa server may judge what a message wants; its failures and inventions cost nothing but its judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.nlu.data import Entity
from bot.nlu.parse_data import Intent, ParseContext, ParseData
from bot.nlu.remote import RemoteInterpreter, Wanted
from tests.pinned import PinnedTime
from tests.servers.rasa import TOKEN, RasaServer, parsed

WANTED = Wanted(
    intents={"fee", "help", "help/privacy", "complaint", "unsubscribe"},
    values={"service": {"passport", "id-card"}},
    exact=lambda text, context: text == "STOP" and not context.expects,
)
ASKED = "how much for a passport"
PASSPORT = {"entity": "service", "value": "passport", "start": 15, "end": 23, "confidence_entity": 0.8}


class Ours:
    """Understands everything as a complaint."""

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        del context
        intent = Intent(name="complaint", confidence=0.6)
        return ParseData(
            text=text,
            language="en",
            intent=intent,
            intent_ranking=[intent],
            entities=[
                Entity(entity="service", value="id-card", start=0, end=1, confidence=1.0),
                Entity(entity="danger", value="fire", start=1, end=2, confidence=1.0),
            ],
            further=[],
        )


@dataclass(kw_only=True)
class Asked:
    """An interpreter over a server, and what it told of its questions."""

    server: RasaServer
    pinned: PinnedTime
    interpreter: RemoteInterpreter
    told: Counter[str] = field(default_factory=Counter)

    async def of(self, text: str = ASKED, answer: Any = None) -> ParseData:
        """What a text means, where the server answers so."""
        self.server.answers[text] = answer or parsed(("fee", 0.9), ("help__privacy", 0.1))
        return await self.interpreter.parse(text, ParseContext())


@pytest.fixture
async def asked(pinned: PinnedTime) -> AsyncIterator[Asked]:
    server, told = RasaServer(), Counter[str]()
    await server.start()
    async with ClientSession() as session:
        interpreter = RemoteInterpreter(
            Ours(),
            session,
            url=server.url,
            token=TOKEN,
            seconds=0.3,
            wanted=WANTED,
            clock=pinned.clock,
            told=lambda outcome: told.update([outcome]),
        )
        yield Asked(server=server, pinned=pinned, interpreter=interpreter, told=told)
    await server.stop()


async def test_the_server_judges_the_intent_and_ours_is_all_else(asked: Asked) -> None:
    found = await asked.of()
    assert found["intent"] == {"name": "fee", "confidence": 0.9}
    assert found["intent_ranking"] == [found["intent"], {"name": "help", "confidence": 0.1}]
    assert (found["language"], [each["entity"] for each in found["entities"]]) == (
        "en",
        ["service", "danger"],
    )
    assert "intent_response_key" not in found
    assert "further" not in found
    assert asked.told == {"ok": 1}
    assert asked.server.messages == [{"text": ASKED}]


async def test_its_entities_take_the_place_of_ours_where_their_value_is_one(asked: Asked) -> None:
    found = await asked.of(answer=parsed(("fee", 0.9), entities=[PASSPORT]))
    services = [each for each in found["entities"] if each["entity"] == "service"]
    assert services == [Entity(entity="service", value="passport", start=15, end=23, confidence=0.8)]
    assert [each["entity"] for each in found["entities"]] == ["danger", "service"]
    invented = {**PASSPORT, "value": "a ticket to the moon"}
    found = await asked.of(answer=parsed(("fee", 0.9), entities=[invented]))
    assert [each["value"] for each in found["entities"]] == ["id-card", "fire"]


async def test_a_closer_intent_counts_for_what_it_is_a_kind_of(asked: Asked) -> None:
    found = await asked.of(answer=parsed(("help__privacy", 0.4), ("fee", 0.35), ("help", 0.25)))
    assert found["intent"] == {"name": "help", "confidence": 0.65}
    assert found["intent_response_key"] == "help/privacy"


async def test_what_it_is_not_sure_of_is_told_with_its_low_confidence(asked: Asked) -> None:
    found = await asked.of(answer=parsed(("nlu_fallback", 0.5), ("fee", 0.3), ("complaint", 0.2)))
    assert found["intent"] == {"name": "fee", "confidence": 0.3}


@pytest.mark.parametrize(
    "text", ["STOP", "10000004", "໑໒ ໓", "", '/complaint{"service": "passport"}', " /fee"]
)
async def test_what_is_exact_is_not_asked(asked: Asked, text: str) -> None:
    await asked.of(text)
    assert asked.server.messages == []
    assert asked.told == {}


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (409, "http_409"),
        (500, "http_500"),
        (302, "http_302"),
        ("hang", "timeout"),
        ("lose", "no_connection"),
        ("garbage", "no_parse_data"),
        ("endless", "no_parse_data"),
    ],
)
async def test_a_failure_leaves_ours_and_a_pause(asked: Asked, outcome: str | int, reason: str) -> None:
    asked.server.plan.append(outcome)
    assert (await asked.of())["intent"]["name"] == "complaint"
    assert (await asked.of())["intent"]["name"] == "complaint"
    assert (asked.told, len(asked.server.messages)) == ({reason: 1}, 1)
    asked.pinned.advance(6)
    assert (await asked.of())["intent"]["name"] == "fee"


async def test_a_server_that_is_not_there_leaves_ours(asked: Asked) -> None:
    await asked.server.stop()
    assert (await asked.of())["intent"]["name"] == "complaint"
    assert asked.told == {"no_connection": 1}
    await asked.server.start()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (parsed(("order_pizza", 0.9)), "unknown_intent"),
        (parsed(("nlu_fallback", 0.9), ("order_pizza", 0.1)), "unknown_intent"),
        (parsed(("fee", 1.5)), "no_parse_data"),
        (parsed(("fee", float("nan"))), "no_parse_data"),
        (parsed(("fee", 0.9), entities=[{**PASSPORT, "end": 99}]), "no_parse_data"),
        (parsed(("fee", 0.9), entities=[{"entity": "service"}]), "no_parse_data"),
        ({"intent": None}, "no_parse_data"),
        ({"intent": {"name": 5, "confidence": 0.9}}, "no_parse_data"),
        ([1], "no_parse_data"),
        ("fee", "no_parse_data"),
    ],
)
async def test_an_answer_that_is_none_is_refused(asked: Asked, answer: Any, reason: str) -> None:
    assert (await asked.of(answer=answer))["intent"]["name"] == "complaint"
    assert asked.told == {reason: 1}
