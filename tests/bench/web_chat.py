"""How long the web chat lets people wait on a slow network, and what its page weighs on the wire."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from playwright.async_api import Browser, Page, expect

from tests.bench.rows import Row
from tests.servers.chromium import chromium

_ROUNDS = 5
# Slow 3G as browsers' own tools have it.
_NETWORK = {
    "offline": False,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
    "latency": 400,
}
_QUESTION = "ພາສປອດເທົ່າໃດ"


async def waiting(url: str) -> list[Row]:
    """The rows of a server at this address, asked in Lao as somebody does who comes for the first time."""
    async with chromium() as browser:
        await _visit(browser, url)  # the first turns compile statements; a server is measured warm
        visits = [await _visit(browser, url) for _ in range(_ROUNDS)]
    opened, answered, both, weight = (_median(column) for column in zip(*visits, strict=True))
    return [
        Row(what="Web chat at 400 kbit/s and 400 ms: sent to reply shown", figure=f"{answered:.2f} s"),
        Row(what="… address entered to page ready for words", figure=f"{opened:.2f} s"),
        Row(what="… address entered to first reply shown, words at hand", figure=f"{both:.2f} s"),
        Row(what="Page, fonts and first reply on the wire", figure=f"{weight / 1000:.1f} KB"),
    ]


async def _visit(browser: Browser, url: str) -> tuple[float, float, float, float]:
    """Seconds until the page can be used, until its first reply, and together; bytes on the wire."""
    context = await browser.new_context(viewport={"width": 360, "height": 640})
    page = await context.new_page()
    sizes = await _slow(page)
    began = time.perf_counter()
    await page.goto(f"{url}/chat?lang=lo", wait_until="domcontentloaded")
    opened = time.perf_counter()
    await page.get_by_role("textbox").fill(_QUESTION)
    sent = time.perf_counter()
    await page.keyboard.press("Enter")
    await expect(page.locator(".entry").nth(1)).to_be_visible()
    shown = time.perf_counter()
    await page.wait_for_load_state("networkidle")
    await context.close()
    return opened - began, shown - sent, shown - began, float(sum(sizes))


async def _slow(page: Page) -> Sequence[int]:
    """Slow the page's network down; the sizes of all that it loads from now on."""
    wire = await page.context.new_cdp_session(page)
    await wire.send("Network.enable")
    await wire.send("Network.emulateNetworkConditions", _NETWORK)
    sizes: list[int] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    return sizes


def _median(column: Sequence[float]) -> float:
    return statistics.median(column)
