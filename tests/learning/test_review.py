"""The review desk: what staff see of unclear messages, and what one keystroke makes of each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from bot.clock import Clock
from bot.config import Config
from bot.crypto import Vault
from bot.db import Database
from bot.nlu.parse_data import Interpreter
from bot.yaml_read import read_yaml
from cli.kit import Kit
from cli.nlu import commands
from composition.country import Country
from composition.store import open_store
from composition.understanding import understanding
from tests.learning.conftest import ANN, BEN, FICTIONAL, Open


class _Kit:
    """The store and the understanding of one installation, as app.py gives them."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def config(self) -> Config:
        return self._config

    @asynccontextmanager
    async def store(self, config: Config, *, maintenance: bool) -> AsyncIterator[tuple[Database, Vault]]:
        async with open_store(config, maintenance=maintenance) as opened:
            yield opened

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:
        assert model is None
        return await understanding(config, Country.load(FICTIONAL))


@pytest.fixture
async def folder(open_talk: Open, tmp_path: Path) -> Path:
    """An installation in which four things were not understood, one of them three times."""
    async with open_talk() as talk:
        await talk.say("wibble wobble boat", by=BEN)
        await talk.say(
            "wibble wobble boat", "what is the cost of the boat permit thing", "grumpf blah 020 5555"
        )
        await talk.say("wibble wobble boat", by=ANN)
        await talk.say("my neighbour Mrs Tall is away")
    return tmp_path / "installation"


@pytest.fixture
def config(folder: Path, database_url: str) -> Config:
    return Config(data_dir=folder, pack=FICTIONAL, database_url=database_url, store_seconds=30.0)


def _run(config: Config, *arguments: str, keys: str = "") -> Result:
    return CliRunner().invoke(
        commands(cast("Kit", _Kit(config)))[0], ["review", "--by", "noy", *arguments], input=keys
    )


def _waiting(config: Config) -> list[dict[str, Any]]:
    shown = _run(config, "--jsonl")
    assert shown.exit_code == 0, shown.output
    return [json.loads(line) for line in shown.output.splitlines()]


def _labels(config: Config) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in sorted((config.data_dir / "labels").rglob("*.yml")):
        for section in read_yaml(path)["nlu"]:
            for example in section["examples"]:
                yield section["intent"], example["text"], example["metadata"]


def test_the_most_frequent_comes_first_with_all_that_is_known(config: Config) -> None:
    waiting = _waiting(config)
    first = waiting[0]
    assert (first["text"], first["times"], first["people"]) == ("wibble wobble boat", 3, 2)
    assert first["guesses"][0]["name"] == "fee"
    assert len(first["guesses"]) == 3
    assert "grumpf blah …" in [each["text"] for each in waiting]


def test_one_key_each(config: Config) -> None:
    count = len(_waiting(config))
    done = _run(config, keys="1\n" + "x" + "s" + "d" * count)
    assert done.exit_code == 0, done.output
    assert "wibble wobble boat" in done.output
    assert f"1 labelled, 1 not for us, {count - 3} deleted, 1 skipped; 1 wait." in done.output
    labels = {text: (intent, about["by"]) for intent, text, about in _labels(config)}
    assert labels["wibble wobble boat"] == ("fee", "noy")
    assert len(labels) == 2
    assert len(_waiting(config)) == 1


def test_a_letter_or_a_beginning_names_any_intent_and_a_service(config: Config) -> None:
    done = _run(config, keys="/dur\nboat\nwibble wobble\nq")
    assert done.exit_code == 0, done.output
    ((intent, text, about),) = _labels(config)
    assert intent == "duration"
    assert text == '[wibble wobble]{"entity": "service", "value": "boat-licence"} boat'
    assert about["service"] == "boat-licence"
    assert " f fee" in done.output
    again = _run(config, keys="f\nq")
    assert again.exit_code == 0, (again.output, again.exception)


def test_what_was_labelled_is_taken_back(config: Config) -> None:
    before = _waiting(config)
    done = _run(config, keys="xuxxuuq")
    assert done.exit_code == 0, done.output
    assert list(_labels(config)) == []
    assert _waiting(config) == before


def test_what_was_deleted_is_gone(config: Config) -> None:
    before = _waiting(config)
    done = _run(config, keys="duq")
    assert "What was deleted is gone." in done.output
    assert [each["id"] for each in _waiting(config)] == [each["id"] for each in before[1:]]


def test_other_keys_do_nothing_and_the_end_of_the_input_ends_it(config: Config) -> None:
    before = _waiting(config)
    done = _run(config, keys="9!\n/nothing\n\n")
    assert done.exit_code == 0, done.output
    assert _waiting(config) == before


def test_scripts_label_by_lines(config: Config, tmp_path: Path) -> None:
    ids = [each["id"] for each in _waiting(config)]
    lines = [
        {"id": ids[0], "intent": "fee", "service": "boat-licence", "words": "boat"},
        {"id": ids[1], "delete": True},
    ]
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    done = _run(config, "--labels", str(file))
    assert done.exit_code == 0, done.output
    assert [each["id"] for each in _waiting(config)] == ids[2:]
    ((intent, text, _),) = _labels(config)
    assert (intent, text) == ("fee", 'wibble wobble [boat]{"entity": "service", "value": "boat-licence"}')


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({"intent": "fly"}, "line 2: no intent fly"),
        ({"intent": "fee", "service": "moon"}, "line 2: no service moon"),
        ({"intent": "greet", "service": "boat-licence"}, "line 2: greet is about no service"),
        ({"intent": "fee", "words": "boat"}, "line 2: words are those"),
        ({"intent": "fee", "delete": True}, "line 2: intent or delete"),
        ({"id": "x", "intent": "fee"}, "line 2: no message with that id"),
        ([], "line 2: no message with that id"),
    ],
)
def test_a_wrong_line_changes_nothing(config: Config, tmp_path: Path, line: Any, complaint: str) -> None:
    before = _waiting(config)
    wrong = {"id": before[1]["id"], **line} if isinstance(line, dict) else line
    file = tmp_path / "labels.jsonl"
    file.write_text(f"{json.dumps({'id': before[0]['id'], 'intent': 'fee'})}\n{json.dumps(wrong)}\n", "utf-8")
    refused = _run(config, "--labels", str(file))
    assert refused.exit_code == 1
    assert complaint in refused.output
    assert _waiting(config) == before
    assert list(_labels(config)) == []


def test_who_labelled_and_when_is_kept(config: Config) -> None:
    if not config.database.startswith("sqlite"):
        return
    _run(config, keys="xq")
    with sqlite3.connect(config.database.removeprefix("sqlite:///")) as rows:
        ((label, by, at),) = rows.execute(
            "SELECT label, labelled_by, labelled_at FROM unclear_messages WHERE label != ''"
        ).fetchall()
    assert (label, by) == ("out_of_scope", "noy")
    assert abs(at / 1000 - Clock().now().timestamp()) < 600
    ((_, _, about),) = _labels(config)
    assert about["at"].startswith(str(Clock().now().year))
