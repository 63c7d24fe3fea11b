"""A process that holds the link to an SMSC is killed under load: what it answered is kept, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.text.parts import count
from channels.smpp_text import Place, header
from tests.servers.rust_smsc import Brought, RustSmsc
from tests.servers.smsc import PASSWORD, SYSTEM_ID
from tests.servers.twilio import TwilioServer
from tests.system.server import PatouServer, Setup, until

MESSAGES, KILLS = 60, 2
_SECTION = """[channels.operator]
kind = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "{system_id}"
password = "env:OPERATOR_PASSWORD"
sender = "1500"
reconnect = 0.1
timeout = 5.0
"""


@pytest.fixture
async def smsc() -> AsyncIterator[RustSmsc]:
    server = RustSmsc()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def server(
    tmp_path: Path, trained: Path, session: ClientSession, twilio: TwilioServer, smsc: RustSmsc
) -> AsyncIterator[PatouServer]:
    """A server with a link."""
    channels = tmp_path / "smpp.toml"
    channels.write_text(_SECTION.format(port=smsc.port, system_id=SYSTEM_ID), "utf-8")
    environ = {"OPERATOR_PASSWORD": PASSWORD, "PATOU_CHANNELS": str(channels)}
    setup = Setup(folder=tmp_path, models=trained, twilio_url=twilio.url, environ=environ)
    server = PatouServer(setup, session)
    await server.start()
    yield server
    await server.close()


async def test_kills_lose_and_double_nothing(server: PatouServer, smsc: RustSmsc) -> None:
    texts = [f"how much is a passport, asks number {number}?" for number in range(MESSAGES)]
    people = [f"85620556{number:05}" for number in range(MESSAGES)]
    for kill in range(KILLS):
        share = slice(kill * MESSAGES // (KILLS + 1), (kill + 1) * MESSAGES // (KILLS + 1))
        before = smsc.answered
        smsc.bring(_brought(people[share], texts[share]))
        await until(lambda seen=before: _is(smsc.answered > seen + 3), "the first answers")  # type: ignore[misc]  # bound now
        await server.kill()
        await server.start()
    smsc.bring(_brought(people[KILLS * MESSAGES // (KILLS + 1) :], texts[KILLS * MESSAGES // (KILLS + 1) :]))
    await until(
        lambda: _is_settled(server), "everything to be answered and delivered", seconds=120, pause=1.0
    )
    inbox, outbox = await server.export("inbox"), await server.export("outbox")
    assert sorted(each["text"] for each in inbox) == sorted(texts)
    assert {each["state"] for each in outbox} == {"delivered"}
    expected = Counter({each["urn"].removeprefix("tel:+"): 0 for each in outbox})
    for each in outbox:
        expected[each["urn"].removeprefix("tel:+")] += count(each["text"])
    assert Counter(to for to, _ in smsc.taken) == expected
    assert set(expected) == set(people)


def _brought(people: Sequence[str], texts: Sequence[str]) -> list[Brought]:
    """Every third message in two parts, the last part first."""
    brought = []
    for number, (person, text) in enumerate(zip(people, texts, strict=True)):
        octets = text.encode()
        if number % 3:
            brought.append(Brought(source=person, to="1500", octets=octets))
            continue
        for place, part in ((1, octets[20:]), (0, octets[:20])):
            udh = header(Place(reference=number, number=place, total=2))
            brought.append(Brought(source=person, to="1500", octets=udh + part, fields={"esm_class": 0x40}))
    return brought


async def _is_settled(server: PatouServer) -> bool:
    inbox = await server.export("inbox")
    if len(inbox) < MESSAGES or {each["state"] for each in inbox} != {"done"}:
        return False
    return {each["state"] for each in await server.export("outbox")} == {"delivered"}


async def _is(condition: object) -> bool:
    await asyncio.sleep(0)
    return bool(condition)
