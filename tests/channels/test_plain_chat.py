"""The web chat without script: a form, an answer a page, and nobody else's form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from bot.messages import Choice
from channels.base import Wiring
from tests.channels.harness import Edge, fetch
from tests.channels.pages import PACK, SESSION, Answering, open_pages
from tests.servers.chromium import barriers, chromium, small_targets

HOSTILE = '"><script>alert(1)</script>'
YES = (Choice(label="ແມ່ນ", payload='/affirm{"a": "<b>"}'),)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab in which no script of a page runs."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=False, locale="en-GB"
    )
    context.set_default_timeout(20_000)
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def answering(edge: Edge, wiring: Wiring) -> Answering:
    """What answers behind the pages of the edge."""
    return await open_pages(edge, wiring)


async def test_a_conversation_without_script(edge: Edge, answering: Answering, page: Page) -> None:
    answering.choices = YES
    answering.answers = {"hello": [HOSTILE], "": ["fine"]}
    await page.goto(f"{edge.url}/chat?lang=en")
    await page.get_by_role("textbox").fill("hello")
    await page.get_by_role("button", name=PACK.label("en", "chat_send")).click()
    await expect(page.get_by_text(HOSTILE)).to_be_visible()
    await page.get_by_role("button", name="ແມ່ນ").click()
    await expect(page.get_by_text("fine")).to_be_visible()
    assert [(each.text, each.payload) for each in answering.messages] == [
        ("hello", ""),
        ("", '/affirm{"a": "<b>"}'),
    ]
    assert len({each.urn for each in answering.messages}) == 1
    assert len(page.url.removeprefix(edge.url)) < len("/chat?lang=lo-Latn")


async def test_a_page_sent_again_is_taken_once(edge: Edge, answering: Answering, page: Page) -> None:
    await page.goto(f"{edge.url}/chat?lang=en")
    for text in ("one", "two"):
        await page.get_by_role("textbox").fill(text)
        await page.get_by_role("button", name=PACK.label("en", "chat_send")).click()
        await expect(page.get_by_text(f"re: {text}")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("re: two")).to_be_visible()
    assert [each.text for each in answering.messages] == ["one", "two"]
    assert await edge.store.states() == ["sent", "queued"]


async def test_a_late_answer_is_looked_for(edge: Edge, answering: Answering, page: Page) -> None:
    answering.late = ["hello"]
    await page.goto(f"{edge.url}/chat?lang=en")
    await page.get_by_role("textbox").fill("hello")
    await page.get_by_role("button", name=PACK.label("en", "chat_send")).click()
    await expect(page.get_by_role("status")).to_have_text(PACK.label("en", "chat_late"))
    await answering.say(answering.messages[0], "at last")
    await page.get_by_role("button", name=PACK.label("en", "chat_look")).click()
    await expect(page.get_by_text("at last")).to_be_visible()


async def test_no_barrier_is_found(
    edge: Edge, answering: Answering, browser: Browser, session: ClientSession
) -> None:
    """Axe is a script: the page that this one's form leads to is opened where scripts run."""
    answering.choices = YES
    fields = {"session": SESSION, "id": "1", "text": "hello", "language": "lo"}
    _, _, body = await fetch(session, "POST", f"{edge.url}/chat", data=fields)
    context = await browser.new_context(viewport={"width": 360, "height": 640})
    page = await context.new_page()
    await page.route("**/chat", lambda route: route.fulfill(body=body, content_type="text/html"))
    await page.goto(f"{edge.url}/chat")
    assert await barriers(page) == []
    assert await small_targets(page) == []
    await context.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_another_sites_form_is_not_taken(
    edge: Edge, answering: Answering, session: ClientSession, headers: dict[str, str], status: int
) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await fetch(session, "POST", f"{edge.url}/chat", data=b"text=hello", headers=kind | headers)
    assert answer[0] == status
    assert len(answering.messages) == (status == 200)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"session=short&text=a", 400),
        (b"id=%27&text=a", 400),
        (b"shown=zz&text=a", 400),
        (b"text=%ff", 400),
        (b"text=a&text=b", 400),
        (b"text=" + b"a" * 20_000, 413),
        (b"", 200),
        (b"text=a%ED%A0%80", 400),
        (b"language=%3Cscript%3E&text=a", 200),
    ],
)
async def test_forms_that_no_page_of_ours_sends(
    edge: Edge, answering: Answering, session: ClientSession, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await fetch(session, "POST", f"{edge.url}/chat", data=body, headers=headers)
    assert answer[0] == status
    assert b"<script>" not in answer[2]
    del answering


async def test_one_conversation_cannot_flood(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    fields = {"session": SESSION, "text": "a", "language": "en"}
    found = [await fetch(session, "POST", f"{edge.url}/chat", data=fields) for _ in range(32)]
    refused = [(headers, body.decode()) for status, headers, body in found if status == 429]
    assert len(refused) == 2
    assert all("Not sent. Please try again." in page and headers["Retry-After"] for headers, page in refused)
    answering.away = True


async def test_a_store_that_is_away_is_said_in_words(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    answering.away = True
    fields = {"session": SESSION, "text": "my words", "language": "en"}
    status, _, body = await fetch(session, "POST", f"{edge.url}/chat", data=fields)
    assert (status, "Not sent. Please try again." in body.decode(), "my words" in body.decode()) == (
        503,
        True,
        True,
    )


async def test_the_first_page_holds_no_session_and_the_next_one_does(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    _, headers, body = await fetch(session, "GET", f"{edge.url}/chat")
    assert b'name="session"' not in body
    assert "Set-Cookie" not in headers
    _, headers, body = await fetch(session, "POST", f"{edge.url}/chat", data={"text": "a"})
    assert re.search(rb'name="session" value="[0-9a-f]{32}"', body)
    assert ("Set-Cookie" in headers, headers["Cache-Control"]) == (False, "no-store")
    del answering
