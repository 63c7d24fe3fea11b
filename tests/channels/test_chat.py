"""What the web chat serves: its words, its headers, what waits for it, and how small it is."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest
from aiohttp import ClientSession

from channels.base import Wiring
from channels.case_slip import CaseSlips
from channels.chat import LABELS, SESSION_HEADER
from channels.web import Settings, session_urn
from tests.channels.harness import Edge, fetch
from tests.channels.pages import PACK, RECEIPT, ROOT, SESSION, Answering, open_pages

SCRIPTS = [*(ROOT / "channels" / "static").glob("*.js"), ROOT / "channels" / "templates" / "embed.js"]
SELF = "'self'"
CHAT_SCRIPTS = {"conversation.js", "chat.js", "embed.js"}
HEADERS = {SESSION_HEADER: SESSION}


@pytest.fixture
async def answering(edge: Edge, wiring: Wiring) -> Answering:
    """What answers behind the pages of the edge."""
    return await open_pages(edge, wiring)


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "lo"),
        ("?lang=en", "lo", "en"),
        ("", "th;q=0.9, en-GB;q=0.8", "en"),
        ("?lang=<script>", "fr", "lo"),
    ],
)
@pytest.mark.usefixtures("answering")
async def test_the_page_speaks_the_wanted_language(
    edge: Edge, session: ClientSession, query: str, accepted: str, language: str
) -> None:
    headers = {"Accept-Language": accepted}
    status, _, body = await fetch(session, "GET", f"{edge.url}/chat{query}", headers=headers)
    assert (status, f'<html lang="{language}"' in body.decode()) == (200, True)


@pytest.mark.usefixtures("answering")
async def test_the_page_takes_all_its_words_from_the_pack(edge: Edge, session: ClientSession) -> None:
    for language in PACK.languages:
        _, _, body = await fetch(session, "GET", f"{edge.url}/chat?lang={language}")
        missing = [key for key in LABELS if PACK.label(language, key) not in body.decode()]
        assert missing == []


@pytest.mark.usefixtures("answering")
async def test_nothing_may_run_but_what_the_policy_names(edge: Edge, session: ClientSession) -> None:
    for path, linked in (("/chat", 0), ("/kiosk", 2)):
        _, headers, body = await fetch(session, "GET", edge.url + path)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert b" style=" not in body
        assert body.count(b'<script src="/assets/') == linked
        for kind, element in (("script-src", b"script"), ("style-src", b"style")):
            inline = re.findall(rb"<%b>(.*?)</%b>" % (element, element), body, re.DOTALL)
            sources = [f"'sha256-{b64encode(sha256(each).digest()).decode()}'" for each in inline]
            assert f"{kind} {' '.join(sources) or SELF};" in policy
            assert body.count(b"<" + element) == len(inline) + linked * (element == b"script")


def test_all_script_of_the_chat_is_under_15_kilobytes() -> None:
    assert {each.name for each in SCRIPTS} == CHAT_SCRIPTS | {"kiosk.js"}
    assert sum(len(each.read_bytes()) for each in SCRIPTS if each.name in CHAT_SCRIPTS) < 15_000


def test_no_script_makes_markup_of_text() -> None:
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        assert not [
            name for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(") if name in text
        ]


@pytest.mark.usefixtures("answering")
async def test_an_unchanged_page_is_not_sent_again(edge: Edge, session: ClientSession) -> None:
    _, headers, body = await fetch(session, "GET", f"{edge.url}/chat", headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    again = {"If-None-Match": headers["ETag"]}
    assert (await fetch(session, "GET", f"{edge.url}/chat", headers=again))[::2] == (304, b"")
    other = await fetch(session, "GET", f"{edge.url}/chat?lang=en", headers=again)
    assert (other[0], other[2] == body) == (200, False)


async def test_a_reply_waits_until_the_page_says_that_it_was_shown(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    url = f"{edge.url}/channels/web/messages"
    sent = {"session": SESSION, "id": "a1", "text": "hello"}
    _, _, body = await fetch(session, "POST", url, json=sent)
    (reply,) = json.loads(body)["messages"]
    notice = await edge.store.put("web", str(session_urn(SESSION)), "news of your case")
    await edge.store.put("web", str(session_urn(SESSION.replace("0", "1"))), "for another")
    for _ in range(2):
        _, _, body = await fetch(session, "GET", url, headers=HEADERS)
        assert [each["id"] for each in json.loads(body)["messages"]] == [reply["id"], notice]
    # What is named out of order is taken out of order: nothing before it is lost.
    _, _, body = await fetch(session, "GET", f"{url}?shown={notice}", headers=HEADERS)
    assert [each["id"] for each in json.loads(body)["messages"]] == [reply["id"]]
    _, _, body = await fetch(session, "GET", f"{url}?shown={reply['id']},{notice}", headers=HEADERS)
    assert json.loads(body) == {"messages": []}
    assert await edge.store.states() == ["sent", "sent", "queued"]
    assert len(answering.messages) == 1


@pytest.mark.usefixtures("answering")
async def test_a_page_that_waits_is_told_as_soon_as_the_answer_is_there(
    edge: Edge, session: ClientSession
) -> None:
    url = f"{edge.url}/channels/web/messages?wait=5"
    asked = asyncio.create_task(fetch(session, "GET", url, headers=HEADERS))
    await asyncio.sleep(0)
    await edge.store.put("web", str(session_urn(SESSION)), "at last")
    assert b"at last" in (await asked)[2]


@pytest.mark.parametrize(
    ("token", "query"),
    [
        ("", ""),
        ("x", "?shown="),
        (SESSION, "?shown=%27"),
        (SESSION, "?shown=" + ",".join(["0" * 26] * 51)),
        (SESSION, "?wait=-1"),
        (SESSION, "?wait=99"),
        ("", f"?session={SESSION}&shown="),
    ],
)
@pytest.mark.usefixtures("answering")
async def test_malformed_questions(edge: Edge, session: ClientSession, token: str, query: str) -> None:
    """A session in the URL is none: proxies log those."""
    url, headers = f"{edge.url}/channels/web/messages{query}", {SESSION_HEADER: token}
    assert (await fetch(session, "GET", url, headers=headers))[0] == 400


async def test_the_page_is_told_what_becomes_of_its_message(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    answering.late, answering.limited = ["late"], ["limited"]
    told = {}
    for number, text in enumerate(["hello", "late", "late", "limited"]):
        # The second "late" is the first once more: its answer is still to come.
        fields = {"session": SESSION, "id": str(min(number, 1) or number) if text == "late" else str(number)}
        body = (
            await fetch(session, "POST", f"{edge.url}/channels/web/messages", json=fields | {"text": text})
        )[2]
        answer = json.loads(body)
        told[number] = (len(answer["messages"]), answer["pending"], answer["limited"])
    assert told == {0: (1, False, False), 1: (0, True, False), 2: (0, True, False), 3: (0, False, True)}


@pytest.mark.parametrize("language", PACK.languages)
@pytest.mark.parametrize("key", ["utter_receipt", "utter_new_pin"])
def test_a_slip_is_found_in_every_wording_that_tells_one(language: str, key: str) -> None:
    slips = CaseSlips(text.text for texts in PACK.texts.values() for text in texts.values())
    text = PACK.text(language, key).text
    for name, value in {"reference": "1234 5678", "pin": "012345", "date": "02/03/2026"}.items():
        text = text.replace(f"{{{name}}}", value)
    slip = slips.find(f"{text}\nmore")
    assert slip is not None
    assert (slip.reference, slip.pin, slip.digits) == ("1234 5678", "012345", "12345678")


@pytest.mark.parametrize("text", ["", "1234 5678", "PIN 123456", "Number 1234 5678, PIN secret", "ສະບາຍດີ"])
def test_no_slip_is_seen_where_none_is(text: str) -> None:
    assert CaseSlips([RECEIPT]).find(text) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"embed": ("https://a.la/path",)},
        {"embed": ("http://a.la",)},
        {"embed": ("https://a.la; script-src *",)},
        {"embed": ("*",)},
        {"kiosk_seconds": 5},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"embed|kiosk_seconds"):
        Settings(**wrong)  # type: ignore[arg-type]  # what a file may say


async def test_only_sites_that_are_named_may_frame_the_chat(
    edge: Edge, wiring: Wiring, session: ClientSession
) -> None:
    await open_pages(edge, wiring, Settings(embed=("https://www.example.gov.la", "https://b.example:8443")))
    _, headers, _ = await fetch(session, "GET", f"{edge.url}/chat?embed=1")
    assert headers["Content-Security-Policy"].endswith(
        "frame-ancestors https://www.example.gov.la https://b.example:8443"
    )
    _, headers, _ = await fetch(session, "GET", f"{edge.url}/chat")
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert (await fetch(session, "GET", f"{edge.url}/kiosk"))[0] == 200


@pytest.mark.parametrize(
    "path", ["chat/chat.html", "chat/..%2Fchat.py", "chat/", "assets/x/chat.js", "assets"]
)
@pytest.mark.usefixtures("answering")
async def test_no_other_files(edge: Edge, session: ClientSession, path: str) -> None:
    assert (await fetch(session, "GET", f"{edge.url}/{path}"))[0] == 404
