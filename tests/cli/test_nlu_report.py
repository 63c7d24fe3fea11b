"""The report of an evaluation: what stands in it, that it needs nothing else, and that everybody can read it."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from defusedxml import ElementTree
from playwright.async_api import Browser

from bot.nlu.data import Example
from bot.nlu.evaluate import Outcome, Report, report
from cli.nlu_report import Judgement, write_report
from composition.poster import fonts
from tests.servers.chromium import barriers, chromium

_SVG = "{http://www.w3.org/2000/svg}"
INTENTS = [f"intent_{name}" for name in "abcdefghijklmnopqrstuvwxyz"] + ["fee", "out_of_scope", "a<b", "ຄ່າ"]
TEXTS = {
    "en": "my number is 020 5555 1234 <script>alert(1)</script> & I am lost",
    "lo": "ບັດປະຈຳຕົວຂອງຂ້ອຍເສຍ ຢູ່ໃສກໍ່ບໍ່ຮູ້",
    "lo-Latn": "bo hu hed neo dai noy@example.la",
}


@pytest.fixture(scope="module")
def judged() -> Report:
    """Figures of many messages in three languages and thirty intents."""
    chance = random.Random(1)  # noqa: S311 - it must repeat itself
    outcomes = []
    for number in range(900):
        wanted = INTENTS[number % len(INTENTS)]
        predicted = wanted if chance.random() < 0.8 else chance.choice(INTENTS)
        language = chance.choice(list(TEXTS))
        outcomes.append(
            Outcome(
                example=Example(text=TEXTS[language], intent=wanted, language=language),
                predicted=predicted,
                confidence=round(chance.random(), 4),
                ranking=(predicted, wanted),
                scope=chance.random(),
            )
        )
    return report(outcomes)


@pytest.fixture(scope="module")
def folder(judged: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the report of these lies."""
    made = tmp_path_factory.mktemp("report") / "new"
    page = write_report(made, Judgement(about="900 messages of <nobody>.", report=judged), fonts())
    assert page == made / "report.html"
    return made


class _Page(HTMLParser):
    """The tables of a page by their captions, and all that it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data.strip()


@pytest.fixture(scope="module")
def page(folder: Path) -> _Page:
    """The page as it is parsed."""
    parsed = _Page()
    parsed.feed((folder / "report.html").read_text("utf-8"))
    return parsed


def test_the_tables_have_the_figures(page: _Page, judged: Report) -> None:
    figures, confusions, intents, bins, errors = page.tables
    assert figures[0] == ["", "all", "en", "lo", "lo-Latn"]
    assert figures[1][:2] == ["messages", "900"]
    assert figures[2][:2] == ["right", f"{judged.accuracy:.3f}"]
    (wanted, understood), most = next(iter(judged.confusion.items()))
    assert confusions[1] == [wanted, understood, str(most)]
    assert [row[0] for row in intents[1:]] == sorted(INTENTS)
    assert sum(int(row[1]) for row in intents[1:]) == 900
    assert [row[1] for row in bins[1:]] == [str(each.messages) for each in judged.bins]
    assert len(errors) - 1 == round(900 * (1 - judged.accuracy))
    sure = [int(row[3].rstrip("%")) for row in errors[1:]]
    assert all(one >= other for one, other in pairwise(sure))


@pytest.mark.parametrize(
    ("share", "head"),
    [(0.5, "50% noise"), (0.05, "5% noise"), (0.01, "1% noise"), (0.004, "0.4% noise")],
)
def test_a_column_says_how_much_noise_there_was(share: float, head: str, judged: Report) -> None:
    judgement = Judgement(about="", report=judged, share=share, noisy=judged)
    assert list(judgement.columns()) == ["all", *TEXTS, head]
    assert judgement.record()["noise"] == {"share": share, **judged.figures()}


def test_nobody_is_recognised_and_nothing_is_run(folder: Path, page: _Page) -> None:
    for file in folder.iterdir():
        content = file.read_text("utf-8")
        assert "5555" not in content
        assert "noy@" not in content
        assert "<script" not in content or file.suffix == ".json"
        assert file.stat().st_mode & 0o077 == 0
    assert "script" not in page.tags
    assert page.addresses == []
    text = (folder / "report.html").read_text("utf-8")
    assert re.findall(r"url\(\"(?!data:)", text) == []
    assert "&lt;script&gt;" in text
    assert "900 messages of &lt;nobody&gt;." in text


def test_the_matrix_has_a_cell_for_every_count(folder: Path, judged: Report) -> None:
    drawn = ElementTree.parse(folder / "confusion.svg").getroot()
    cells = [each for each in drawn.iter(f"{_SVG}g") if each.get("class") == "cell"]
    told = {
        each.findtext(f"{_SVG}title").partition(":")[0]: int(each.findtext(f"{_SVG}text")) for each in cells
    }
    assert told == {
        f"{wanted} understood as {understood}": count for (wanted, understood), count in judged.counts.items()
    }
    places = {(each[1].get("x"), each[1].get("y")) for each in cells}
    assert len(places) == len(cells)
    assert drawn.findtext(f"{_SVG}title")
    assert drawn.findtext(f"{_SVG}desc")


def test_the_diagram_has_a_bar_as_high_as_it_is_right(folder: Path, judged: Report) -> None:
    drawn = ElementTree.parse(folder / "reliability.svg").getroot()
    bars = [each[1] for each in drawn.iter(f"{_SVG}g") if each.get("class") == "bin"]
    high = [float(each.get("height")) / 320 for each in bars]
    assert high == pytest.approx([each.accuracy for each in judged.bins], abs=0.001)
    assert len(list(drawn.iter(f"{_SVG}circle"))) == len(judged.bins) == 10
    assert f"{judged.calibration_error:.3f}" in (drawn.findtext(f"{_SVG}desc") or "")


def test_all_of_it_is_there_for_machines(folder: Path, judged: Report) -> None:
    told = orjson.loads((folder / "report.json").read_bytes())
    assert told["accuracy"] == judged.accuracy
    assert told["columns"]["lo"] == judged.languages["lo"].figures()
    assert len(told["errors"]) == sum(judged.confusion.values())
    assert sum(each["messages"] for each in told["confusion"]) == len(told["errors"])


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this module."""
    async with chromium() as browser:
        yield browser


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_it_from_the_disk(
    folder: Path, browser: Browser, width: int, scheme: str
) -> None:
    page = await browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("requestfailed", lambda request: faults.append(request.url))
    await page.goto((folder / "report.html").as_uri())
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults == []
    assert await barriers(page) == []
    shown = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shown == ("rgb(13, 16, 20)" if scheme == "dark" else "rgb(246, 247, 249)")
    await page.close()


async def test_it_prints_dark_on_white(folder: Path, browser: Browser) -> None:
    page = await browser.new_page(color_scheme="dark")
    await page.goto((folder / "report.html").as_uri())
    await page.emulate_media(media="print")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    ink = await page.evaluate("getComputedStyle(document.querySelector('.picture text')).fill")
    assert ink in {"rgb(74, 83, 93)", "rgb(27, 31, 36)"}
    await page.close()
