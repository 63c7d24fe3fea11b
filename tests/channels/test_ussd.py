"""USSD: every dialect as its gateway plays it, what a section may change, hostile XML, and what screens are made of."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigurationError
from bot.messages import InboundMessage, OutboundMessage, SessionEvent
from bot.text.gsm import is_gsm
from bot.yaml_read import read_yaml
from channels import ussd
from channels.config import ChannelConfig, load_channels
from channels.errors import Malformed
from channels.ussd_calls import typed_ahead
from channels.ussd_dialect import dialects
from channels.ussd_screens import in_gsm
from channels.ussd_xml import read_call
from tests.channels.harness import Edge, Handled, Recorder
from tests.channels.providers.ussd import connect
from tests.servers.ussd import GATEWAYS, Airtel, Mtn, Vodacom
from tests.servers.ussd_gateway import CODE, KEY, Call, Gateway
from tests.servers.ussd_json import Infobip

CASES = read_yaml(Path(__file__).with_name("ussd_cases.yml"))
# These gateways tell nothing of what was typed behind the code.
SILENT = {"beem"}


class Echo(Recorder):
    """A conversation whose screens say what came; "bye" ends it."""

    async def accept(self, message: InboundMessage) -> Handled:
        """See `Recorder.accept`."""
        handled = await super().accept(message)
        if message.session is SessionEvent.END:
            return Handled(kind=handled.kind)
        screen = OutboundMessage(
            id="0" * 26,
            channel=message.channel,
            urn=message.urn,
            text=f"{message.session}\n<{message.text}>",
            cause=message.key,
            created_at=message.received_at,
            session_end=message.text.endswith("bye"),
        )
        return Handled(kind=handled.kind, messages=(screen,))


@pytest.fixture
async def gateways(edge: Edge, session: ClientSession) -> AsyncIterator[Callable[[str], Gateway]]:
    """Makes sessions at the gateway of a dialect."""
    edge.pipeline = Echo()
    async with connect(edge, session):
        await edge.listen(edge.door().routes())
        numbers = iter(range(1_000))

        def gateway(dialect: str) -> Gateway:
            own = dialect == "africastalking"
            url = f"{edge.url}/channels/{'ussd' if own else f'ussd-{dialect}'}/ussd"
            return GATEWAYS[dialect](url, session, f"s{next(numbers)}", lao=own)

        yield gateway


def test_every_ready_dialect_is_played() -> None:
    assert set(dialects()) == set(GATEWAYS)


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_a_session(dialect: str, gateways: Callable[[str], Gateway], edge: Edge) -> None:
    gateway = gateways(dialect)
    accumulates = dialect == "africastalking"
    assert (await gateway.dial()).text == "new\n<>"
    assert (await gateway.answer("2")).text == "continue\n<2>"
    assert (await gateway.answer("1*1")).text == f"continue\n<{'2*' * accumulates}1*1>"
    last = await gateway.answer("ສະບາຍດີ bye")
    assert last.ends
    taken = edge.pipeline.messages
    assert {str(each.urn) for each in taken} == {"tel:+8562055512345"}
    assert len({each.session_id for each in taken}) == 1
    assert [each.accumulated for each in taken] == [False] + [accumulates] * 3
    assert taken[-1].text.endswith("ສະບາຍດີ bye")


@pytest.mark.parametrize("dialect", sorted(GATEWAYS.keys() - SILENT))
async def test_what_is_typed_behind_the_code(dialect: str, gateways: Callable[[str], Gateway]) -> None:
    gateway = gateways(dialect)
    event = "continue" if dialect == "africastalking" else "new"
    assert (await gateway.dial("*384*123*3*12345678#")).text == f"{event}\n<3*12345678>"


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_a_call_that_comes_again_is_the_same_message(
    dialect: str, gateways: Callable[[str], Gateway], edge: Edge
) -> None:
    gateway = gateways(dialect)
    assert await gateway.dial() == await gateway.again()
    assert await gateway.answer("2") == await gateway.again()
    assert len(edge.pipeline.messages) == 2


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_an_answer_without_a_dialling(dialect: str, gateways: Callable[[str], Gateway]) -> None:
    assert (await gateways(dialect).answer("7")).text == "continue\n<7>"


@pytest.mark.parametrize("dialect", [name for name, each in GATEWAYS.items() if each.has_hang_up])
async def test_a_session_that_is_over(dialect: str, gateways: Callable[[str], Gateway], edge: Edge) -> None:
    gateway = gateways(dialect)
    await gateway.dial()
    answer = await gateway.hang_up()
    assert answer.status == 200
    (_, *ends) = edge.pipeline.messages
    # Infobip does not say whose session it was.
    assert [(each.session, each.session_id, each.text) for each in ends] == (
        [] if dialect == "infobip" else [(SessionEvent.END, edge.pipeline.messages[0].session_id, "")]
    )


async def test_infobip_asks_after_a_session(gateways: Callable[[str], Gateway], edge: Edge) -> None:
    gateway = gateways("infobip")
    assert isinstance(gateway, Infobip)
    assert b'"sessionActive": true' in (await gateway.make(gateway.status())).body
    assert edge.pipeline.messages == []


async def test_infobip_keeps_a_session_open_after_its_first_screen(
    gateways: Callable[[str], Gateway],
) -> None:
    assert not (await gateways("infobip").dial("*384*123*bye#")).ends


async def test_vodacom_is_told_where_to_bring_an_answer(gateways: Callable[[str], Gateway]) -> None:
    gateway = gateways("vodacom")
    assert isinstance(gateway, Vodacom)
    await gateway.dial()
    assert gateway.keyed == {"key": KEY}


async def test_a_store_that_is_away_is_no_session(gateways: Callable[[str], Gateway], edge: Edge) -> None:
    edge.pipeline.away = True
    gateway = gateways("airtel")
    assert isinstance(gateway, Airtel)
    assert (await gateway.make(gateway.first())).status == 503


@pytest.mark.parametrize("case", CASES["hostile"], ids=lambda case: case["name"])
async def test_hostile_xml(case: dict[str, str], gateways: Callable[[str], Gateway], edge: Edge) -> None:
    gateway = gateways("mtn")
    assert isinstance(gateway, Mtn)
    body = case["xml"] * int(case.get("times", 1)) + case.get("behind", "")
    answer = await gateway.make(Call(body=body.encode(case.get("charset", "utf-8")), content_type="text/xml"))
    assert answer.status == 200
    assert f"<string>{case['reason']}</string>" in answer.body.decode()
    assert edge.pipeline.messages == []


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_call(body)


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["says"])
def test_a_mapping_that_is_wrong_is_refused_with_its_field(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "channels.toml"
    section = ["[channels.menu]", 'kind = "ussd"', 'key = "env:KEY"', *case["toml"]]
    path.write_text("\n".join(section), "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_channels(path, {"KEY": "k"})
    assert str(refused.value).startswith(f"channels.menu.{case['says']}")


async def test_a_gateway_that_nobody_has_written_down(
    edge: Edge, session: ClientSession, tmp_path: Path
) -> None:
    """Everything is told in the section: Lao in, Lao out, another charset, a number of the call."""
    path = tmp_path / "channels.toml"
    path.write_text(CASES["own"], "utf-8")
    (config, _) = load_channels(path, {"KEY": KEY})
    edge.pipeline = Echo()
    edge.channels["menu"] = ussd.build(config, edge.wiring(session))
    await edge.listen(edge.door().routes())
    query = {"key": KEY, "sid": "1", "from": "8562055512345", "said": "ສະບາຍດີ", "n": "7", "kind": "go"}
    async with session.get(f"{edge.url}/channels/menu/ussd", params=query) as response:
        assert (await response.text(), response.headers["X-State"]) == ("more|continue\n<ສະບາຍດີ>", "more")
    (message,) = edge.pipeline.messages
    assert (message.external_id, message.session_id) == ("7", "1")
    assert edge.channels["menu"].capabilities.max_units == 60


async def test_a_gateway_with_letters_of_its_own(edge: Edge, session: ClientSession) -> None:
    """Words come and go in the charset of the gateway, and the answer says so."""
    settings = ussd.Settings(dialect="africastalking", key=KEY, charset="iso-8859-1")
    edge.pipeline = Echo()
    edge.channels["ussd"] = ussd.build(
        ChannelConfig(name="ussd", kind="ussd", settings=settings), edge.wiring(session)
    )
    await edge.listen(edge.door().routes())
    form = b"sessionId=1&phoneNumber=8562055512345&serviceCode=1&text=%e9t%e9+%80"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{edge.url}/channels/ussd/ussd?key={KEY}"
    async with session.post(url, data=form, headers=headers) as response:
        assert response.headers["Content-Type"] == "text/plain; charset=iso-8859-1"
        assert await response.read() == b"CON continue\n<\xe9t\xe9 >"


@pytest.mark.parametrize("dialect", GATEWAYS)
async def test_calls_changed_a_little(dialect: str, gateways: Callable[[str], Gateway], edge: Edge) -> None:
    """Whatever comes is read, refused by name, or a session that can be stored; never a fault."""
    gateway = gateways(dialect)
    random_ = random.Random(dialect)  # noqa: S311 (it must repeat itself)
    calls = [gateway.first(), gateway.next("1"), *([gateway.end()] if gateway.has_hang_up else [])]
    statuses = set()
    for _ in range(300):
        call = random_.choice(calls)
        query = {name: _changed(value, random_) for name, value in call.query.items()}
        body = _changed(call.body.decode(), random_).encode("utf-8", "surrogatepass")
        answer = await gateway.make(replace(call, query=query, body=body if call.body else b""))
        statuses.add(answer.status)
    assert statuses <= {200, 400, 403}
    assert edge.pipeline.messages
    assert all(
        0 < len(each.session_id) <= 120 and each.session_id.isascii() for each in edge.pipeline.messages
    )


def _changed(text: str, random_: random.Random) -> str:
    """The text with nothing changed, or one sign of it."""
    at = random_.randrange(len(text) + 1)
    odd = random_.choice(
        ("", "", "", "\0", "*", "#", "&", "=", "%", "%ff", '"', "{", "<", "é", "ສ", "x" * 300)
    )
    return text[:at] + odd + text[at + bool(odd) :]


def test_members_of_a_ready_dialect_are_changed_one_by_one() -> None:
    changed = ussd.Settings(
        dialect="hubtel", key=KEY, fields={"session": "sid", "hop": ""}, screen={"Label": ""}, ends="stop"
    ).spoken()
    ready = ussd.Settings(dialect="hubtel", key=KEY).spoken()
    assert ready.fields.keys() - changed.fields.keys() == {"hop"}
    assert changed.fields["session"] == "sid"
    assert changed.screen.keys() == ready.screen.keys() - {"Label"}
    assert (changed.ends, changed.goes_on) == ("stop", ready.goes_on)


@pytest.mark.parametrize("case", CASES["dialled"], ids=lambda case: case["text"])
def test_dial_strings(case: dict[str, Any]) -> None:
    assert typed_ahead(case["text"], case.get("codes", [CODE])) == case["behind"]


@given(st.lists(st.text("0123456789", min_size=1), max_size=5))
def test_what_is_typed_behind_a_code_comes_back_whole(typed: list[str]) -> None:
    behind = "*".join(typed)
    assert typed_ahead(f"*384*123{'*' * bool(typed)}{behind}#", [CODE]) == behind


@given(st.text())
def test_nothing_but_gsm_goes_out(text: str) -> None:
    shown = in_gsm(text)
    assert is_gsm(shown)
    assert shown == text or not is_gsm(text)
