"""Every USSD gateway against the real server: menus, what is typed behind a code, calls that come again or too early."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.servers.twilio import TwilioServer
from tests.servers.ussd import GATEWAYS
from tests.servers.ussd_gateway import CODE, KEY, Gateway
from tests.system.server import PatouServer, Setup

Dial = Callable[..., Gateway]
STATUS, NOBODYS = "3", "12345678"
STORY = "the road at the market of Pakse is full of potholes since May"
# Whose screens hold Lao; the others show Lao in Latin letters.
LAO = frozenset({"hubtel", "africastalking"})
_SECTION = """[channels.{dialect}]
kind = "ussd"
dialect = "{dialect}"
codes = ["{code}"]
key = "env:USSD_KEY"
ucs2 = {lao}
"""
_REFERENCE = re.compile(r"\b([1-9][0-9]{3}) ([0-9]{4})\b")
_numbers = count(8562055600000)


@pytest.fixture(scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory, trained: Path, session: ClientSession, twilio: TwilioServer
) -> AsyncIterator[PatouServer]:
    """A server with a channel for each dialect."""
    folder = tmp_path_factory.mktemp("ussd")
    channels = folder / "ussd.toml"
    sections = (_SECTION.format(dialect=each, code=CODE, lao=str(each in LAO).lower()) for each in GATEWAYS)
    channels.write_text("\n".join(sections), "utf-8")
    environ = {"USSD_KEY": KEY, "PATOU_CHANNELS": str(channels)}
    server = PatouServer(
        Setup(folder=folder, models=trained, twilio_url=twilio.url, environ=environ), session
    )
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def phone(server: PatouServer, session: ClientSession) -> Dial:
    """A phone of somebody new at the gateway of a dialect, or that of the same person once more."""

    def phone(dialect: str, number: str = "") -> Gateway:
        own = next(_numbers)
        url = f"{server.url}/channels/{dialect}/ussd"
        return GATEWAYS[dialect](url, session, f"s{own}", number or str(own), lao=dialect in LAO)

    return phone


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_down_a_menu_and_up_again(dialect: str, phone: Dial) -> None:
    person = phone(dialect)
    menu = await person.dial()
    assert re.search("^1 ", menu.text, re.MULTILINE)
    services = await person.answer("1")
    assert services.text != menu.text
    assert await person.answer("0") == menu
    if person.has_hang_up:
        assert (await person.hang_up()).status == 200
    assert await phone(dialect, person.number).dial() == menu


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_a_call_that_comes_again_gets_the_same_screen(dialect: str, phone: Dial) -> None:
    person = phone(dialect)
    assert await person.dial() == await person.again()
    assert await person.answer("1") == await person.again()
    assert await person.answer("1") == await person.again()


@pytest.mark.parametrize("dialect", sorted(GATEWAYS.keys() - {"beem"}))
async def test_a_status_is_one_trip(dialect: str, phone: Dial) -> None:
    """What is dialled behind the code is answered as if it were typed, screen by screen."""
    slow = phone(dialect)
    for typed in (STATUS, NOBODYS):
        if not slow.screens:
            await slow.dial()
        await slow.answer(typed)
    fast = await phone(dialect).dial(f"*384*123*{STATUS}*{NOBODYS}#")
    assert fast.text == slow.screens[-1].text


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_an_answer_to_no_screen_begins_at_the_top(dialect: str, phone: Dial) -> None:
    top = await phone(dialect).dial()
    early = phone(dialect)
    shown = await early.answer("1")
    if dialect == "africastalking":
        # All that was typed comes with each call: nothing is missing.
        assert shown != top
    else:
        assert shown == top


async def test_a_complaint_is_filed_once_however_often_each_call_comes(
    phone: Dial, server: PatouServer
) -> None:
    told = {dialect: await _complain(phone(dialect)) for dialect in GATEWAYS}
    filed = [(each["channel"], each["reference"]) for each in await server.export("cases")]
    assert sorted(filed) == sorted(told.items())


async def _complain(person: Gateway) -> str:
    """The reference of a complaint, every call of which comes twice."""
    await person.dial()
    for typed in ("2", "1", STORY, "1"):
        assert await person.answer(typed) == await person.again()
    reference = _REFERENCE.search(person.screens[-1].text)
    assert reference is not None, person.screens
    return "".join(reference.groups())


async def test_a_call_that_is_malformed_leaves_nothing(server: PatouServer, session: ClientSession) -> None:
    url = f"{server.url}/channels/africastalking/ussd?key={KEY}"
    before = len(await server.export("inbox"))
    async with session.post(url, data={"sessionId": "m1", "phoneNumber": "+8562055699999"}) as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "missing_text"})
    assert len(await server.export("inbox")) == before
