"""The door in: what happens to a request before and after its channel reads it."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest
import structlog
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MalformedUrn
from bot.messages import InboundMessage, OutboundMessage
from bot.urns import Urn
from channels.base import RawRequest
from channels.errors import NotAuthentic
from channels.intake import TEXT_LIMIT, readable
from tests.channels.harness import Edge, fetch
from tests.channels.providers.kannel import KannelCaller
from tests.channels.providers.twilio import TwilioCaller
from tests.channels.providers.web import WebCaller
from tests.pinned import START
from tests.servers.kannel import KEY

SESSION = "0123456789abcdef0123456789abcdef"
HELLO = {"form": {"MessageSid": "SM1", "From": "+8562055512345", "Body": "hello"}}
HELLO_PAGE = b'{"session": "%s", "id": "1", "text": "hello"}' % SESSION.encode()
JSON = {"Content-Type": "application/json"}


def packed(body: bytes) -> bytes:
    """In gzip without the time of packing, so that every worker collects the same test."""
    return gzip.compress(body, mtime=0)


@pytest.fixture
async def address(web_caller: WebCaller) -> str:
    """Where the web channel's messages go."""
    edge = web_caller.edge
    await edge.listen(edge.door(body_limit=2048, read_seconds=0.1).routes())
    return f"{edge.url}/channels/web/messages"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/channels/nobody/messages", 404),
        ("POST", "/channels/nobody/messages", 404),
        ("POST", "/channels/web/status", 404),
        ("POST", "/channels/web/ussd", 404),
        ("GET", "/channels/web/messages", 405),
        ("PUT", "/channels/web/messages", 405),
        ("POST", "/channels/web/..%2Fweb/messages", 404),
    ],
)
async def test_what_no_channel_serves(
    web_caller: WebCaller, session: ClientSession, method: str, path: str, status: int
) -> None:
    edge = web_caller.edge
    await edge.listen(edge.door().routes())
    assert (await fetch(session, method, edge.url + path))[0] == status


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", packed(b'{"session": "x"}'), 400),
        ("gzip", b"not gzip at all", 400),
        ("gzip", packed(b"x" * 100)[:-10], 400),
        ("deflate", zlib.compress(b"{}")[:-4], 400),
        ("gzip", packed(b" " * 50_000_000), 413),
        ("deflate", zlib.compress(b" " * 2049), 413),
        ("deflate", zlib.compress(b" " * 2048), 400),
        ("gzip", packed(HELLO_PAGE), 200),
        ("deflate", zlib.compress(HELLO_PAGE), 200),
        ("deflate", zlib.compress(HELLO_PAGE, wbits=-15), 200),
        ("identity", HELLO_PAGE, 200),
        ("br", b"\x00\xff", 415),
        ("gzip, gzip", b"", 415),
        ("rot13", b"{}", 415),
    ],
)
async def test_encodings(
    address: str, session: ClientSession, encoding: str, body: bytes, status: int
) -> None:
    headers = {**JSON, "Content-Encoding": encoding}
    assert (await fetch(session, "POST", address, data=body, headers=headers))[0] == status


async def test_a_body_that_is_too_long(address: str, session: ClientSession) -> None:
    status, _, body = await fetch(session, "POST", address, data=b"x" * 3000, headers=JSON)
    assert (status, body) == (413, b'{"error": "too_large"}')


async def test_a_body_that_is_too_slow(address: str, edge: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    head = f"POST {address} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    writer.write(head.encode())
    assert b"408" in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_store_that_is_away_is_503_and_healed_by_the_next_try(
    edge: Edge, twilio_caller: TwilioCaller
) -> None:
    await edge.listen(edge.door().routes())
    edge.pipeline.away = True
    status, headers, _ = await twilio_caller.call(HELLO)
    assert (status, headers["Retry-After"]) == (503, "1")
    edge.pipeline.away = False
    assert (await twilio_caller.call(HELLO))[0] == 200
    assert [message.text for message in edge.pipeline.messages] == ["hello"]


async def test_the_public_address_is_signed_whatever_the_host_header_says(
    edge: Edge, twilio_caller: TwilioCaller
) -> None:
    await edge.listen(edge.door().routes())
    forwarded = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert (await twilio_caller.call({**HELLO, "headers": forwarded}))[0] == 200


async def test_conversations_that_write_too_much_are_slowed(edge: Edge, web_caller: WebCaller) -> None:
    await edge.listen(edge.door().routes())
    for number in range(30):
        assert (await web_caller.call({"json": {"session": SESSION, "id": f"{number}", "text": "x"}}))[
            0
        ] == 200
    status, headers, _ = await web_caller.call({"json": {"session": SESSION, "id": "a", "text": "x"}})
    assert (status, int(headers["Retry-After"]) > 0) == (429, True)
    other = SESSION.replace("0", "1")
    assert (await web_caller.call({"json": {"session": other, "id": "a", "text": "x"}}))[0] == 200


async def test_inline_replies_are_in_the_answer(edge: Edge, web_caller: WebCaller) -> None:
    urn = Urn("web", "x")
    reply = OutboundMessage(id="1", channel="web", urn=urn, text="ສະບາຍດີ", cause="", created_at=START)
    edge.pipeline.replies = (reply,)
    await edge.listen(edge.door().routes())
    _, headers, body = await web_caller.call({"json": {"session": SESSION, "id": "a", "text": "x"}})
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert "ສະບາຍດີ" in body.decode()


@pytest.mark.parametrize(
    ("remote", "listed"), [("127.0.0.1", True), ("10.0.0.1", False), ("", False), ("::1", False)]
)
def test_only_listed_addresses_may_call(kannel_caller: KannelCaller, remote: str, listed: bool) -> None:
    request = RawRequest(
        method="GET", path="/channels/x/messages", query_string=f"key={KEY}", headers={}, remote=remote
    )
    channel = kannel_caller.edge.channels["kannel"]
    if listed:
        channel.verify(request)
        return
    with pytest.raises(NotAuthentic):
        channel.verify(request)


async def test_logs_hold_no_body_no_address_and_no_key(edge: Edge, kannel_caller: KannelCaller) -> None:
    await edge.listen(edge.door().routes())
    with structlog.testing.capture_logs() as logs:
        await kannel_caller.call({"query": "from=%2B8562055512345&text=secretwords&id=1"})
        await kannel_caller.call({"key": "wrongkey", "query": "from=%2B8562055512345&text=secretwords&id=1"})
        await kannel_caller.call({"query": "text=secretwords&id=1"})
    assert len(logs) == 2
    for secret in (KEY, "wrongkey", "secretwords", "8562055512345"):
        assert secret not in str(logs)


ANY = st.text(st.characters(), max_size=20)


@given(st.text(st.characters(), max_size=200), ANY, ANY, ANY)
def test_whatever_is_written_can_be_stored(text: str, payload: str, recipient: str, language: str) -> None:
    message = InboundMessage(
        channel="x",
        external_id="1",
        urn=Urn("tel", "1"),
        text=text,
        payload=payload,
        recipient=recipient,
        language=language,
        received_at=START,
    )
    cleaned = readable(message)
    stored = cleaned.text + cleaned.payload + cleaned.recipient + cleaned.language
    assert "\0" not in stored
    stored.encode()


@pytest.mark.parametrize("address", ["", "x" * 256, "\0", "a\nb", "\ud800", "\u202e1500", "\u200b"])
def test_an_address_that_cannot_be_seen_or_stored_is_nobodys(address: str) -> None:
    with pytest.raises(MalformedUrn):
        Urn("line", address)


@pytest.mark.parametrize(
    ("address", "phone"),
    [
        ("+8562055512345", "+8562055512345"),
        ("+85620 555", ""),
        ("+Lottery", ""),
        ("+1", ""),
        ("8562055512345", ""),
        ("1500", ""),
    ],
)
def test_only_a_number_in_full_is_a_phone(address: str, phone: str) -> None:
    assert Urn("tel", address).phone == phone


def test_only_so_much_is_read() -> None:
    message = InboundMessage(
        channel="x", external_id="1", urn=Urn("tel", "1"), text="ກຳ " * 9000, received_at=START
    )
    assert TEXT_LIMIT - 8 <= len(readable(message).text) <= TEXT_LIMIT
