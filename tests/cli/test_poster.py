"""The poster: what it says, where its codes lead as a telephone reads them, and that it fits its sheet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from playwright.async_api import Browser

import app
from bot.config import Config
from bot.errors import ConfigurationError
from bot.pack import Pack
from channels.config import ChannelConfig, kinds
from channels.reach import Reach
from cli.poster import commands
from tests.servers.chromium import barriers, chromium, picture

PACK = Pack.load(Path(__file__).parents[2] / "nlu_data")
SECTIONS = """
[channels.unitel]
kind = "kannel"
sendsms_url = "http://127.0.0.1:13013/cgi-bin/sendsms"
username = "patou"
password = "env:SECRET"
key = "env:SECRET"
sender = "1500"

[channels.telegram]
kind = "telegram"
token = "env:TOKEN"
secret = "env:SECRET"
public_address = "@patou_la_bot"

[channels.whatsapp]
kind = "whatsapp"
phone_number_id = "106540352242922"
access_token = "env:SECRET"
app_secret = "env:SECRET"
verify_token = "env:SECRET"
public_address = "+856 20 5555 0123"
"""
LINKS = {
    "unitel": "sms:1500",
    "telegram": "https://t.me/patou_la_bot",
    "whatsapp": "https://wa.me/8562055550123",
    "web": "https://patou.example.gov.la/chat",
}


class _Kit(app.Kit):
    """The settings of a test."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def config(self) -> Config:
        return self._config


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in an installation with four channels."""
    monkeypatch.setenv("SECRET", "a-secret-of-the-tests-0123456789")
    monkeypatch.setenv("TOKEN", "123456:abcdefghijklmnopqrstuvwxyz012345678")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "channels.toml"
    path.write_text(SECTIONS, encoding="utf-8")
    kit = _Kit(Config(data_dir=tmp_path, channels=path, public_url="https://patou.example.gov.la"))

    def command(*arguments: str) -> Result:
        (poster,) = commands(kit)
        return CliRunner().invoke(poster, arguments)

    return command


async def test_every_code_leads_where_the_sheet_says(
    run: Callable[..., Result], tmp_path: Path, browser: Browser
) -> None:
    assert run().exit_code == 0
    html = (tmp_path / "poster.html").read_text("utf-8")
    seen = zxingcpp.read_barcodes(await picture(browser, html))
    assert {each.text for each in seen} == set(LINKS.values())
    for shown in ("1500", "@patou_la_bot", "+856 20 5555 0123", "patou.example.gov.la/chat"):
        assert f">{shown}<" in html


def test_it_says_everything_in_every_language(run: Callable[..., Result], tmp_path: Path) -> None:
    run("--centre", "saysettha", "--out", "sheet.html")
    html = (tmp_path / "sheet.html").read_text("utf-8")
    for language in PACK.languages:
        for key in ("chat_title", "poster_intro", "kiosk_fee", "poster_example", "poster_hotlines"):
            assert PACK.label(language, key) in html
    assert "One-door service centre, Xaysettha district" in html
    assert "156 (National Assembly hotline)" in html
    assert "as of 2016" in html, "what is only reported says so on paper too"
    assert "1195" not in html, "an unknown number is never told"


@pytest.mark.parametrize(("size", "width", "height"), [("A4", 595, 842), ("A5", 420, 595)])
async def test_it_is_one_sheet_of_paper(
    run: Callable[..., Result], tmp_path: Path, browser: Browser, size: str, width: int, height: int
) -> None:
    run("--size", size, "--centre", "saysettha")
    page = await browser.new_page()
    await page.goto((tmp_path / "poster.html").as_uri())
    assert await barriers(page) == []
    pdf = await page.pdf(prefer_css_page_size=True, print_background=True)
    await page.close()
    assert pdf.count(b"/MediaBox") == 1
    box = [float(each) for each in pdf.partition(b"/MediaBox [")[2].partition(b"]")[0].split()]
    assert (round(box[2]), round(box[3])) == (width, height)


def test_it_needs_no_other_file(run: Callable[..., Result], tmp_path: Path) -> None:
    run("--channel", "unitel")
    html = (tmp_path / "poster.html").read_text("utf-8")
    assert "<script" not in html
    assert not [each for each in ('src="http', 'href="', 'url("http') if each in html]
    assert ("1500" in html, "patou_la_bot" in html) == (True, False)


@pytest.mark.parametrize(
    "arguments", [("--channel", "twilio"), ("--channel", "nobody"), ("--centre", "nowhere"), ("--size", "A3")]
)
def test_what_cannot_be_printed_is_named(run: Callable[..., Result], arguments: tuple[str, str]) -> None:
    told = run(*arguments)
    assert told.exit_code != 0
    assert arguments[1] in f"{told.output}{told.exception}"


def test_only_channels_that_there_are_can_be_reached() -> None:
    assert set(Reach.load().kinds) <= set(kinds())


def test_a_kind_that_the_table_does_not_know_is_on_no_poster() -> None:
    config = ChannelConfig(name="one", kind="pigeon", settings=None, public_address="the roof")
    assert Reach.load().ways([config], "https://patou.example") == []


def test_every_way_has_its_words() -> None:
    assert {f"poster_by_{by}" for by in Reach.load().applications} <= PACK.labels["lo"].keys()


@pytest.mark.parametrize(
    ("kind", "address", "link"),
    [
        ("messenger", "patou.la", "https://m.me/patou.la"),
        ("line", "@patou", "https://line.me/R/ti/p/%40patou"),
        ("telegram", "patou_bot", "https://t.me/patou_bot"),
        ("web", "https://www.gov.la/ask", "https://www.gov.la/ask"),
    ],
)
def test_where_a_code_leads(kind: str, address: str, link: str) -> None:
    config = ChannelConfig(name="one", kind=kind, settings=None, public_address=address)
    (way,) = Reach.load().ways([config], "https://patou.example")
    assert way.link == link


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("telegram", "https://t.me/x"),
        ("whatsapp", "patou"),
        ("line", "patou"),
        ("kannel", "PATOU"),
        ("web", "javascript:alert(1)"),
        ("messenger", "a page/../"),
    ],
)
def test_an_address_that_cannot_be_is_named(kind: str, address: str) -> None:
    config = ChannelConfig(name="one", kind=kind, settings=None, public_address=address)
    with pytest.raises(ConfigurationError, match=r"channels\.one\.public_address"):
        Reach.load().ways([config], "https://patou.example")
