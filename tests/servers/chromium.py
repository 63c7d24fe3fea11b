"""Debian's Chromium, driven through playwright."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

_PATH = "/usr/bin/chromium"
# WCAG 2.2 at levels A and AA, and what axe holds to be good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own for a module of tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_PATH, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def barriers(page: Page) -> list[str]:
    """What axe finds on the page as it is: the rule, and where it is broken."""
    options = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
    # Pages forbid code made of strings; axe is put in by the browser itself and judges the same page.
    found = await Axe().run(page, options=options)
    return [
        f"{each['id']}: {', '.join(str(node['target']) for node in each['nodes'])}"
        for each in found.response["violations"]
    ]


async def small_targets(page: Page, least: int = 44) -> list[str]:
    """What can be pressed and is smaller than `least` CSS pixels in width or height; links in running text may be."""
    return list(
        await page.evaluate(
            """least => [...document.querySelectorAll("a, button, input:not([type=hidden]), textarea")]
              .filter(each => each.offsetParent && !each.closest(".slip"))
              .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
              .filter(([, box]) => box.width < least - 0.1 || box.height < least - 0.1)
              .map(([html, box]) => `${html} ${box.width}x${box.height}`)""",
            least,
        )
    )
