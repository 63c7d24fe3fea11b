"""What the SQLite file promises: one process, nobody else's eyes, no trace of what was deleted."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select

from bot.clock import Clock
from bot.db import WriteSet, open_database
from bot.errors import ConfigurationError
from bot.schema import meta
from bot.sqlite import SqliteDatabase

OPEN = """
import asyncio, sys
from bot.clock import Clock
from bot.db import open_database
asyncio.run(open_database(sys.argv[1], Clock()))
"""


async def test_a_second_process_on_the_directory_is_refused(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, Clock(), patience=30)
    second = [sys.executable, "-c", OPEN, sqlite_url]
    refused = subprocess.run(second, capture_output=True, text=True, check=False)  # noqa: ASYNC221, S603 (it is brief; our own words)
    assert refused.returncode == 1
    assert "ConfigurationError: Another process serves the database" in refused.stderr
    with pytest.raises(ConfigurationError, match="Another process"):
        await open_database(sqlite_url, Clock(), patience=30)
    await database.close()
    await (await open_database(sqlite_url, Clock(), patience=30)).close()


async def test_maintenance_reads_beside_the_server(sqlite_url: str) -> None:
    server = await open_database(sqlite_url, Clock(), patience=30)
    writes = WriteSet()
    writes.add(insert(meta), {"key": "a", "value": "1"})
    await server.commit(writes)
    beside = await open_database(sqlite_url, Clock(), maintenance=True)
    assert await beside.first(select(meta)) == ("a", "1")
    await beside.close()
    await server.commit(WriteSet())
    await server.close()


async def test_maintenance_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        await open_database(f"sqlite:///{tmp_path}/none/none.db", Clock(), maintenance=True)
    assert names(tmp_path) == []


async def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    os.umask(0o022)
    database = await open_database(f"sqlite:///{tmp_path}/data/patou.db", Clock(), patience=30)
    await database.run(meta.create)
    modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "data").iterdir()}
    assert modes == dict.fromkeys(["patou.db", "patou.db-wal", "patou.db-shm", "patou.lock"], 0o600)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    await database.close()


async def test_the_file_is_as_durable_as_promised(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, Clock(), patience=30)

    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    assert await database.run(settings) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }
    await database.close()


async def test_concurrent_turns_share_a_commit_and_a_lone_one_has_its_own(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, Clock(), patience=30)
    assert isinstance(database, SqliteDatabase)
    statements: list[str] = []

    def listen(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(statements.append)

    await database.run(listen)
    statements.clear()

    async def put(key: str) -> None:
        writes = WriteSet()
        writes.add(insert(meta), {"key": key, "value": ""}, rows=1)
        await database.commit(writes)

    await put("lone")
    assert statements.count("COMMIT") == 1
    await asyncio.gather(*(put(str(number)) for number in range(1000)))
    assert statements.count("COMMIT") < 10
    await database.close()


async def test_what_is_deleted_leaves_no_trace_in_the_file(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, Clock(), patience=30)
    writes = WriteSet()
    for number in range(200):
        writes.add(insert(meta), {"key": str(number), "value": "canary" * 50})
    await database.commit(writes)
    purge = WriteSet()
    purge.add(delete(meta))
    await database.commit(purge)
    await database.close()
    assert b"canary" not in file_of(sqlite_url).read_bytes()


def names(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def test_an_address_that_is_none_is_refused() -> None:
    for url in ("", "sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "patou.db"):
        with pytest.raises(ConfigurationError, match="PATOU_DATABASE_URL"):
            await open_database(url, Clock(), patience=30)


def test_sqlite_is_new_enough() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)
