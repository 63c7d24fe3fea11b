"""`patou rasa export`: a project in a folder, or one plain line."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from click.testing import CliRunner, Result

from bot.config import Config
from bot.errors import ConfigurationError
from bot.rules import Rules
from cli.kit import Kit
from cli.rasa import commands
from composition.understanding import rules
from tests.dialogs.actions.kit import FICTIONAL


class _Kit:
    """The settings of a test and the rules of the product, as app.py gives them."""

    def config(self) -> Config:
        return Config(pack=FICTIONAL)

    def rules(self) -> Rules:
        return rules()


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(commands(cast("Kit", _Kit()))[0], arguments)


def test_a_project_is_written_and_listed(tmp_path: Path) -> None:
    shown = _run("export", str(tmp_path / "project"), "--epochs", "7")
    assert shown.exit_code == 0, shown.output
    listed = [Path(line) for line in shown.output.splitlines()]
    assert all(each.is_file() for each in listed)
    names = {each.name for each in listed}
    assert names >= {"domain.yml", "nlu.yml", "rules.yml", "stories.yml", "config.yml", "endpoints.yml"}
    assert "epochs: 7" in (tmp_path / "project" / "config.yml").read_text("utf-8")


def test_a_folder_of_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    shown = _run("export", str(tmp_path))
    assert isinstance(shown.exception, ConfigurationError)
    assert str(tmp_path) in str(shown.exception)


def test_no_time_to_learn_is_refused(tmp_path: Path) -> None:
    assert _run("export", str(tmp_path / "project"), "--epochs", "0").exit_code == 2
