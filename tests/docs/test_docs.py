"""The documents describe what is there: settings, links, commands, files and tests that they name."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import app
from bot.config import settings_table
from bot.schema import metadata
from bot.yaml_read import read_yaml
from channels.config import kinds, load_channels
from cli.main import command
from tests.channels.environ import plausible
from tests.dialogs.conversation import TRANSCRIPTS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

# Written by `make bench`.
_GENERATED = {"benchmarks.md"}

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?:\]\(|src=\")([^)\"\s]+)")
_TEST = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")
_EVENT = re.compile(
    r"(?:backlog|delivery|housekeeping|http|joining|links|pipeline|smpp|spending|webhook|worker)\.[a-z_]+"
)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PATH = re.compile(
    r"(?:app|bot|channels|dialogs|complaints|services|web|cli|tests|nlu_data|docs)(?:/[\w.*-]+)*/?"
)


@pytest.fixture(scope="module")
def patou() -> click.Group:
    """The command as `app.main` makes it."""
    return command(app.Kit())


def test_the_settings_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    begin, end = "<!-- settings: generated from bot/config.py -->\n", "\n<!-- end of settings -->"
    assert page.partition(begin)[2].partition(end)[0] == settings_table()


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target in _LINK.findall(_prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found), target


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = [(page.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(_prose(page))]
        waiting += [link for link in links if link.suffix == ".md" and link in PAGES and link not in reached]
    assert {page.name for page in set(PAGES) - reached} <= _GENERATED


@pytest.mark.parametrize("name", NAMES)
def test_every_command_exists_with_its_options(name: str, patou: click.Group) -> None:
    for words in _commands(ROOT / name):
        _follow(patou, words)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_is_named_is_there(name: str) -> None:
    for span in _SPAN.findall(_prose(ROOT / name)):
        path, _, test = span.partition("::")
        if _PATH.fullmatch(path):
            found = list(ROOT.glob(path.rstrip("/")))
            assert found, span
            assert f"def {test}(" in found[0].read_text(encoding="utf-8") if test else True, span


@pytest.mark.parametrize("name", NAMES)
def test_every_test_that_is_named_is_in_its_file(name: str) -> None:
    page = ROOT / name
    for test, path in _TEST.findall(_prose(page)):
        assert f"def {test}(" in (page.parent / path).read_text(encoding="utf-8"), test


def test_the_changelog_has_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)


def test_channels_in_the_documents_can_be_used_as_they_stand(tmp_path: Path) -> None:
    environ = plausible(
        name for page in PAGES for name in re.findall(r'"env:(\w+)"', page.read_text("utf-8"))
    )
    used = set()
    for number, text in enumerate(_blocks("toml")):
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        used |= {each.kind for each in load_channels(path, environ)}
    assert used == set(kinds())


def test_every_kind_of_channel_is_in_the_drawing() -> None:
    drawing = (ROOT / "docs" / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert f"Kinds of channel today: {', '.join(kinds())}." in drawing


def test_what_the_readme_shows_is_held_by_a_transcript() -> None:
    transcripts = read_yaml(ROOT / "tests" / "dialogs" / "readme.yml")
    held = [[step["user"] for step in each["steps"]] for each in transcripts]
    picture = read_yaml(ROOT / "docs" / "images" / "conversation.yml")
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| write | you get |")[2]
    written = re.findall(r"^\| `([^`]+)` \|", table.partition("\n\n")[0], re.MULTILINE)
    assert len(written) > 0
    assert set(written) <= {line for conversation in held for line in conversation}
    assert all(each["steps"] in held for each in picture)


def test_every_row_of_the_mission_is_shown_or_says_that_it_is_not_yet() -> None:
    rows = re.findall(r"^\| M\d{3} \|.*$", (ROOT / "docs" / "mission.md").read_text("utf-8"), re.MULTILINE)
    shown = {row.split(" | ")[0]: row.rsplit(" | ", 1)[1] for row in rows}
    assert len(shown) == len(rows) > 50
    for row, by in shown.items():
        spans = _SPAN.findall(by)
        assert spans or by.startswith("Not yet"), row
        assert {span for span in spans if not span.startswith("tests/")} <= set(TRANSCRIPTS), row


def test_events_and_metrics_that_an_operator_watches_are_in_the_code() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("bot", "channels", "complaints", "web", "cli")
        for path in (ROOT / folder).rglob("*.py")
    )
    pages = [ROOT / "docs" / "architecture.md", ROOT / "docs" / "how-to" / "run-in-production.md"]
    spans = {span for page in pages for span in _SPAN.findall(_prose(page))}
    events = {span for span in spans if _EVENT.fullmatch(span)}
    metrics = {span.removesuffix("_total") for span in spans if span.startswith("patou_")}
    assert len(events) > 0
    assert len(metrics) > 0
    assert [name for name in events | metrics if f'"{name}"' not in code] == []


def test_every_table_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = page.partition("| table | holds | sealed |")[2].partition("\n\n")[0].splitlines()
    named = {name for row in rows for name in _SPAN.findall(row.split(" | ")[0])}
    assert named == set(metadata.tables)


def test_variables_in_the_documents_are_settings() -> None:
    known = set(re.findall(r"PATOU_[A-Z_]+", settings_table())) | {"PATOU_PURGE_"}
    for page in PAGES:
        assert set(re.findall(r"PATOU_[A-Z_]+", page.read_text(encoding="utf-8"))) <= known, page.name


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def _blocks(language: str) -> Iterator[str]:
    for page in PAGES:
        for found, text in _FENCE.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield text


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_prose(page))
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def _commands(page: Path) -> Iterator[list[str]]:
    """The words after `patou` wherever a page names a command, in running text or in a block for the shell."""
    text = page.read_text(encoding="utf-8")
    lines = [line for kind, block in _FENCE.findall(text) if kind == "sh" for line in block.splitlines()]
    for line in [*lines, *_SPAN.findall(_prose(page))]:
        words = shlex.split(line.partition(" #")[0], posix=True) if "patou" in line else []
        words = words[: words.index(">")] if ">" in words else words
        start = next((n for n, word in enumerate(words) if word.rpartition("/")[2] == "patou"), None)
        if start is not None and all("=" in word for word in words[:start]):
            yield words[start + 1 :]


def _follow(group: click.Command, words: list[str]) -> None:
    """Walk down the groups; what is left must be options and arguments that the command has."""
    here, rest = group, list(words)
    while isinstance(here, click.Group) and rest and not rest[0].startswith("-"):
        found = here.get_command(click.Context(here), rest.pop(0))
        assert found, words
        here = found
    options = {option for parameter in here.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options | {"--help", "--version"}, words
