"""Debian's Chromium, driven through playwright."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.servers.node import npm_package

_PATH = "/usr/bin/chromium"
# Milliseconds: a machine that is busy with other tests is no fault of a page.
_PATIENCE = 20_000
# WCAG 2.2 at levels A and AA, and what axe holds to be good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own for a module of tests."""
    expect.set_options(timeout=_PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_PATH, args=["--no-sandbox"], timeout=_PATIENCE * 3
        )
        yield browser
        await browser.close()


async def barriers(page: Page) -> list[str]:
    """What axe finds on the page as it is: the rule, and where it is broken."""
    # Put in by the browser itself: pages forbid code that is not theirs, and axe judges them as they are.
    await page.evaluate((npm_package("axe-core") / "axe.min.js").read_text("utf-8"))
    found = await page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", _RULES
    )
    return [
        f"{each['id']}: {', '.join(str(node['target']) for node in each['nodes'])}"
        for each in found["violations"]
    ]


async def picture(browser: Browser, html: str) -> NDArray[np.uint8]:
    """What the browser paints of a page, in shades of grey."""
    page = await browser.new_page(viewport={"width": 1000, "height": 1400})
    await page.set_content(html)
    painted = await page.screenshot(full_page=True)
    # The browser unpacks its own picture: no other library has to.
    pixels = await page.evaluate(
        """async bytes => {
          const image = await createImageBitmap(new Blob([Uint8Array.from(atob(bytes), each => each.charCodeAt(0))]));
          const canvas = new OffscreenCanvas(image.width, image.height);
          const paper = canvas.getContext("2d");
          paper.drawImage(image, 0, 0);
          const {data} = paper.getImageData(0, 0, image.width, image.height);
          const grey = new Uint8Array(image.width * image.height);
          for (let at = 0; at < grey.length; at += 1) grey[at] = data[at * 4 + 1];
          let text = "";
          for (let at = 0; at < grey.length; at += 8192) text += String.fromCharCode(...grey.subarray(at, at + 8192));
          return [image.width, image.height, btoa(text)];
        }""",
        b64encode(painted).decode(),
    )
    width, height, grey = pixels
    await page.close()
    return np.frombuffer(b64decode(grey), dtype=np.uint8).reshape(height, width)


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
