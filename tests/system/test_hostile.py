"""What the internet sends: refused with the right status or answered helpfully, never lost, never told on."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from bot.rules import Rules
from bot.yaml_read import read_yaml
from tests.servers import kannel, twilio
from tests.system.canaries import files_below, found
from tests.system.mutations import PHONES as MUTATED_PHONES
from tests.system.mutations import Mutations, Request
from tests.system.phones import FORM, TwilioSide, fields_of, sid
from tests.system.raw import statuses
from tests.system.server import PatouServer, until

RULES = Path(__file__).parents[2] / "dialogs" / "rules"
TEXTS = read_yaml(Path(__file__).with_name("texts.yml"))
PHONE = "+8562055577001"
ALL_AT_ONCE = 25
COMES_AGAIN = 20  # times
MUTATIONS = 3_000
# Distinct questions that are each answered by one message.
QUESTIONS = [
    f"{wish} {service}"
    for wish in (
        "how much is",
        "what do I need for",
        "how long takes",
        "fee of",
        "papers for",
        "where to get",
    )
    for service in ("a passport", "an ID card", "the motorbike tax", "passport please", "id card please")
]


@pytest.fixture(scope="module", autouse=True)
async def still_well(server: PatouServer) -> AsyncIterator[None]:
    """After everything in this module: alive, ready, and nothing logged as a fault of ours."""
    yield
    assert await server.is_ready()
    faults = [each for each in server.log if each["level"] in ("error", "critical")]
    assert not faults, faults[:3]


def signed(side: TwilioSide, fields: dict[str, str]) -> dict[str, str]:
    return {"X-Twilio-Signature": side.provider.sign(side.url, fields)}


async def test_signatures_that_are_not_right(server: PatouServer, twilio_side: TwilioSide) -> None:
    """Nothing of a request that is not Twilio's is taken."""
    side, fields = twilio_side, fields_of(PHONE, "passport fee", sid())
    body = urlencode(fields).encode()
    right = side.provider.sign(side.url, fields)
    elsewhere = "https://patou.example/channels/twilio/messages"
    for headers in (
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "="},
        {"X-Twilio-Signature": right[:-4]},
        {"X-Twilio-Signature": right.swapcase()},
        {"X-Twilio-Signature": side.provider.sign(side.url, fields, "another token")},
        {"X-Twilio-Signature": side.provider.sign(side.url, fields, "")},
        {"X-Twilio-Signature": side.provider.sign(side.url, {**fields, "Body": "x"})},
        {"X-Twilio-Signature": side.provider.sign(side.url, {})},
        {"X-Twilio-Signature": side.provider.sign(side.url + "/", fields)},
        {"X-Twilio-Signature": side.provider.sign(elsewhere, fields), "Host": "patou.example"},
        {
            "X-Twilio-Signature": side.provider.sign(elsewhere, fields),
            "X-Forwarded-Host": "patou.example",
            "X-Forwarded-Proto": "https",
        },
        {
            "X-Twilio-Signature": side.provider.sign(side.url, fields, algorithm="HMAC_SHA256"),
            "X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256",
        },
    ):
        assert await side.send(body, headers) == 403, headers
    assert await side.send(body + b"&Body=more", {"X-Twilio-Signature": right}) == 400
    assert await side.send(body + b"&Other=1", {"X-Twilio-Signature": right}) == 403
    stored = [each["external_id"] for each in await server.export("inbox")]
    assert fields["MessageSid"] not in stored
    assert await side.send(body, {"X-Twilio-Signature": right}) == 200


async def test_forms_that_are_none(twilio_side: TwilioSide) -> None:
    side, fields = twilio_side, fields_of(PHONE, "passport fee", sid())
    headers, body = signed(side, fields), urlencode(fields).encode()
    bomb = gzip.compress(b"Body=" + b"a" * 50_000_000)
    for status, sent, more in (
        (400, b"Body=%ff%fe&From=%80", {}),
        (400, b"\xff\xfe\x00", {}),
        (400, urlencode({f"F{number}": "" for number in range(10_000)})[:60_000].encode(), {}),
        (400, gzip.compress(body)[:10] + b"\xff" * 20, {"Content-Encoding": "gzip"}),
        # What is there of a body that was cut off is not what was signed.
        (403, gzip.compress(body)[:-12], {"Content-Encoding": "gzip"}),
        (400, b"no gzip at all", {"Content-Encoding": "gzip"}),
        (413, bomb, {"Content-Encoding": "gzip"}),
        (413, b"a" * 1_000_000, {}),
        (413, urlencode({f"F{number}": "x" for number in range(10_000)}).encode(), {}),
        (415, body, {"Content-Encoding": "compress"}),
        (403, json.dumps(fields).encode(), {"Content-Type": "application/json"}),
        (200, gzip.compress(body), {"Content-Encoding": "gzip"}),
    ):
        assert await side.send(sent, {**headers, **more}) == status, (status, sent[:40], more)
    assert await side.post({}) == 400
    assert await side.post({"MessageSid": sid()}) == 400
    assert await side.post({**fields_of(PHONE, "hello", sid()), "From": ""}) == 400


async def test_events_that_are_not_for_us(server: PatouServer, twilio_side: TwilioSide) -> None:
    """Taken, ignored, counted: a provider that got an error would send them again and again."""
    status = f"{server.url}/channels/twilio/status?m={'0' * 26}"
    for fields in (
        {"MessageSid": sid(), "MessageStatus": "delivered"},
        {"MessageSid": sid(), "MessageStatus": "a status of next year"},
        {"MessageSid": sid(), "MessageStatus": "undelivered", "ErrorCode": "x" * 5000},
    ):
        assert await twilio_side.post(fields, status) == 200
    assert await twilio_side.post({**fields_of("tel:", "hello", sid()), "From": "tel:"}) == 200
    async with ClientSession() as client, client.get(f"{server.url}/metrics") as response:
        assert "ignored" in await response.text()


async def test_doors_that_do_not_exist(server: PatouServer) -> None:
    async with ClientSession() as client:
        for status, method, path in (
            (404, "POST", "/channels/nobody/messages"),
            (404, "POST", "/channels/twilio/ussd"),
            (404, "GET", "/channels/twilio"),
            (404, "GET", "/.env"),
            (404, "GET", "/channels/../../etc/passwd"),
            (404, "GET", "/console/"),
            (404, "POST", "/actions"),
            (405, "GET", "/channels/twilio/messages"),
            (405, "POST", "/channels/kannel/messages"),
            (405, "DELETE", "/channels/twilio/messages"),
            (405, "POST", "/health/ready"),
            (403, "GET", "/channels/kannel/messages"),
            (403, "GET", "/channels/kannel/messages?key=wrong&from=1&text=a"),
            (400, "GET", f"/channels/kannel/messages?key={kannel.KEY}&text=a"),
            (400, "GET", f"/channels/kannel/messages?key={kannel.KEY}&from=1&from=2&text=a"),
            (400, "GET", f"/channels/kannel/status?key={kannel.KEY}&m=x&d=1"),
            (415, "POST", "/channels/web/messages"),
        ):
            async with client.request(method, URL(server.url + path, encoded=True)) as response:
                text = await response.text()
                assert (response.status, path) == (status, path), text
                assert "passwd" not in text
                assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_json_of_wrong_types(server: PatouServer) -> None:
    session = "s" * 32
    async with ClientSession() as client:
        for body in (
            b"", b"{", b"[]", b"null", b"1", b'"text"', b"\xff", b"[" * 50_000, b'{"text": "a"}',
            json.dumps({"session": session, "id": "1", "text": 5}).encode(),
            json.dumps({"session": session, "id": "1", "text": None}).encode(),
            json.dumps({"session": session, "id": {"a": 1}, "text": "a"}).encode(),
            json.dumps({"session": [session], "id": "1", "text": "a"}).encode(),
            json.dumps({"session": session, "id": "1", "text": "a", "admin": "1"}).encode(),
            json.dumps({"session": "short", "id": "1", "text": "a"}).encode(),
        ):  # fmt: skip
            headers = {"Content-Type": "application/json"}
            url = f"{server.url}/channels/web/messages"
            async with client.post(url, data=body, headers=headers) as response:
                assert response.status == 400, body[:60]
        lone = json.dumps({"session": session, "id": "2", "text": "passport \ud800 fee", "language": "en"})
        async with client.post(url, data=lone, headers=headers) as response:
            assert response.status == 200
            assert "60" in await response.text()


async def test_payloads_that_no_button_has(server: PatouServer) -> None:
    """Whatever a page says was pressed: an answer at once, which no fault of ours put off."""
    values = {"reference": "12345678", "service": "passport", "date": "9999-99-99", "reminder": "x" * 300}
    async with ClientSession() as client:
        for number, intent in enumerate(sorted(Rules.load(RULES).intents)):
            for filled in ("", json.dumps(values)):
                body = {
                    "session": f"{number:031}{bool(filled):d}",
                    "id": "1",
                    "text": "",
                    "payload": f"/{intent}{filled}",
                }
                async with client.post(f"{server.url}/channels/web/messages", json=body) as response:
                    answer = await response.json()
                    assert (response.status, answer["pending"]) == (200, False), (intent, answer)


async def test_every_text_is_answered_with_words(server: PatouServer, twilio_side: TwilioSide) -> None:
    phones = {f"+85620555{60_000 + number}": each for number, each in enumerate(TEXTS)}

    async def answered(phone: str, text: str) -> str:
        return await twilio_side.ask(phone, text)

    texts = [each["text"] * each.get("times", 1) for each in TEXTS]
    replies = await asyncio.gather(*map(answered, phones, texts))
    for each, reply in zip(TEXTS, replies, strict=True):
        assert len(reply.strip()) > 10, each["name"]
        assert not re.search(r"[{}<>]|None|\b49\b|passwd|Traceback", reply), (each["name"], reply)
    stored = Counter(row["urn"] for row in await server.export("inbox"))
    assert all(stored[f"tel:{phone}"] == 1 for phone in phones)


async def test_the_same_message_again_has_no_effect(server: PatouServer, twilio_side: TwilioSide) -> None:
    phone, message = "+8562055577002", sid()
    await asyncio.gather(*(twilio_side.insist(phone, "passport fee", message) for _ in range(ALL_AT_ONCE)))
    await twilio_side.insist(phone, "how long does an ID card take")

    async def answered() -> bool:
        return len(twilio_side.replies(phone)) >= 2

    await until(answered, "two answers")
    await twilio_side.insist(phone, "passport fee", message)
    await twilio_side.ask(phone, "what do I need for a passport")
    assert len(twilio_side.replies(phone)) == 3
    inbox = [row for row in await server.export("inbox") if row["urn"] == f"tel:{phone}"]
    assert len(inbox) == 3


async def test_many_messages_of_one_person_at_once(server: PatouServer, twilio_side: TwilioSide) -> None:
    """All are answered, one after another, in the order in which they were taken."""
    phone = "+8562055577003"
    await asyncio.gather(*(twilio_side.insist(phone, text) for text in QUESTIONS[:ALL_AT_ONCE]))

    async def answered() -> bool:
        return len(twilio_side.replies(phone)) >= ALL_AT_ONCE

    await until(answered, "all of a person's messages to be answered")
    inbox = [row for row in await server.export("inbox") if row["urn"] == f"tel:{phone}"]
    outbox = [row for row in await server.export("outbox") if row["urn"] == f"tel:{phone}"]
    assert sorted(row["text"] for row in inbox) == sorted(QUESTIONS[:ALL_AT_ONCE])
    came = {f"twilio:{row['external_id']}": row["received_at"] for row in inbox}
    assert [came[row["cause"]] for row in outbox] == sorted(came.values())
    assert list(twilio_side.replies(phone)) == [row["text"] for row in outbox]


async def test_reports_that_run_backwards(server: PatouServer, twilio_side: TwilioSide) -> None:
    phone = "+8562055577004"
    reply = await twilio_side.ask(phone, "passport fee")
    [message] = [
        each for each in twilio_side.provider.messages if each["body"] == reply and each["to"] == phone
    ]
    for status in ("read", "delivered", "sent", "queued", "undelivered", "delivered"):
        assert (await twilio_side.provider.call_back(message, status)).status == 200
    [row] = [row for row in await server.export("outbox") if row["urn"] == f"tel:{phone}"]
    assert row["state"] == "read"


async def test_http_that_is_none(server: PatouServer) -> None:
    """Whatever the bytes: an answer below 500 or a closed connection."""
    post = b"POST /channels/twilio/messages HTTP/1.1\r\nHost: x\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    requests = {
        "bad chunk size": post + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        "huge chunk size": post + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\na",
        "length and chunks": post + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "two lengths": post + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        "negative length": post + b"Content-Length: -1\r\n\r\n",
        "length that is no number": post + b"Content-Length: 1e3\r\n\r\n",
        "NUL in a header": post + b"X-A: a\x00b\r\nContent-Length: 0\r\n\r\n",
        "NUL in the path": b"GET /chat\x00/x HTTP/1.1\r\nHost: x\r\n\r\n",
        "line break in a header": post + b"X-A: a\n b\r\nContent-Length: 0\r\n\r\n",
        "space before the colon": post + b"X-A : a\r\nContent-Length: 0\r\n\r\n",
        "giant header": post + b"X-A: " + b"a" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n",
        "many headers": post + b"".join(b"X-%d: a\r\n" % each for each in range(20_000)) + b"\r\n",
        "giant path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "another version": b"GET /chat HTTP/9.9\r\nHost: x\r\n\r\n",
        "another host": b"GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "a proxy's line": b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "connect": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "bytes in the path": b"GET /\xff\xfe\x80 HTTP/1.1\r\nHost: x\r\n\r\n",
        "bad escape": b"GET /channels/%zz/messages?%=%&&&=% HTTP/1.1\r\nHost: x\r\n\r\n",
        "expect nonsense": post + form + b"Expect: the-unexpected\r\nContent-Length: 3\r\n\r\na=b",
        "upgrade": b"GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "a body that never comes": post + form + b"Content-Length: 1000\r\n\r\nBody=",
    }  # fmt: skip
    answers = await asyncio.gather(*(statuses(server.port, each) for each in requests.values()))
    for name, seen in zip(requests, answers, strict=True):
        assert all(status < 500 for status in seen), (name, seen)
        assert seen[:1] != [200] or name in ("another host", "upgrade", "another version"), (name, seen)


async def test_nothing_is_told_on(server: PatouServer, twilio_side: TwilioSide) -> None:
    """Numbers, words, PINs and secrets stand nowhere in clear: not in the log, not in what is stored."""
    phone, friend = "+8562077123987", "+8562099871234"
    question = "passport fee for Somphone Xanaryvong"
    await twilio_side.ask(phone, question)
    await twilio_side.ask(phone, f"I want to complain that the clerk in Pakse took money, call {friend}")
    receipt = await twilio_side.ask(phone, "1")
    pin = re.search(r"PIN\D{0,3}([0-9]{6})", receipt)
    assert pin is not None
    assert await twilio_side.deliver(phone, f"my PIN is {pin[1]}") == 200
    assert await twilio_side.send(urlencode({"From": phone, "Body": question}).encode(), FORM) == 403
    settings = server.environ
    canaries = [
        *(digits for each in (phone, friend) for digits in (each, each[1:], "0" + each[4:], each[6:])),
        *("Somphone", "Xanaryvong", pin[1]),
        *(twilio.TOKEN, kannel.KEY, kannel.PASSWORD, settings["TWILIO_TOKEN"]),
    ]
    assert found(canaries, files_below(server.setup.folder)) == []


async def test_names_of_files_stand_in_no_log(server: PatouServer) -> None:
    """Python's own warnings quote what they are about, line by line, to standard error."""
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with ClientSession() as client:
        for named in ("filename*=utf-8''%ff-Somsanit.png", 'filename="Somsanit', "=Somsanit;;"):
            form = f'--b\r\nContent-Disposition: form-data; name="file"; {named}\r\n\r\n%PDF-\r\n--b--\r\n'
            async with client.post(
                f"{server.url}/channels/web/files", data=form.encode(), headers=headers
            ) as response:
                assert 400 <= response.status < 500
    assert server.log
    assert "Somsanit" not in server.log_file.read_text("utf-8")


async def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A search that finds nothing anywhere proves nothing."""
    for number, data in enumerate(
        (
            b"x 856207 y",
            b"ODU2MjA3",
            b"eDg1NjIwN3k=",
            b"eHg4NTYyMDd5",
            b"383536323037",
            "856207".encode("utf-16-be"),
        )
    ):
        (tmp_path / str(number)).write_bytes(data)
    assert len({each.rpartition(" ")[2] for each in found(["856207"], files_below(tmp_path))}) == 6


async def test_real_requests_changed_a_little(server: PatouServer, twilio_side: TwilioSide) -> None:
    """No 5xx for thousands of them, and real messages between them are answered."""
    provider = twilio_side.provider
    mutations = Mutations(20, lambda target, fields: provider.sign(server.url + target, fields))
    requests = iter(mutations.take(MUTATIONS))
    seen: Counter[int] = Counter()

    async def send(client: ClientSession, request: Request) -> tuple[int, bytes]:
        async with client.request(
            request.method,
            URL(server.url + request.target, encoded=True),
            data=request.body or None,
            headers=request.headers,
        ) as response:
            return response.status, await response.read()

    async def sender(client: ClientSession) -> None:
        for request in requests:
            status, body = await send(client, request)
            for _ in range(COMES_AGAIN):
                # A disk that stands still for a second is no fault of the request: it is told to come again.
                if b"database_unavailable" not in body:
                    break
                await asyncio.sleep(1.0)
                status, body = await send(client, request)
            seen[status] += 1
            assert status < 500, (request, body)

    # A connection each: what follows a request that nobody finished reading is closed.
    connector = TCPConnector(force_close=True)
    async with ClientSession(connector=connector, timeout=ClientTimeout(total=60)) as client:
        await asyncio.gather(*(sender(client) for _ in range(16)), asked_between(twilio_side))
    assert sum(seen.values()) == MUTATIONS
    assert {200, 400, 403} <= seen.keys()
    assert found([*MUTATED_PHONES, kannel.KEY, twilio.TOKEN], [server.log_file]) == []


async def asked_between(side: TwilioSide) -> None:
    for number in count(1):
        reply = await side.ask(f"+856205557{8000 + number}", "how much is a passport")
        assert "60" in reply
        if number == 20:
            return
