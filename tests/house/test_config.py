"""The settings: every wrong one is named before anything starts, and the page about them is the code's own."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bot.config import Config, environment, load_config, settings_table
from bot.errors import ConfigurationError


def test_nothing_need_be_set() -> None:
    config = load_config({"HOME": "/root"})
    assert config == Config()
    assert config.database == "sqlite:///data/patou.db"


def test_what_is_set_is_read() -> None:
    config = load_config(
        {
            "PATOU_DATA_DIR": "/srv/patou",
            "PATOU_PUBLIC_URL": "https://sms.example.org/",
            "PATOU_DATABASE_URL": "postgresql://patou@db/patou",
            "PATOU_DAILY_PARTS": "500",
        }
    )
    assert config.public_url == "https://sms.example.org"
    assert config.database == "postgresql://patou@db/patou"
    assert (config.data_dir, config.daily_parts) == (Path("/srv/patou"), 500)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATOU_DAILY_PARTS", "many"),
        ("PATOU_DAILY_PARTS", "0"),
        ("PATOU_TURN_SECONDS", "-1"),
        ("PATOU_PUBLIC_URL", "sms.example.org"),
        ("PATOU_PUBLIC_URL", "https://sms.example.org/?x=1"),
        ("PATOU_DATABASE_URL", "mysql://db"),
        ("PATOU_REDIS_URL", "localhost:6379"),
        ("PATOU_LOG_LEVEL", "loud"),
        ("PATOU_COLOUR", "blue"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_config({name: value})


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"PATOU_COLOUR.*PATOU_DAILY_PARTS"):
        load_config({"PATOU_COLOUR": "blue", "PATOU_DAILY_PARTS": "x"})


def test_a_file_sets_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("PATOU_LOG_LEVEL=debug\nTWILIO_TOKEN=from-the-file\nPATOU_DAILY_PARTS=5\n")
    monkeypatch.setenv("PATOU_DAILY_PARTS", "7")
    found = environment(file)
    assert (found["TWILIO_TOKEN"], found["PATOU_LOG_LEVEL"], found["PATOU_DAILY_PARTS"]) == (
        "from-the-file", "debug", "7",
    )  # fmt: skip


def test_the_table_has_every_setting() -> None:
    table = settings_table()
    assert all(f"`PATOU_{each.name.upper()}`" in table for each in fields(Config))
    assert str(Path.cwd()) not in table


def test_the_pack_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (Config().pack_root / "pack.yml").is_file()
