"""USSD over SMPP: sessions in three dialects, what was typed behind the code, and screens that are lost."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from channels.smpp_pdu import Message, Tag
from channels.smpp_text import DEFAULT, Alphabet, decode
from channels.smpp_ussd import Dialect
from tests.channels.harness import Edge
from tests.channels.providers.smpp import linked, outbound, settings_for
from tests.servers.smsc import Smsc
from tests.system.server import until


@pytest.mark.parametrize(
    ("dialect", "session_tag", "given", "echoed", "end", "code"),
    [
        ("standard", 0x1383, b"\x07\x02", (b"\x07\x02", b"\x07\x05"), 0x11, "*1500#"),
        ("6d", 0x1383, b"\x07\x02", (b"\x07\x02", b"\x07\x05"), 0x17, "*1500#"),
        ("mica", 0x0204, b"\x00\x09", (b"\x00\x09", b"\x00\x09"), 0x17, ""),
    ],
)
async def test_a_session_of_ussd(  # noqa: PLR0917 - the columns of the table
    dialect: str,
    session_tag: int,
    given: bytes,
    echoed: tuple[bytes, bytes],
    end: int,
    code: str,
    edge: Edge,
    session: ClientSession,
    smsc: Smsc,
) -> None:
    settings = settings_for(smsc.port, ussd=dialect, ussd_code=code)
    async with linked(edge, session, settings) as channel:
        assert (channel.capabilities.session, channel.capabilities.inline) == (True, True)
        edge.pipeline.replies = (outbound("1 ບໍລິການ", session_end=False),)
        op = 0x0501
        await smsc.deliver(b"*1500*3*12#", tlvs={op: b"\x01", session_tag: given}, service_type="USSD")
        edge.pipeline.messages.clear()
        edge.pipeline.replies = (outbound("Thanks", session_end=True),)
        following = given if session_tag == 0x0204 else b"\x07\x04"
        await until(lambda: _is(len(smsc.messages) == 1), "the first screen")
        await smsc.deliver(b"1", tlvs={op: b"\x12", session_tag: following}, service_type="USSD")
        await until(lambda: _is(len(smsc.messages) == 2), "the last screen")
        (reply,) = edge.pipeline.messages
        edge.pipeline.messages.clear()
        edge.pipeline.replies = ()
        await smsc.deliver(b"", tlvs={op: b"\x81", session_tag: given})
        (over,) = edge.pipeline.messages
    assert (reply.session, reply.text, reply.recipient) == ("continue", "1", code or "1500")
    assert (over.session, over.text, over.session_id) == ("end", "", reply.session_id)
    first, last = smsc.messages
    assert (first["text"], first["coding"], first["tlvs"]) == (
        "1 ບໍລິການ",
        8,
        {op: b"\x02", session_tag: echoed[0]},
    )
    assert (last["text"], last["coding"], last["tlvs"]) == (
        "Thanks",
        0,
        {op: bytes((end,)), session_tag: echoed[1]},
    )
    assert {(each["to"], each["service_type"]) for each in smsc.messages} == {("8562055512345", "USSD")}


@pytest.mark.parametrize(
    ("dialled", "code", "text"),
    [
        ("*1500#", "*1500#", ""),
        ("*1500*3*12345678#", "*1500#", "3*12345678"),
        ("*123*4*9#", "*123*4#", "9"),
        ("*1500*3#", "", "3"),
        ("*999#", "", ""),
        ("3*12", "", "3*12"),
    ],
)
async def test_what_was_typed_behind_the_code(
    dialled: str, code: str, text: str, edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    async with linked(edge, session, settings_for(smsc.port, ussd="standard", ussd_code=code)):
        await smsc.deliver(dialled.encode(), tlvs={0x0501: b"\x01"})
        await smsc.deliver(b"an ordinary message")
        await smsc.deliver(b"?", tlvs={0x0501: b"\x33"})
    (message,) = edge.pipeline.messages
    assert (message.session, message.text, message.session_id) == ("new", text, "+8562055512345")
    assert 'reason="no_hop"} 2.0' in edge.metrics.text().decode()


async def test_a_screen_that_does_not_get_there(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    smsc.plan.append(0x08)
    edge.pipeline.replies = (outbound("1 Services"),)
    async with linked(edge, session, settings_for(smsc.port, ussd="standard")):
        with capture_logs() as logs:
            assert await smsc.deliver(b"*1500#", tlvs={0x0501: b"\x01"}) == 0
            await until(lambda: _is(any(each["event"] == "smpp.screen_lost" for each in logs)), "its loss")
    assert [each["code"] for each in logs if each["event"] == "smpp.screen_lost"] == ["0x08"]


async def _is(condition: object) -> bool:
    return bool(condition)


@pytest.mark.parametrize("alphabet", ["gsm", "latin-1"])
def test_a_screen_of_accents_is_shown_to_its_last_line(alphabet: Alphabet) -> None:
    hop = Message(tlvs={int(Tag.USSD_SERVICE_OP): b"\x01"})
    text = "é" * 170 + "\n99 more"
    shown = Dialect("standard", {}, "", alphabet).screen(hop, text, end=False)
    assert decode(shown.octets, shown.data_coding, alphabet) == text


def test_a_gateway_without_ucs2_gets_letters_that_it_has() -> None:
    hop = Message(tlvs={int(Tag.USSD_SERVICE_OP): b"\x01"})
    shown = Dialect("standard", {}, "", "gsm", ucs2=False).screen(hop, "ő – ປ", end=True)
    assert (shown.data_coding, decode(shown.octets, shown.data_coding, "gsm")) == (DEFAULT, "o - ?")
