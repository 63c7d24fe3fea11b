"""The web chat in a real browser: on small screens, on bad networks, for everybody, and small itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from bot.messages import Choice, Enclosure, MediaKind
from bot.uploads import Upload, Uploads
from channels.base import Wiring
from channels.web import session_urn
from tests.channels.harness import Edge
from tests.channels.pages import PACK, RECEIPT, Answering, open_pages
from tests.servers.chromium import barriers, chromium, small_targets

HOSTILE = '"><img src=x onerror=alert(1)>'
SLIP = RECEIPT.replace("{reference}", "1234 5678").replace("{pin}", "012345").replace("{date}", "02/03/2026")
YES = (Choice(label="ແມ່ນ", payload="/affirm"), Choice(label="No", payload="/deny"))
MESSAGES = "**/channels/web/messages"


PLACE = Enclosure(
    kind=MediaKind.LOCATION,
    title="ຫ້ອງການ",
    address="opposite the old bridge",
    latitude=17.9667,
    longitude=102.6,
)
FORM = Enclosure(kind=MediaKind.DOCUMENT, title="Form 2", url="https://patou.example/forms/form-2.pdf")


def painted(width: int, height: int) -> bytes:
    """A picture that does not pack well."""
    drawn = BytesIO()
    Image.effect_noise((width // 4, height // 4), 90).resize((width, height)).convert("RGB").save(
        drawn, "PNG"
    )
    return drawn.getvalue()


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab of its own, as wide as the narrowest page that must need no sideways scrolling (WCAG 1.4.10)."""
    context = await browser.new_context(viewport={"width": 320, "height": 560})
    context.set_default_timeout(20_000)
    page = await context.new_page()
    faults: list[str] = []
    # Without its other half the script of the page ends at once; what is left is a form.
    page.on(
        "pageerror", lambda error: faults.append(str(error)) if "converse is not" not in str(error) else None
    )
    page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    yield page
    await context.close()
    assert faults == []


@pytest.fixture
async def answering(edge: Edge, wiring: Wiring) -> Answering:
    """What answers behind the pages of the edge."""
    return await open_pages(edge, wiring)


async def say(page: Page, text: str) -> None:
    """Write, and press Enter."""
    await page.get_by_role("textbox").fill(text)
    await page.keyboard.press("Enter")


async def test_a_conversation(edge: Edge, answering: Answering, page: Page) -> None:
    answering.answers, answering.choices = {"ພາສປອດ": [f"ສະບາຍດີ {HOSTILE}"], "ແມ່ນ": ["fine"]}, YES
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "ພາສປອດ")
    await page.get_by_role("button", name="ແມ່ນ").click()
    await expect(page.locator(".entry")).to_have_count(4)
    assert [(each.text, each.payload, each.language) for each in answering.messages] == [
        ("ພາສປອດ", "", "en"),
        ("ແມ່ນ", "/affirm", "en"),
    ]
    assert HOSTILE in await page.get_by_role("log").inner_text()
    assert await page.locator("img").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await page.locator(".entry p").first.get_attribute("lang") == "lo"


async def test_a_conversation_is_there_again_in_the_same_tab_and_in_another_language(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.choices = YES
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "hello")
    await expect(page.locator(".entry")).to_have_count(2)
    await page.reload()
    await expect(page.locator(".entry")).to_have_count(2)
    await page.get_by_role("link", name="ລາວ").click()
    await expect(page.locator("html")).to_have_attribute("lang", "lo")
    await expect(page.locator(".entry")).to_have_count(2)
    # The question is still open, and its answer belongs to the same conversation.
    await page.get_by_role("button", name="ແມ່ນ").click()
    await expect(page.locator(".entry")).to_have_count(4)
    assert len({each.urn for each in answering.messages}) == 1


async def test_a_reply_whose_way_broke_off_is_seen_after_a_reload_and_once(
    edge: Edge, answering: Answering, page: Page
) -> None:
    async def lose(route: Route) -> None:
        if route.request.method == "POST":
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route(MESSAGES, lose)
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "hello")
    await expect(page.get_by_role("status")).to_have_text(PACK.label("en", "chat_offline"))
    await page.unroute(MESSAGES)
    await page.reload()
    await expect(page.get_by_text("re: hello")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("")
    await expect(page.locator(".entry")).to_have_count(2)
    assert len(answering.messages) == 1
    await acknowledged(page)
    assert await edge.store.states() == ["sent"]


async def acknowledged(page: Page) -> None:
    """Wait until the page has told all that it has shown."""
    await page.wait_for_function("JSON.parse(sessionStorage.getItem('owed')).length === 0")


async def test_what_is_written_without_a_network_goes_out_once_when_it_is_back(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.goto(f"{edge.url}/chat?lang=lo")
    await page.context.set_offline(True)
    await say(page, "ພາສປອດ")
    await expect(page.get_by_role("status")).to_have_text(PACK.label("lo", "chat_offline"))
    await say(page, "ເທົ່າໃດ")
    await page.context.set_offline(False)
    await expect(page.get_by_text("re: ເທົ່າໃດ")).to_be_visible()
    assert [each.text for each in answering.messages] == ["ພາສປອດ", "ເທົ່າໃດ"]
    await expect(page.locator(".entry")).to_have_count(4)


async def test_the_page_waits_at_the_server_for_an_answer_that_is_on_its_way(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.late = ["hello"]
    await page.goto(f"{edge.url}/chat?lang=en")
    async with page.expect_request(lambda request: "wait=5" in request.url):
        await say(page, "hello")
    await expect(page.get_by_role("status")).to_have_text(PACK.label("en", "chat_wait"))
    await answering.say(answering.messages[0], "at last")
    await expect(page.get_by_text("at last")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("")


async def test_the_page_says_when_there_is_to_be_no_answer(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.limited = ["hello"]
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "hello")
    await expect(page.get_by_role("status")).to_have_text(PACK.label("en", "chat_limited"))


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_asked_again_by_itself(
    edge: Edge, answering: Answering, page: Page, status: int
) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=status, body="{}", headers={"Retry-After": "1"})

    await page.route(MESSAGES, refuse)
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "hello")
    await expect(page.get_by_role("status")).to_have_text(PACK.label("en", "chat_busy"))
    await page.unroute(MESSAGES)
    await expect(page.get_by_text("re: hello")).to_be_visible()
    assert len(answering.messages) == 1


async def test_the_page_fetches_what_the_system_says_and_no_url_opens_the_conversation(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.clock.install()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    await page.goto(f"{edge.url}/chat?lang=en")
    token = await page.evaluate("JSON.parse(sessionStorage.getItem('session'))")
    await edge.store.put("web", str(session_urn(token)), "news of your case")
    await page.clock.fast_forward(16_000)
    await expect(page.get_by_text("news of your case")).to_be_visible()
    assert not [url for url in urls if token in url]
    assert answering.messages == []


async def test_without_storage_the_conversation_lives_as_long_as_the_page(
    edge: Edge, answering: Answering, page: Page
) -> None:
    forbid = "Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('forbidden'); }})"
    await page.add_init_script(forbid)
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "hello")
    await expect(page.get_by_text("re: hello")).to_be_visible()
    assert len(answering.messages) == 1


async def test_a_script_that_is_lost_or_not_understood_leaves_a_form_that_works(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.route("**/conversation.js", lambda route: route.abort())
    await page.goto(f"{edge.url}/chat?lang=en")
    await page.get_by_role("textbox").fill("hello")
    await page.get_by_role("button", name=PACK.label("en", "chat_send")).click()
    await expect(page.get_by_text("re: hello")).to_be_visible()
    assert [each.language for each in answering.messages] == ["en"]


async def test_a_receipt_stands_out_and_leads_to_its_page(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.answers = {"send": [SLIP]}
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "send")
    await expect(page.locator(".slip")).to_be_visible()
    assert await page.locator(".slip dd").all_inner_texts() == ["1234 5678", "012345"]
    link = page.get_by_role("link", name=PACK.label("en", "chat_slip_status"))
    assert await link.get_attribute("href") == "/status/12345678?lang=en"


async def test_the_newest_reply_is_never_hidden_by_the_form(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.answers = {"again": ["ສະບາຍດີ " * 12]}
    await page.goto(f"{edge.url}/chat?lang=en")
    for number in range(1, 7):
        await say(page, "again")
        await expect(page.locator(".entry")).to_have_count(number * 2)
    last = await page.locator(".entry").last.bounding_box()
    form = await page.locator("form").bounding_box()
    assert last is not None
    assert form is not None
    assert last["y"] + last["height"] <= form["y"]


async def test_what_is_reached_by_keyboard_is_never_hidden_by_the_form(
    edge: Edge, answering: Answering, page: Page
) -> None:
    """WCAG 2.4.11: the focus is not obscured."""
    answering.choices = tuple(Choice(label=f"{number} ສະບາຍດີ " * 3, payload="/x") for number in range(10))
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "hello")
    await expect(page.locator(".choices button")).to_have_count(10)
    await page.evaluate("scrollTo(0, 0)")
    await page.locator("#log").focus()
    for _ in range(10):
        await page.keyboard.press("Tab")
        below, form = await page.evaluate(
            "[document.activeElement, document.querySelector('form')].map(each => each.getBoundingClientRect())"
            ".map((box, at) => at ? box.top : box.bottom)"
        )
        assert below <= form


async def test_a_long_reply_is_read_from_its_beginning(edge: Edge, answering: Answering, page: Page) -> None:
    answering.answers = {"long": ["ສະບາຍດີ\n" * 40]}
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "long")
    await expect(page.locator(".entry")).to_have_count(2)
    box = await page.locator(".entry").last.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 200


async def test_everything_can_be_done_by_keyboard(edge: Edge, answering: Answering, page: Page) -> None:
    answering.choices = YES
    await page.goto(f"{edge.url}/chat?lang=en")
    reached = []
    for _ in range(6):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.lang || document.activeElement.id"))
    assert reached == ["lo", "lo-Latn", "en", "file", "text", "send"]
    await say(page, "hello")
    await page.get_by_role("button", name="No").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("re: No")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "width", "height"), [("lo", 360, 640), ("lo-Latn", 360, 640), ("en", 1280, 800)]
)
async def test_no_barrier_is_found(
    edge: Edge, answering: Answering, page: Page, language: str, width: int, height: int
) -> None:
    answering.answers, answering.choices = {"ສົ່ງ": [SLIP]}, YES
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(f"{edge.url}/chat?lang={language}")
    assert await barriers(page) == []
    await say(page, "ສົ່ງ")
    await expect(page.locator(".slip")).to_be_visible()
    assert await barriers(page) == []
    assert await small_targets(page) == []


async def test_a_photo_goes_at_once_and_is_made_smaller_on_the_way(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.answers = {"": ["a photo came"]}
    await page.goto(f"{edge.url}/chat?lang=en")
    photo = painted(4000, 3000)
    await page.locator("#file").set_input_files(
        {"name": "bridge.png", "mimeType": "image/png", "buffer": photo}
    )
    await expect(page.get_by_text("a photo came")).to_be_visible()
    await expect(page.get_by_text("bridge.png")).to_be_visible()
    (attachment,) = answering.messages[0].attachments
    assert (attachment.kind, attachment.name) == ("photo", "bridge.png")
    upload = Upload.parse(attachment.reference)
    assert upload is not None
    store = edge.store
    sent = Image.open(BytesIO(await Uploads(store.db, store.clock, store.chance).read(upload)))
    assert (sent.format, sent.size) == ("JPEG", (2000, 1500))
    await page.reload()
    await expect(page.locator(".entry")).to_have_count(2)
    assert len(answering.messages) == 1


async def test_what_cannot_be_sent_is_said(edge: Edge, answering: Answering, page: Page) -> None:
    await page.goto(f"{edge.url}/chat?lang=en")
    files = {"chat_file_kind": b"MZ" + bytes(99), "chat_file_large": b"%PDF-" + bytes(1_500_000)}
    for key, data in files.items():
        await page.locator("#file").set_input_files(
            {"name": "x.pdf", "mimeType": "application/pdf", "buffer": data}
        )
        await expect(page.get_by_role("status")).to_have_text(PACK.label("en", key))
    assert answering.messages == []


async def test_a_file_without_a_network_goes_out_when_it_is_back(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.goto(f"{edge.url}/chat?lang=en")
    await page.context.set_offline(True)
    await page.locator("#file").set_input_files(
        {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    )
    await expect(page.get_by_role("status")).to_have_text(PACK.label("en", "chat_offline"))
    await page.context.set_offline(False)
    await expect(page.locator(".entry")).to_have_count(2)
    assert len(answering.messages) == 1


async def test_a_place_and_a_form_are_links_with_the_words(
    edge: Edge, answering: Answering, page: Page
) -> None:
    answering.enclosures = {"where": PLACE, "form": FORM}
    answering.answers = {"where": [PLACE.title], "form": [FORM.title]}
    await page.goto(f"{edge.url}/chat?lang=en")
    await say(page, "where")
    await say(page, "form")
    links = page.locator(".links a")
    await expect(links).to_have_count(3)
    assert [await links.nth(n).get_attribute("href") for n in range(3)] == [
        "https://www.openstreetmap.org/?mlat=17.966700&mlon=102.600000#map=17/17.966700/102.600000",
        "geo:17.966700,102.600000?q=17.966700,102.600000",
        FORM.url,
    ]
    await expect(page.get_by_text(PLACE.address)).to_be_visible()
    assert await barriers(page) == []
    assert await small_targets(page) == []


async def test_page_and_fonts_stay_under_60_kilobytes_on_the_wire(
    edge: Edge, answering: Answering, page: Page
) -> None:
    await page.set_viewport_size({"width": 360, "height": 640})
    wire = await page.context.new_cdp_session(page)
    await wire.send("Network.enable")
    sizes: dict[str, int] = {}
    wire.on(
        "Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]})
    )
    answering.answers = {"ພາສປອດ": ["ໜັງສືຜ່ານແດນ"]}
    await page.goto(f"{edge.url}/chat?lang=lo", wait_until="networkidle")
    await say(page, "ພາສປອດ")
    await expect(page.get_by_text("ໜັງສືຜ່ານແດນ")).to_be_visible()
    loaded = await page.evaluate("[...document.fonts].filter(each => each.status === 'loaded').length")
    assert loaded == 2
    assert sum(sizes.values()) < 60_000
    assert len(sizes) >= 5  # the page, its fonts, its icon, what was said
