"""The commands that look after channels, over a provider that is not there and one that is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result

import app
from bot.config import Config
from channels.care import ChannelCare
from cli.doctor import commands
from cli.kit import Kit
from tests.servers.ports import free_port
from tests.servers.telegram import SECRET, TOKEN

SECTION = """
[channels.telegram]
kind = "telegram"
token = "env:TELEGRAM_TOKEN"
secret = "env:TELEGRAM_SECRET"
api_url = "http://127.0.0.1:{port}"

[channels.web]
enabled = false
"""


class _Kit:
    """The settings of a test, and its channels as app.py opens them."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def config(self) -> Config:
        return self._config

    @asynccontextmanager
    async def channels(self, config: Config) -> AsyncIterator[ChannelCare]:
        async with app.Kit().channels(config) as care:
            yield care


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A command in an installation with a Telegram channel whose provider cannot be reached."""
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "channels.toml"
    path.write_text(SECTION.format(port=free_port()), encoding="utf-8")
    kit = cast(
        "Kit",
        _Kit(
            Config(
                data_dir=tmp_path,
                channels=path,
                public_url=f"http://127.0.0.1:{free_port()}",
                store_seconds=30.0,
            )
        ),
    )

    def command(name: str, *arguments: str) -> Result:
        return CliRunner().invoke({each.name: each for each in commands(kit)}[name], arguments)

    return command


def test_what_is_at_fault_is_named(run: Callable[..., Result]) -> None:
    told = run("doctor")
    assert told.exit_code == 1
    lines = told.output.splitlines()
    assert lines[0] == "telegram (telegram)"
    assert lines[1].split() == ["FAULT", "account", "no_connection"]
    assert lines[2].startswith("FAULT  signature loop-back   ClientConnectorError at http://127.0.0.1")
    assert lines[3].split() == ["last", "in", "never"]
    assert TOKEN not in told.output


def test_a_script_reads_lines_of_json(run: Callable[..., Result]) -> None:
    (line,) = run("doctor", "--json").output.splitlines()
    told = json.loads(line)
    assert (told["channel"], told["kind"], told["waiting"], told["last_in"]) == (
        "telegram",
        "telegram",
        0,
        None,
    )
    assert [each["fine"] for each in told["findings"]] == [False, False]


def test_a_channel_that_is_not_there_cannot_be_registered(run: Callable[..., Result]) -> None:
    refused = run("channels", "register", "nobody")
    assert str(refused.exception) == "channels.nobody: is none of telegram"
