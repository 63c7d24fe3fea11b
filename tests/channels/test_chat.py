"""The page of the web chat: its words, its headers, what waits for it, and the whole of it in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Page, async_playwright

from bot.limits import MemoryLimits
from bot.messages import Choice, OutboundMessage
from channels.chat import LABELS, SESSION_HEADER, ChatPages
from channels.web import WebChannel, session_urn
from tests.channels.harness import Edge, fetch
from tests.channels.providers.web import WebCaller
from tests.pinned import START

STATIC = Path(__file__).parents[2] / "channels" / "static"
SESSION = "0123456789abcdef0123456789abcdef"
HOSTILE = '"><img src=x onerror=alert(1)>'


class Words:
    """A pack of two languages, one of them hostile."""

    languages = ("lo", "en")

    def label(self, language: str, key: str) -> str:
        """See `channels.chat.Words`."""
        return f"{key} ລາວ" if language == "lo" else f"{key} {HOSTILE}"


@pytest.fixture
async def chat(web_caller: WebCaller) -> Edge:
    """The edge with the page."""
    edge = web_caller.edge
    channel = edge.channels["web"]
    assert isinstance(channel, WebChannel)
    pages = ChatPages(channel, edge.store.outbox, MemoryLimits(edge.clock), Words())
    await edge.listen([*pages.routes(), *edge.door().routes()])
    return edge


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A tab of a real Chromium, as wide as a small phone."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield await browser.new_page(viewport={"width": 320, "height": 560})
        await browser.close()


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "lo"),
        ("?lang=en", "lo", "en"),
        ("", "th;q=0.9, en-GB;q=0.8", "en"),
        ("?lang=<script>", "fr", "lo"),
    ],
)
async def test_the_page_speaks_the_wanted_language(
    chat: Edge, session: ClientSession, query: str, accepted: str, language: str
) -> None:
    headers = {"Accept-Language": accepted}
    status, _, body = await fetch(session, "GET", f"{chat.url}/chat{query}", headers=headers)
    assert (status, f'<html lang="{language}">' in body.decode()) == (200, True)


async def test_the_page_takes_all_its_words_from_the_pack_and_none_as_markup(
    chat: Edge, session: ClientSession
) -> None:
    _, _, body = await fetch(session, "GET", f"{chat.url}/chat?lang=en")
    text = body.decode()
    assert all(key in text for key in LABELS)
    assert "<img" not in text


async def test_nothing_inline_may_run(chat: Edge, session: ClientSession) -> None:
    _, headers, body = await fetch(session, "GET", f"{chat.url}/chat")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"<style" not in body
    assert body.count(b"<script") == body.count(b'<script src="/chat/chat.js"') == 1


@pytest.mark.parametrize(("name", "kind"), [("chat.js", "text/javascript"), ("chat.css", "text/css")])
async def test_its_files(chat: Edge, session: ClientSession, name: str, kind: str) -> None:
    status, headers, body = await fetch(session, "GET", f"{chat.url}/chat/{name}")
    assert (status, headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
    assert body == (STATIC / name).read_bytes()
    assert len(body) < 10_000
    assert b"innerHTML" not in body


@pytest.mark.parametrize("path", ["chat/chat.html", "chat/..%2Fchat.py", "chat/", "chat/chat.js.bak"])
async def test_no_other_files(chat: Edge, session: ClientSession, path: str) -> None:
    assert (await fetch(session, "GET", f"{chat.url}/{path}"))[0] == 404


async def test_what_the_system_says_waits_until_it_was_seen(chat: Edge, session: ClientSession) -> None:
    urn = str(session_urn(SESSION))
    first = await chat.store.put("web", urn, "one")
    second = await chat.store.put("web", urn, "two", choices=[Choice(label="ແມ່ນ", payload="/affirm")])
    await chat.store.put("web", str(session_urn(SESSION.replace("0", "1"))), "for another")
    url, headers = f"{chat.url}/channels/web/messages?after=", {SESSION_HEADER: SESSION}
    for _ in range(2):
        _, _, body = await fetch(session, "GET", url, headers=headers)
        assert [text in body.decode() for text in ("one", "two", "/affirm", "another")] == [True] * 3 + [
            False
        ]
    _, _, body = await fetch(session, "GET", url + first, headers=headers)
    assert (b"one" in body, b"two" in body) == (False, True)
    _, _, body = await fetch(session, "GET", url + second, headers=headers)
    assert body == b'{"messages": []}'
    assert await chat.store.states() == ["sent", "sent", "queued"]


@pytest.mark.parametrize(
    ("token", "query"),
    [("", ""), ("x", "?after="), (SESSION, "?after=%27"), ("", f"?session={SESSION}&after=")],
)
async def test_malformed_questions(chat: Edge, session: ClientSession, token: str, query: str) -> None:
    """A session in the URL is none: proxies log those."""
    url, headers = f"{chat.url}/channels/web/messages{query}", {SESSION_HEADER: token}
    assert (await fetch(session, "GET", url, headers=headers))[0] == 400


async def test_the_page_fetches_what_the_system_says(chat: Edge, page: Page) -> None:
    await page.clock.install()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    await page.goto(f"{chat.url}/chat?lang=en")
    token = await page.evaluate("sessionStorage.getItem('session')")
    await chat.store.put("web", str(session_urn(token)), "news of your case")
    await page.clock.fast_forward(16_000)
    await page.get_by_text("news of your case").wait_for()
    assert not [url for url in urls if token in url]


async def test_a_conversation_in_a_browser(chat: Edge, page: Page) -> None:
    reply = OutboundMessage(
        id="1" * 26,
        channel="web",
        urn=session_urn(SESSION),
        text=f"ສະບາຍດີ {HOSTILE}",
        cause="",
        created_at=START,
        choices=(Choice(label="ແມ່ນ", payload="/affirm"),),
    )
    chat.pipeline.replies = (reply,)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(f"{chat.url}/chat?lang=en")
    await page.get_by_role("textbox").fill("ພາສປອດ")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="ແມ່ນ").click()
    await page.locator("#log li").nth(2).wait_for()
    assert [(each.text, each.payload, each.language) for each in chat.pipeline.messages] == [
        ("ພາສປອດ", "", "en"),
        ("ແມ່ນ", "/affirm", "en"),
    ]
    assert HOSTILE in await page.get_by_role("log").inner_text()
    assert await page.locator("img").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.reload()
    assert await page.get_by_role("log").locator("li").count() == 3
    favicon = [problem for problem in problems if "404" not in problem]
    assert favicon == []


async def test_the_newest_reply_is_never_hidden_by_the_form(chat: Edge, page: Page) -> None:
    await page.goto(f"{chat.url}/chat?lang=en")
    for number in range(1, 9):
        chat.pipeline.replies = (
            OutboundMessage(
                id=f"{number:026}",
                channel="web",
                urn=session_urn(SESSION),
                text="ສະບາຍດີ " * 12,
                cause="",
                created_at=START,
            ),
        )
        await page.get_by_role("textbox").fill("again")
        await page.keyboard.press("Enter")
        await page.locator("#log li").nth(number * 2 - 1).wait_for()
    last = await page.get_by_role("log").locator("li").last.bounding_box()
    form = await page.locator("form").bounding_box()
    assert last is not None
    assert form is not None
    assert last["y"] + last["height"] <= form["y"]
