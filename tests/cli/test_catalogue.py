"""`patou catalogue`: what an operator sees and changes, over a database of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner, Result

import app
from bot.config import Config
from cli.catalogue import commands
from tests.pack.conftest import PACKS


class _Kit(app.Kit):
    """The real commands' own, with the settings of a test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def config(self) -> Config:
        return Config(data_dir=self._folder, pack=PACKS["fictional"], turn_seconds=30.0, store_seconds=30.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation where nothing has run yet."""
    return tmp_path


def _run(folder: Path, *arguments: str) -> Result:
    # A PatouError ends the real command with exit code 1; here it comes out as the exception.
    return CliRunner().invoke(commands(_Kit(folder))[0], arguments)


def _rows(folder: Path, *arguments: str) -> list[Any]:
    result = _run(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def _change(folder: Path, *arguments: str) -> str:
    result = _run(folder, *arguments, "--by", "ann")
    assert result.exit_code == 0, result.output
    return result.stdout.split()[-1]


def test_a_fresh_installation_lists_the_services_of_the_pack(folder: Path) -> None:
    listed = [row["id"] for row in _rows(folder, "list")]
    assert listed == sorted(each.stem for each in (PACKS["fictional"] / "services").glob("*.yml"))
    assert "boat-licence" in listed
    assert "boat-licence: Boat licence (requirements confirmed" in _run(folder, "list").stdout


def test_a_service_is_shown_for_a_place_and_a_type(folder: Path) -> None:
    [here] = _rows(folder, "show", "boat-licence", "--place", "P201", "--for", "renewal")
    assert {cost["id"]: cost["amount"] for cost in here["costs"]} == {"renewal": 650}
    shown = _run(folder, "show", "boat-licence", "--lang", "qav").stdout
    assert "Requirements (confirmed: boats act 4):" in shown
    assert "Ids of costs: small, big" in shown


def test_an_outage_is_shown_until_it_is_withdrawn(folder: Path) -> None:
    id_ = _change(folder, "notice", "all", "--outage")
    assert "[down]" in _run(folder, "list").stdout
    assert f"({id_})" in _run(folder, "show", "market-stall").stdout
    assert _run(folder, "withdraw", id_).exit_code == 0
    assert "[down]" not in _run(folder, "list").stdout
    assert _run(folder, "withdraw", id_).exit_code == 1
    [told] = _rows(folder, "history")
    assert (told["kind"], told["created_by"], bool(told["withdrawn_at"])) == ("notice", "ann", True)
    assert "ended" in _run(folder, "history").stdout


def test_fees_that_differ_are_listed_with_their_source(folder: Path) -> None:
    said = ["--source", "town notice 1", "--owner", "MT"]
    _change(folder, "set-fee", "market-stall", "stall", "40000", "--place", "P3", *said)
    rows = {(row["service"], row["where"]): row for row in _rows(folder, "differences")}
    stall = rows["market-stall", "P3"]
    assert (stall["national"], stall["local"], stall["place"], stall["source"]) == (
        36000, 40000, "Velamar", "town notice 1",
    )  # fmt: skip
    assert ("boat-licence", "P2") in rows
    assert (
        "stall: 40000 in Velamar, 36000 elsewhere QVL (town notice 1)" in _run(folder, "differences").stdout
    )


def test_a_centre_is_changed_and_shown(folder: Path) -> None:
    _change(folder, "centre", "korin-hall", "--status", "paused", "--hours", "mon-fri 08:00-12:00")
    [hall] = _rows(folder, "centre", "korin-hall")
    assert (hall["status"], hall["hours"]) == ("paused", "mon-fri 08:00-12:00")
    assert len(_rows(folder, "centre")) == 5
    _change(folder, "centre", "new-hall", "--place", "P302", "--name", "en=New hall")
    assert "new-hall: New hall, P302, planned (unknown)" in _run(folder, "centre", "new-hall").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "fishing"], 2),
        (["show", "boat-licence", "--place", "P9"], 2),
        (["show", "boat-licence", "--for", "giant"], 2),
        (["notice", "boat-licence", "--text", "hello"], 2),
        (["set-fee", "boat-licence", "small", "many", "--source", "x"], 2),
        (["centre", "nowhere"], 2),
        (["notice", "boat-licence"], 1),
        (["notice", "fishing", "--outage"], 1),
        (["set-fee", "boat-licence", "small", "1", "--source", "x"], 1),
        (["centre", "korin-hall", "--hours", "always"], 1),
        (["withdraw", "nothing"], 1),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, arguments: list[str], code: int) -> None:
    assert _run(folder, *arguments).exit_code == code


def test_every_command_says_what_it_does(folder: Path) -> None:
    (catalogue,) = commands(_Kit(folder))
    assert isinstance(catalogue, click.Group)
    for name, each in catalogue.commands.items():
        assert each.help, name
        assert _run(folder, name, "--help").exit_code == 0
