"""The public status page: what it tells to whoever has the PIN, and nothing to anybody else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import zxingcpp
from aiohttp import ClientSession
from playwright.async_api import Browser, expect

from bot.browsers import network
from bot.clock import Chance, Clock
from bot.crypto import open_vault
from bot.db import open_database
from bot.limits import MemoryLimits
from bot.pack import Pack
from bot.text.check_digits import damm
from complaints.cases import CaseState, EventKind
from complaints.store import Cases
from dialogs.words import Words
from tests.complaints.conftest import WORDS, Office
from tests.conftest import MASTER
from tests.pinned import PinnedTime
from tests.servers.chromium import barriers, chromium, picture, small_targets
from tests.servers.ports import free_port
from web.assets import Assets
from web.server import Server
from web.status_page import Parts, StatusPage

NETWORK = 8  # wrong PINs a day
ROOT = Path(__file__).parents[2]
PACK = Pack.load(ROOT / "nlu_data")
PUBLIC_URL = "https://patou.example.gov.la"
PIN = "012345"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def office(sqlite_url: str, pinned: PinnedTime, chance: Chance) -> AsyncIterator[Office]:
    """Cases in a database of this test's own."""
    database = await open_database(sqlite_url, Clock(), patience=30)
    vault = await open_vault(database, MASTER, pinned.clock)
    cases = Cases(database, vault, pinned.clock)
    yield Office(db=database, vault=vault, clock=pinned.clock, chance=chance, cases=cases)
    await database.close()


@pytest.fixture
async def url(office: Office) -> AsyncIterator[str]:
    """Where the page is."""
    assets = Assets([ROOT / "web" / "static"])
    parts = Parts(
        cases=Cases(office.db, office.vault, office.clock, guesses_each=NETWORK),
        words=PACK,
        assets=assets,
        limits=MemoryLimits(office.clock),
        clock=office.clock,
        date=lambda language, moment: Words(pack=PACK, language=language).date(moment),
        public_url=PUBLIC_URL,
    )
    routes = [*assets.routes(), *StatusPage(parts).routes()]
    async with Server({"anyone": routes}, https=False).listen("127.0.0.1", free_port()) as address:
        yield address


async def ask(url: str, headers: Mapping[str, str] = FORM, **fields: str) -> tuple[int, str]:
    """Status and page after the form is sent."""
    async with (
        ClientSession() as session,
        session.post(f"{url}/status?lang=en", data=fields, headers=headers) as response,
    ):
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.text()


def said(key: str) -> str:
    """A word of the page in English."""
    return PACK.label("en", key)


async def filed(office: Office) -> str:
    """The reference of a case just filed."""
    filing = office.filing()
    await office.do(filing, "m1")
    return filing.reference


async def test_whoever_has_the_pin_sees_state_days_and_next_step_and_no_word_of_the_case(
    office: Office, url: str
) -> None:
    reference = await filed(office)
    status, page = await ask(url, reference=reference, pin=PIN)
    assert status == 200
    for told in (
        "state_received",
        "status_page_next_received",
        "status_page_promised",
        "status_page_filed",
    ):
        assert said(told) in page
    assert ["02/03/2026" in page, "23/03/2026" in page] == [True, True]
    assert not [word for word in WORDS.split() if len(word) > 3 and word in page]
    assert PIN not in page


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("language", PACK.languages)
def test_every_state_has_a_next_step(state: CaseState, language: str) -> None:
    assert PACK.labels[language][f"status_page_next_{state}"].text


async def test_a_late_answer_is_admitted_and_a_solved_case_promises_nothing(
    office: Office, url: str, pinned: PinnedTime
) -> None:
    reference = await filed(office)
    pinned.advance(22 * 86_400)
    assert said("status_page_next_late") in (await ask(url, reference=reference, pin=PIN))[1]
    await office.change(reference, EventKind.RESOLVED, "r1", told="done")
    page = (await ask(url, reference=reference, pin=PIN))[1]
    assert said("status_page_next_resolved") in page
    assert said("status_page_promised") not in page


@pytest.mark.parametrize("typed", ["{0} {1}", "{0}-{1}", "ເລກທີ {0} {1}", "lao"])
async def test_a_number_is_found_as_people_type_it(office: Office, url: str, typed: str) -> None:
    reference = await filed(office)
    lao = str.maketrans("0123456789", "໐໑໒໓໔໕໖໗໘໙")
    if typed == "lao":
        number, pin = reference.translate(lao), PIN.translate(lao)
    else:
        number, pin = typed.format(reference[:4], reference[4:]), f"{PIN[:3]} {PIN[3:]}"
    status, page = await ask(url, reference=number, pin=pin)
    assert (status == 200) == ("ເລກທີ" not in typed), page


async def test_a_mistyped_digit_is_told_and_costs_no_guess(office: Office, url: str) -> None:
    reference = await filed(office)
    wrong = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    for _ in range(6):
        status, page = await ask(url, reference=wrong, pin=PIN)
        assert (status, said("status_page_mistyped") in page) == (422, True)
    assert (await ask(url, reference=reference, pin=PIN))[0] == 200


async def test_a_number_that_no_case_has_answers_like_one_with_another_pin(
    office: Office, url: str, pinned: PinnedTime
) -> None:
    known, unknown = await filed(office), "10000004"
    pages: dict[str, list[tuple[int, str]]] = {known: [], unknown: []}
    for reference, answers in pages.items():
        pinned.advance(86_400)
        for _ in range(7):
            status, page = await ask(url, reference=reference, pin="999999")
            digits = f"{reference[:4]} {reference[4:]}"
            answers.append((status, page.replace(digits, "").replace(reference, "")))
    assert pages[known] == pages[unknown]
    assert [status for status, _ in pages[known]] == [422] * 4 + [429] * 3


async def test_guesses_are_few_on_a_reference_and_from_a_network(
    office: Office, url: str, pinned: PinnedTime
) -> None:
    reference = await filed(office)
    for _ in range(5):
        await ask(url, reference=reference, pin="999999")
    status, page = await ask(url, reference=reference, pin=PIN)
    assert (status, said("status_page_spent") in page) == (429, True)
    filing = office.filing()
    await office.do(filing, "m2")
    other = filing.reference
    assert (await ask(url, reference=other, pin=PIN))[0] == 200, "the same network, another number"
    for number in range(NETWORK):
        await ask(url, reference=f"{1000000 + number}{damm(str(1000000 + number))}", pin="999999")
    assert (await ask(url, reference=other, pin=PIN))[0] == 429
    pinned.advance(86_400)
    assert (await ask(url, reference=reference, pin=PIN))[0] == 200


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "status_page_unreadable"),
        ({"reference": "<script>"}, "status_page_unreadable"),
        ({"reference": "9" * 5000, "pin": "1"}, "status_page_broken"),
        ({"reference": "10000004"}, "status_page_pin_unreadable"),
        ({"reference": "10000004", "pin": "12345a"}, "status_page_pin_unreadable"),
        ({"reference": "10000004", "pin": "²²²²²²"}, "status_page_pin_unreadable"),
        ({f"f{number}": "x" for number in range(20)}, "status_page_broken"),
    ],
)
async def test_what_is_no_form_of_ours_is_answered_with_the_form(
    url: str, fields: dict[str, str], key: str
) -> None:
    status, page = await ask(url, FORM, **fields)
    assert (400 <= status < 500, said(key) in page, "<script>" in page) == (True, True, False)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 400),
        ({"Content-Encoding": "gzip"}, 400),
    ],
)
async def test_another_sites_form_spends_no_guess(
    office: Office, url: str, headers: dict[str, str], status: int
) -> None:
    reference = await filed(office)
    for _ in range(6):
        found = await ask(url, FORM | headers, reference=reference, pin="999999")
        assert found[0] == status
    assert (await ask(url, reference=reference, pin=PIN))[0] == 200


async def test_too_many_forms_wait_a_minute(url: str) -> None:
    found = [(await ask(url, reference="1"))[0] for _ in range(21)]
    assert (found[:20], found[20]) == ([422] * 20, 429)


async def test_the_address_of_a_case_asks_for_its_pin(office: Office, url: str, browser: Browser) -> None:
    """By keyboard, without script; the PIN is in no address."""
    reference = await filed(office)
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = await context.new_page()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    await page.goto(f"{url}/status/{reference}?lang=lo")
    await page.get_by_label(PACK.label("lo", "status_page_pin")).fill(PIN)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(PACK.label("lo", "state_received"))).to_be_visible()
    assert not [each for each in urls if PIN in each]
    await context.close()


@pytest.mark.parametrize(
    ("language", "width", "height"), [("lo", 320, 560), ("lo-Latn", 360, 640), ("en", 1280, 800)]
)
async def test_no_barrier_is_found(
    office: Office, url: str, browser: Browser, language: str, width: int, height: int
) -> None:
    reference = await filed(office)
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.goto(f"{url}/status/{reference}?lang={language}")
    assert await barriers(page) == []
    for pin in ("999999", PIN):
        await page.locator("#pin").fill(pin)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".fault" if pin != PIN else ".told")
        assert await barriers(page) == []
    assert await small_targets(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await context.close()


async def test_the_code_leads_to_the_page_and_holds_no_pin(
    office: Office, url: str, browser: Browser
) -> None:
    reference = await filed(office)
    async with (
        ClientSession() as session,
        session.get(f"{url}/status/{reference}/qr.svg") as response,
    ):
        assert response.headers["Content-Type"].startswith("image/svg+xml")
        svg = await response.text()
    seen = zxingcpp.read_barcodes(await picture(browser, svg))
    assert [each.text for each in seen] == [f"{PUBLIC_URL}/status/{reference}"]
    assert not re.search("<script|on[a-z]+=", svg)


@pytest.mark.parametrize(
    ("remote", "guesser"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
    ],
)
def test_who_guesses(remote: str | None, guesser: str) -> None:
    assert network(remote) == guesser


@pytest.mark.parametrize("path", ["/status/12345678/qr.svg", "/status/x/qr.svg", "/status/10000004/qr.png"])
async def test_there_is_no_code_for_what_is_no_number(url: str, path: str) -> None:
    async with ClientSession() as session, session.get(url + path) as response:
        assert response.status == 404


async def test_codes_are_drawn_for_one_address_now_and_then(url: str) -> None:
    """Each takes the time of many pages."""
    async with ClientSession() as session:
        statuses = []
        for _ in range(21):
            async with session.get(f"{url}/status/10000004/qr.svg") as response:
                statuses.append(response.status)
    assert statuses == [200] * 20 + [429]
