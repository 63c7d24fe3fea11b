"""A power cut at any moment loses nothing that was acknowledged; with less than FULL it would."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.power_cut import TRACED, Disk, calls

ACKNOWLEDGED = 96


@pytest.fixture
def directory(sqlite_template: Path, tmp_path: Path) -> Path:
    """Holds a migrated database, safely on the disk."""
    directory = tmp_path / "data"
    directory.mkdir()
    shutil.copy(sqlite_template, directory / "patou.db")
    return directory


async def test_a_power_cut_loses_nothing_acknowledged(directory: Path, tmp_path: Path) -> None:
    """At every acknowledgement only what was synced is left, and at every fourth call any part of the rest."""
    files = {"patou.db": (directory / "patou.db").read_bytes()}
    log = await record(directory, "FULL")
    seen = 0
    for number, (disk, acknowledged) in enumerate(moments(log, directory, files)):
        if len(acknowledged) > seen:
            seen = len(acknowledged)
            assert lost(disk.after_power_cut(None), acknowledged, tmp_path) == set()
        if number % 4 == 0:
            chance = random.Random(number)  # noqa: S311 (it must repeat itself)
            assert lost(disk.after_power_cut(chance), acknowledged, tmp_path) == set()
    assert seen == ACKNOWLEDGED


async def test_the_method_sees_what_a_weaker_setting_loses(directory: Path, tmp_path: Path) -> None:
    """The control: NORMAL syncs the log only when it folds it into the file."""
    files = {"patou.db": (directory / "patou.db").read_bytes()}
    log = await record(directory, "NORMAL")
    cuts = 0
    missing: set[str] = set()
    seen = 0
    for disk, acknowledged in moments(log, directory, files):
        if len(acknowledged) > seen:
            seen = len(acknowledged)
            now = lost(disk.after_power_cut(None), acknowledged, tmp_path)
            cuts += bool(now)
            missing |= now
    assert seen == ACKNOWLEDGED
    assert cuts > ACKNOWLEDGED / 2
    assert missing


async def record(directory: Path, synchronous: str) -> Path:
    """Run the writer under strace: the log of its system calls."""
    log = directory.with_suffix(".strace")
    tracer = ("strace", "-f", "-y", "-xx", "-s", "1000000", "-o", str(log), "-e", f"trace={TRACED}")
    writer = (sys.executable, "-m", "tests.storage.power_cut_writer", f"sqlite:///{directory}/patou.db")
    process = await asyncio.create_subprocess_exec(
        *tracer, *writer, str(directory / "acknowledged"), synchronous, stderr=subprocess.PIPE
    )
    _output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return log


def moments(log: Path, directory: Path, files: dict[str, bytes]) -> Iterator[tuple[Disk, set[str]]]:
    """The disk and the keys acknowledged after each call."""
    disk = Disk(files)
    acknowledged: set[str] = set()
    for call in calls(log, directory):
        if call.name == "acknowledged":
            acknowledged.update(call.data.decode().split())
        elif not call.name.endswith(("-shm", ".lock")):
            # The shared memory is an index that recovery builds anew.
            disk.apply(call)
        yield disk, acknowledged


def lost(found: dict[str, bytes], acknowledged: set[str], tmp_path: Path) -> set[str]:
    """The acknowledged keys that are not in the database which starts from these files."""
    start = tmp_path / "start"
    start.mkdir()
    for name, content in found.items():
        (start / name).write_bytes(content)
    connection = sqlite3.connect(start / "patou.db")
    assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    stored = {key for (key,) in connection.execute("SELECT key FROM meta")}
    connection.close()
    shutil.rmtree(start)
    return acknowledged - stored
