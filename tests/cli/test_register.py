"""The commands that look after registers, over a database of the test's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from bot.config import Config
from bot.crypto import Vault
from bot.db import Database
from cli.kit import Kit
from cli.register import commands
from composition.store import open_store

LIST = """\
number,service,state,since,next_step,phone,pin
BL-26/0015,boat-licence,ready,2020-03-02,collect,,4471
BL-26/0016,boat-licence,in_review,2/3/2020,,,4472
"""


class _Kit:
    """The settings of a test and its store, as app.py gives them."""

    def __init__(self, folder: Path) -> None:
        self._config = Config(data_dir=folder, pack=Path("tests/packs/fictional"), store_seconds=30.0)

    def config(self) -> Config:
        return self._config

    @asynccontextmanager
    async def store(self, config: Config, *, maintenance: bool) -> AsyncIterator[tuple[Database, Vault]]:
        async with open_store(config, maintenance=maintenance) as opened:
            yield opened


def _run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(commands(cast("Kit", _Kit(folder)))[0], arguments)


def _file(folder: Path, text: str = LIST) -> str:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def _lines(result: Result) -> list[Any]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_a_list_is_taken_in_shown_and_forgotten(tmp_path: Path) -> None:
    taken = _lines(_run(tmp_path, "import", _file(tmp_path), "--register", "boats", "--json"))
    assert [(each["register"], each["rows"], each["taken_out"]) for each in taken] == [("boats", 2, 0)]
    (shown,) = _lines(_run(tmp_path, "list", "--json"))
    assert (shown["register"], shown["applications"], shown["check_digit"]) == ("boats", 2, "")
    assert shown["as_of"][:16] == taken[0]["as_of"][:16]
    assert _lines(_run(tmp_path, "forget", "boats", "--json")) == [{"register": "boats", "erased": 2}]
    assert _lines(_run(tmp_path, "list", "--json")) == []
    assert _run(tmp_path, "forget", "boats").exit_code == 1


def test_what_is_wrong_is_told_by_line_and_nothing_is_taken_in(tmp_path: Path) -> None:
    text = LIST.replace("in_review", "sunk").replace("4472", "")
    refused = _run(tmp_path, "import", _file(tmp_path, text), "--register", "boats")
    assert refused.exit_code == 1
    assert "line 3: state: is none of received" in refused.output
    assert "Nothing was taken in." in refused.output
    assert "sunk" not in refused.output
    assert _lines(_run(tmp_path, "list", "--json")) == []


def test_what_a_register_declared_holds_for_the_next_list(tmp_path: Path) -> None:
    numbers = LIST.replace("BL-26/0015", "5724").replace("BL-26/0016", "0000")
    wrong = _run(tmp_path, "import", _file(tmp_path), "--register", "boats", "--check-digit", "damm")
    assert "check digit" in wrong.output
    right = _file(tmp_path, numbers)
    assert _run(tmp_path, "import", right, "--register", "boats", "--check-digit", "damm").exit_code == 0
    assert _run(tmp_path, "import", _file(tmp_path), "--register", "boats").exit_code == 1


@pytest.mark.parametrize(
    "options", [["--register", "Boats!"], [], ["--register", "boats", "--as-of", "2999-01-01"]]
)
def test_what_cannot_be_meant_is_refused(options: list[str], tmp_path: Path) -> None:
    assert _run(tmp_path, "import", _file(tmp_path), *options).exit_code == 2


def test_the_moment_of_a_list_is_local_time(tmp_path: Path) -> None:
    options = ["--register", "boats", "--as-of", "2021-03-02T08:00", "--json"]
    (taken,) = _lines(_run(tmp_path, "import", _file(tmp_path), *options))
    assert taken["as_of"].startswith("2021-03-02T")
    assert taken["as_of"].endswith("+00:00")
