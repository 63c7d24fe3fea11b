"""The kiosk: large, in every language, and empty for the next person whatever the last one did."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, Request, expect

from bot.messages import Choice, Enclosure, MediaKind
from channels.base import Wiring
from channels.kiosk import TILES
from channels.web import Settings
from tests.channels.harness import Edge, fetch
from tests.channels.pages import PACK, RECEIPT, Answering, open_pages
from tests.servers.chromium import barriers, chromium, small_targets

SLIP = RECEIPT.replace("{reference}", "1234 5678").replace("{pin}", "012345").replace("{date}", "02/03/2026")
FINISH = PACK.label("en", "kiosk_finish")
STILL = PACK.label("en", "kiosk_still_there")
FEE = PACK.label("en", "kiosk_fee")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A screen on a wall."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def answering(edge: Edge, wiring: Wiring) -> Answering:
    """What answers behind the pages of the edge, with a receipt for a fee."""
    answering = await open_pages(edge, wiring, Settings(kiosk=True, kiosk_seconds=30))
    answering.answers = {FEE: [SLIP]}
    answering.choices = (Choice(label="Yes", payload="/affirm"),)
    return answering


async def nothing_left(page: Page) -> None:
    """The start is shown, and nothing of anybody is anywhere in the page or the browser's stores."""
    await expect(page.get_by_role("button", name=FEE)).to_be_visible()
    assert await page.locator(".entry").count() == 0
    assert "012345" not in await page.content()
    assert await page.get_by_role("textbox").input_value() == ""
    assert await page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


async def test_without_the_setting_there_is_no_kiosk() -> None:
    assert Settings().kiosk is False


@pytest.mark.parametrize("language", PACK.languages)
@pytest.mark.usefixtures("answering")
async def test_what_can_be_begun_is_there_in_every_language(
    edge: Edge, session: ClientSession, language: str
) -> None:
    _, headers, body = await fetch(session, "GET", f"{edge.url}/kiosk?lang={language}")
    assert [key for key in TILES if PACK.label(language, key) not in body.decode()] == []
    assert headers["Cache-Control"] == "no-store"
    assert b"://" not in body, "no link leads out"


async def test_a_place_is_told_without_a_link_and_no_file_is_taken_or_given(
    edge: Edge, answering: Answering, page: Page
) -> None:
    place = Enclosure(
        kind=MediaKind.LOCATION, title="Hall", address="at the bridge", latitude=1.0, longitude=2.0
    )
    form = Enclosure(kind=MediaKind.DOCUMENT, title="Form 2", url="https://patou.example/forms/form-2.pdf")
    answering.enclosures = {"where": place, "form": form}
    answering.answers = {"where": ["Hall"], "form": ["Form 2"], "bye": ["bye bye"]}
    await page.goto(f"{edge.url}/kiosk?lang=en")
    for text in ("where", "form", "bye"):
        await page.get_by_role("textbox").fill(text)
        await page.keyboard.press("Enter")
    await expect(page.get_by_text("bye bye")).to_be_visible()
    await expect(page.get_by_text("at the bridge")).to_be_visible()
    await expect(page.locator(".entry")).to_have_count(5)
    assert await page.locator("#log a, input[type=file]").count() == 0


async def test_finish_erases_at_once_and_no_step_back_brings_anything_back(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.goto(f"{edge.url}/kiosk?lang=en")
    await page.get_by_role("button", name=FEE).click()
    await expect(page.get_by_text("012345").first).to_be_visible()
    await page.get_by_role("textbox").fill("half a word")
    await page.get_by_role("button", name=FINISH).click()
    await expect(page.locator("html")).to_have_attribute("lang", "lo")
    await page.go_back()
    await expect(page.get_by_text("012345")).to_have_count(0)
    await page.goto(f"{edge.url}/kiosk?lang=en")
    await nothing_left(page)
    await page.get_by_role("button", name=FEE).click()
    await expect(page.locator(".slip")).to_be_visible()
    assert len({each.urn for each in answering.messages}) == 2, "the next person is another one"


async def test_a_browser_that_keeps_pages_for_its_back_button_keeps_an_empty_one(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.goto(f"{edge.url}/kiosk?lang=en")
    await page.get_by_role("button", name=FEE).click()
    await expect(page.locator(".slip")).to_be_visible()
    await page.goto(f"{edge.url}/chat")
    await page.go_back()
    assert await page.locator(".entry").count() == 0
    assert "012345" not in await page.content()
    del answering


@pytest.mark.usefixtures("answering")
async def test_who_goes_away_is_asked_for_and_then_forgotten(edge: Edge, page: Page) -> None:
    await page.clock.install()
    await page.goto(f"{edge.url}/kiosk?lang=en")
    await page.get_by_role("button", name=FEE).click()
    await expect(page.locator(".slip")).to_be_visible()
    await page.clock.run_for(20_000)
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.clock.run_for(11_000)
    await expect(page.get_by_role("dialog", name=STILL)).to_be_visible()
    assert await barriers(page) == []
    await page.get_by_role("button", name=PACK.label("en", "kiosk_go_on")).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.locator(".slip")).to_be_visible()
    await page.clock.run_for(31_000)
    await expect(page.get_by_role("dialog", name=STILL)).to_be_visible()
    async with page.expect_navigation():
        await page.clock.run_for(15_000)
    await expect(page.get_by_text("012345")).to_have_count(0)
    await page.goto(f"{edge.url}/kiosk?lang=en")
    await nothing_left(page)


@pytest.mark.usefixtures("answering")
async def test_an_untouched_start_stays_as_it_is(edge: Edge, page: Page) -> None:
    await page.clock.install()
    await page.goto(f"{edge.url}/kiosk")
    await page.clock.run_for(3_600_000)
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.url == f"{edge.url}/kiosk"


@pytest.mark.usefixtures("answering")
async def test_a_language_is_taken_without_a_trace_in_the_history(edge: Edge, page: Page) -> None:
    await page.goto(f"{edge.url}/kiosk")
    before = await page.evaluate("history.length")
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("button", name=FEE)).to_be_visible()
    assert await page.evaluate("history.length") == before


async def test_the_receipt_is_large_and_its_code_is_asked_for_without_the_pin(
    edge: Edge, answering: Answering, page: Page
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    await page.goto(f"{edge.url}/kiosk?lang=en")
    await page.get_by_role("button", name=FEE).click()
    await expect(page.locator(".slip")).to_contain_text(PACK.label("en", "kiosk_keep"))
    large = await page.locator(".slip dd").first.evaluate(
        "each => parseFloat(getComputedStyle(each).fontSize)"
    )
    assert large >= 40
    assert f"{edge.url}/status/12345678/qr.svg" in asked
    assert not [url for url in asked if "012345" in url]
    assert await page.locator("main a").count() == 0
    await page.get_by_role("button", name="Yes").click()
    await expect(page.get_by_text("re: Yes")).to_be_visible()
    assert [each.payload for each in answering.messages] == ["/fee", "/affirm"]


@pytest.mark.parametrize("language", PACK.languages)
async def test_no_barrier_is_found(edge: Edge, answering: Answering, page: Page, language: str) -> None:
    answering.answers = {PACK.label(language, "kiosk_complaint"): [SLIP]}
    await page.goto(f"{edge.url}/kiosk?lang={language}")
    assert await barriers(page) == []
    assert await small_targets(page, 60) == []
    await page.get_by_role("button", name=PACK.label(language, "kiosk_complaint"), exact=True).click()
    await expect(page.locator(".slip")).to_be_visible()
    assert await barriers(page) == []
    assert await small_targets(page, 60) == []
