"""`patou play`: transcripts as they are, on any channel, one JSON object a turn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

import app
from bot.config import Config
from bot.text.gsm import is_gsm, septets
from channels.terminal import CAPABILITIES
from cli.talk import commands
from tests.pack.conftest import PACKS

TRANSCRIPTS = """\
- name: two questions, with hours between
  channel: sms
  pack: fictional
  steps:
  - user: how much is a boat licence
    bot: [{response: utter_fee}]
  - {user: I want to complain, after: 1}
  - {user: hello, after: 240}
- name: a reminder
  cases: {"10000004": {filed_by: me, state: received}}
  steps:
  - user: how long does a boat licence take
  - system: reminder_due
- name: a photo
  steps:
  - {sends: [photo], user: the road to the school is broken}
  - sends: [photo, location]
"""


class _Kit(app.Kit):
    """The real commands' own, with the settings of a test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def config(self) -> Config:
        return Config(data_dir=self._folder, pack=PACKS["fictional"], turn_seconds=30.0, store_seconds=30.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation where a model is kept, so that it is trained once."""
    made = tmp_path_factory.mktemp("talk")
    (made / "models").mkdir()
    (made / "talks.yml").write_text(TRANSCRIPTS, "utf-8")
    return made


def _play(folder: Path, *arguments: str, file: str = "talks.yml") -> Result:
    play = next(each for each in commands(_Kit(folder)) if each.name == "play")
    return CliRunner().invoke(play, [str(folder / file), *arguments])


def _rows(played: Result) -> list[Any]:
    assert played.exit_code == 0, played.output
    return [orjson.loads(line) for line in played.stdout.splitlines()]


def test_every_message_is_a_line_with_its_conversation(folder: Path) -> None:
    rows = _rows(_play(folder))
    assert [(row["conversation"], row["user"]) for row in rows] == [
        ("two questions, with hours between", "how much is a boat licence"),
        ("two questions, with hours between", "I want to complain"),
        ("two questions, with hours between", "hello"),
        ("a reminder", "how long does a boat licence take"),
        ("a photo", "the road to the school is broken"),
        ("a photo", ""),
    ]
    [reply] = rows[0]["replies"]
    assert "1,200" in reply["text"]
    assert reply["parts"] == 1


def test_what_comes_besides_words_is_sent(folder: Path) -> None:
    told = [row for row in _rows(_play(folder)) if row["conversation"] == "a photo"]
    assert [row["sends"] for row in told] == [["photo"], ["photo", "location"]]
    assert all(row["replies"] for row in told)


def test_the_hours_between_are_heeded(folder: Path) -> None:
    hello = _rows(_play(folder))[2]
    assert "start again" in hello["replies"][0]["text"]


def test_what_is_not_played_is_named(folder: Path) -> None:
    told = _play(folder).stderr.splitlines()
    assert told == [
        "two questions, with hours between: `pack` is not played.",
        "a reminder: `cases` is not played.",
        "a reminder: a step that the system starts is not played.",
    ]


def test_replies_are_as_small_as_the_channel(folder: Path) -> None:
    rows = _rows(_play(folder, "--channel", "ussd"))
    texts = [reply["text"] for row in rows for reply in row["replies"]]
    assert len(texts) == len(rows)
    for text in texts:
        assert septets(text) <= CAPABILITIES["ussd"].max_septets if is_gsm(text) else len(text) <= 80


def test_what_was_learned_is_kept_and_nothing_else(folder: Path) -> None:
    _play(folder)
    assert {each.name for each in folder.iterdir()} == {"models", "talks.yml"}
    assert len(list((folder / "models").glob("*.npz"))) == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("- [", "is not YAML"),
        ("5", "holds no list of messages"),
        ("- user: [1]", "a step needs the words of the user"),
        ("- {user: hello, after: soon}", "`after` are minutes, not soon"),
        ("- {sends: photo}", "`sends` is a list of photo"),
        ("- {sends: [house]}", "`sends` is a list of photo"),
    ],
)
def test_a_wrong_file_is_told(folder: Path, tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "wrong.yml").write_text(content, "utf-8")
    refused = _play(folder, file=str(tmp_path / "wrong.yml"))
    assert refused.exit_code == 1
    assert complaint in refused.output
