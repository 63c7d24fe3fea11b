"""The pages over a real server: a complaint in the browser, its receipt, and how it stands."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, Route, expect

from tests.servers.chromium import chromium
from tests.system.server import PatouServer, until

MESSAGES = "**/channels/web/messages"
WAIT = 20_000  # milliseconds; a machine that is busy with other tests is no fault of these


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A telephone."""
    context = await browser.new_context(viewport={"width": 360, "height": 640})
    context.set_default_timeout(WAIT)
    yield await context.new_page()
    await context.close()


async def say(page: Page, text: str, answer: str | re.Pattern[str]) -> None:
    """Write, and wait for what comes."""
    await page.get_by_role("textbox").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text(answer, timeout=WAIT)


async def test_a_complaint_in_the_browser_and_how_it_stands(server: PatouServer, page: Page) -> None:
    await page.goto(f"{server.url}/chat?lang=en")
    await say(page, "I want to complain", "what happened")
    await say(page, "the road at the market of Pakse is full of potholes", "will be sent to staff")

    async def lose(route: Route) -> None:
        """The commit is done, and its answer goes astray."""
        await route.fetch()
        await route.abort()

    await page.route(MESSAGES, lose, times=1)
    await page.get_by_role("button", name="Send", exact=True).first.click()
    await expect(page.locator(".slip")).to_be_visible(timeout=WAIT)
    reference, pin = await page.locator(".slip dd").all_inner_texts()
    filed = [each for each in await server.export("cases") if each["channel"] == "web"]
    assert [each["reference"] for each in filed] == [reference.replace(" ", "")]

    async def all_shown() -> bool:
        """Nothing waits any more: the page has told what it has shown."""
        return {each["state"] for each in await server.export("outbox") if each["channel"] == "web"} == {
            "sent"
        }

    await until(all_shown, "the page to tell what it has shown")
    assert await page.locator(".slip").count() == 1
    await page.locator(".slip a").click()
    await page.locator("#pin").fill(pin)
    await page.keyboard.press("Enter")
    await expect(page.locator(".told")).to_contain_text(reference, timeout=WAIT)
    assert "potholes" not in await page.content()
    await page.go_back()
    await page.go_back()
    await expect(page.locator(".slip")).to_be_visible(timeout=WAIT)


async def test_a_reply_is_sent_when_the_page_has_named_it(
    server: PatouServer, session: ClientSession
) -> None:
    url, token = f"{server.url}/channels/web/messages", "f" * 32
    message = {"session": token, "id": "1", "text": "passport fee", "language": "en"}

    async def states() -> list[str]:
        return [each["state"] for each in await server.export("outbox") if each["id"] in ids]

    async with session.post(url, json=message) as response:
        ids = [each["id"] for each in (await response.json())["messages"]]
    assert ids
    assert set(await states()) == {"queued"}
    async with session.post(url, json=message) as response:
        assert [each["id"] for each in (await response.json())["messages"]] == ids, "the same message again"
    headers = {"X-Patou-Session": token}
    async with session.get(f"{url}?shown={','.join(ids)}", headers=headers) as response:
        assert await response.json() == {"messages": []}
    assert set(await states()) == {"sent"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/status/%FF%00", b""),
        ("GET", "/status/" + "9" * 6000, b""),
        ("GET", "/status/%E0%BB%91/qr.svg", b""),
        ("POST", "/status", b"%ff=%ff&pin=\xff"),
        ("POST", "/status", b"\x1f\x8b broken"),
        ("POST", "/chat", b"text=%00%ff&&&&=="),
        ("GET", "/chat?lang=%FF&embed=%00", b""),
        ("GET", "/chat/embed.js?x=%00", b""),
        ("GET", "/assets/%2e%2e/%2e%2e/app.py", b""),
        ("GET", "/assets/0000000000000000/..%2f..%2fapp.py", b""),
        ("GET", "/channels/web/messages?shown=%00&wait=%FF", b""),
    ],
)
async def test_nothing_that_is_sent_to_a_page_is_a_fault(
    server: PatouServer, session: ClientSession, method: str, path: str, body: bytes
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "\xff, ;;q=x"}
    async with session.request(method, server.url + path, data=body, headers=headers) as response:
        assert response.status < 500
        assert b"from __future__ import" not in await response.read()


async def test_only_a_named_site_would_see_the_chat_in_a_frame(
    server: PatouServer, session: ClientSession
) -> None:
    """None is named here: the old header and the new one both say so."""
    async with session.get(f"{server.url}/chat?embed=1") as response:
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
