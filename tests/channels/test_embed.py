"""The chat on a page of another site, whose policy allows nothing but our script and our frame."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from channels.base import Wiring
from channels.web import Settings
from tests.channels.harness import Edge
from tests.channels.pages import PACK, Answering, open_pages
from tests.servers.chromium import barriers, chromium
from tests.servers.ports import free_port

OPEN = PACK.label("en", "chat_open")
CLOSE = PACK.label("en", "chat_close")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def office(edge: Edge) -> AsyncIterator[str]:
    """An office's own page, on another origin."""

    async def page(_: web.Request) -> web.Response:
        policy = f"default-src 'none'; script-src {edge.url}; frame-src {edge.url}"
        html = (
            '<!doctype html><html lang="en"><head><title>Office</title></head><body><main><h1>Office</h1>'
            f'<a href="#here">A link</a></main><script src="{edge.url}/chat/embed.js" defer></script></body></html>'
        )
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=html, content_type="text/html", headers=headers)

    app = web.Application()
    app.add_routes([web.get("/", page)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://localhost:{port}"
    await runner.cleanup()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab of its own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    yield await context.new_page()
    await context.close()


async def opened(edge: Edge, wiring: Wiring, *sites: str) -> Answering:
    """The pages, which these sites may frame."""
    return await open_pages(edge, wiring, Settings(embed=sites))


async def test_a_conversation_on_another_sites_page_by_keyboard(
    edge: Edge, wiring: Wiring, office: str, page: Page
) -> None:
    answering = await opened(edge, wiring, office)
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    await page.goto(office)
    button = page.get_by_role("button", name=OPEN)
    assert await barriers(page) == []
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name=OPEN)).to_be_visible()
    chat = page.frame_locator("iframe")
    await expect(chat.get_by_role("textbox")).to_be_focused()
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    await expect(chat.get_by_text("re: hello")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(chat.get_by_text("re: hello")).to_be_visible()
    await expect(chat.get_by_role("textbox")).to_be_focused()
    await chat.get_by_role("button", name=CLOSE).click()
    await expect(button).to_be_focused()
    assert [each.text for each in answering.messages] == ["hello"]
    assert [text for text in refused if "favicon" not in text] == []


async def test_it_fills_a_phone(edge: Edge, wiring: Wiring, office: str, page: Page) -> None:
    await opened(edge, wiring, office)
    await page.set_viewport_size({"width": 360, "height": 640})
    await page.goto(office)
    await page.get_by_role("button", name=OPEN).click()
    box = await page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (360, 640)
    await expect(page.frame_locator("iframe").get_by_role("button", name=CLOSE)).to_be_visible()


async def test_a_site_that_is_not_named_shows_nothing(
    edge: Edge, wiring: Wiring, office: str, page: Page
) -> None:
    await opened(edge, wiring, "https://another.example")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(office)
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await page.get_by_role("button", name=OPEN).click()
    await expect(page.frame_locator("iframe").get_by_role("textbox")).to_have_count(0)


async def test_the_page_around_it_gives_nothing_away(
    edge: Edge, wiring: Wiring, office: str, page: Page
) -> None:
    await opened(edge, wiring, office)
    told: list[str] = []
    page.on("request", lambda request: told.append(f"{request.url} {request.headers.get('referer', '')}"))
    await page.goto(f"{office}/?secret=of-the-office")
    await page.get_by_role("button", name=OPEN).click()
    await expect(page.frame_locator("iframe").get_by_role("textbox")).to_be_visible()
    ours = [each for each in told if each.startswith(edge.url)]
    assert ours
    assert not [each for each in ours if "secret" in each]
