"""What happens while the database cannot serve: told within a second, well again by itself."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection, delete, insert, select

from bot.clock import Clock
from bot.db import Database, WriteSet, open_database
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.migrate import upgrade
from bot.schema import meta
from tests.servers.postgresql import PostgresqlServer

ALL = select(meta.c.key)


def put(key: str, value: str = "") -> WriteSet:
    writes = WriteSet()
    writes.add(insert(meta), {"key": key, "value": value}, rows=1)
    return writes


async def refused(*attempts: Awaitable[object]) -> None:
    """Each of them is told DatabaseUnavailable, and none waits for the database to come back."""
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert all(isinstance(outcome, DatabaseUnavailable) for outcome in outcomes), outcomes


async def healed(db: Database, key: str, seconds: float = 5.0) -> None:
    """The next write that succeeds comes within `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await db.commit(put(key))
            except DatabaseUnavailable:
                continue


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    database = await open_database(sqlite_url, Clock())
    yield database
    await database.close()


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


async def test_a_locked_file_is_told_and_reading_goes_on(sqlite: Database, file: Path) -> None:
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    await refused(*(sqlite.commit(put(str(number))) for number in range(20)))
    assert await sqlite.fetch(ALL) == []
    await refused(sqlite.run(lambda _connection: None))
    locker.execute("ROLLBACK")
    locker.close()
    await healed(sqlite, "after", seconds=1)
    assert [row.key for row in await sqlite.fetch(ALL)] == ["after"]


async def test_a_short_lock_is_waited_out(sqlite: Database, file: Path) -> None:
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(sqlite.commit(put("patient")))
    await asyncio.sleep(0)
    locker.execute("COMMIT")
    locker.close()
    await writing
    assert [row.key for row in await sqlite.fetch(ALL)] == ["patient"]


async def test_whoever_waits_for_a_lock_is_told_in_time_however_many_they_are(
    sqlite: Database, file: Path
) -> None:
    """One after the other they would wait longer than the lock of `refused` lets them."""
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    await refused(*(sqlite.run(lambda _connection: None) for _ in range(20)), sqlite.forget())
    locker.execute("ROLLBACK")
    locker.close()
    await healed(sqlite, "after", seconds=1)


async def test_what_another_process_still_reads_is_not_called_forgotten(sqlite: Database, file: Path) -> None:
    await sqlite.commit(put("secret"))
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM meta").fetchone() == (1,)
    await sqlite.run(lambda connection: connection.execute(delete(meta)))
    forgetting = asyncio.gather(*(sqlite.forget() for _ in range(3)), return_exceptions=True)
    await sqlite.commit(put("beside"))
    assert all(isinstance(outcome, DatabaseUnavailable) for outcome in await forgetting)
    reader.close()
    await sqlite.forget()
    assert file.with_name(file.name + "-wal").stat().st_size == 0


async def test_a_write_that_fails_in_our_own_code_leaves_no_transaction_open(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.raises(AttributeError):
        await sqlite.commit(cast("WriteSet", None))
    with monkeypatch.context() as broken:
        broken.setattr(asyncio.get_running_loop(), "run_in_executor", no_thread, raising=False)
        for attempt in (sqlite.commit(put("never")), sqlite.run(lambda _connection: None)):
            with pytest.raises(RuntimeError):
                await attempt
    with monkeypatch.context() as broken:
        broken.setattr(Connection, "begin", no_thread)
        with pytest.raises(RuntimeError):
            await sqlite.commit(put("never either"))
    await sqlite.commit(put("after"))
    assert [row.key for row in await sqlite.fetch(ALL)] == ["after"]


async def test_what_went_into_a_file_that_was_moved_meanwhile_is_not_acknowledged(
    sqlite: Database, file: Path
) -> None:
    def move_and_put(connection: Connection) -> None:
        file.rename(file.with_suffix(".away"))
        connection.execute(insert(meta), {"key": "void", "value": ""})

    await refused(sqlite.run(move_and_put))


async def test_a_file_that_went_away_is_not_written_into_the_void(sqlite: Database, file: Path) -> None:
    """An open file can be written after it was deleted: what is acknowledged would be lost."""
    await sqlite.commit(put("before"))
    away = move(file, file.with_suffix(".away"))
    await refused(sqlite.commit(put("void")), sqlite.first(ALL), sqlite.run(lambda _connection: None))
    assert not exists(file)
    move(away, file)
    await healed(sqlite, "after")
    assert {row.key for row in await sqlite.fetch(ALL)} == {"before", "after"}


async def test_what_is_read_soon_comes_from_the_file_at_the_path(sqlite: Database, file: Path) -> None:
    await sqlite.commit(put("before"))
    assert await sqlite.fetch(ALL)
    move(file, file.with_suffix(".away"))
    await asyncio.sleep(0.2)
    await refused(sqlite.fetch(ALL))


async def test_a_full_disk_is_told_and_healed(sqlite: Database) -> None:
    await sqlite.commit(put("before"))
    with full_disk(1 << 20):
        outcome = None
        for number in range(30):
            outcome = await asyncio.gather(
                sqlite.commit(put(f"{number}", "x" * 100_000)), return_exceptions=True
            )
            if outcome[0] is not None:
                break
        assert isinstance(outcome[0] if outcome else None, DatabaseUnavailable)
        await refused(*(sqlite.commit(put(f"full-{turn}", "x" * 100_000)) for turn in range(5)))
        keys = {row.key for row in await sqlite.fetch(ALL)}
    await healed(sqlite, "after")
    assert {row.key for row in await sqlite.fetch(ALL)} == keys | {"after"}


async def test_a_constraint_of_the_disk_never_ends_a_run_half_way(sqlite: Database) -> None:
    def fill(connection: Connection) -> None:
        for number in range(40):
            connection.execute(insert(meta), {"key": str(number), "value": "x" * 100_000})

    with full_disk(1 << 20):
        await refused(sqlite.run(fill))
    assert await sqlite.fetch(ALL) == []


def move(source: Path, target: Path) -> Path:
    return source.rename(target)


def exists(path: Path) -> bool:
    return path.exists()


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def mortal() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that the tests of this file may stop."""
    server = PostgresqlServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def postgresql(mortal: PostgresqlServer) -> AsyncIterator[Database]:
    mortal.execute("CREATE DATABASE mortal")
    database = await open_database(mortal.url("mortal"), Clock())
    await upgrade(database)
    yield database
    await database.close()
    mortal.execute("DROP DATABASE mortal WITH (FORCE)")


async def test_a_stopped_postgresql_is_told_and_its_return_noticed(
    postgresql: Database, mortal: PostgresqlServer
) -> None:
    await asyncio.gather(*(postgresql.commit(put(f"before-{number}")) for number in range(8)))
    mortal.stop()
    await refused(
        *(postgresql.commit(put(str(number))) for number in range(8)),
        postgresql.first(ALL),
        postgresql.run(lambda connection: connection.execute(ALL).all()),
    )
    mortal.start()
    await healed(postgresql, "after")
    assert "after" in {row.key for row in await postgresql.fetch(ALL)}


async def test_a_restart_between_two_turns_is_not_noticed(
    postgresql: Database, mortal: PostgresqlServer
) -> None:
    """Every pooled connection is dead; reading and writing find that out for themselves."""
    await asyncio.gather(*(postgresql.commit(put(f"before-{number}")) for number in range(8)))
    mortal.stop()
    mortal.start()
    await postgresql.commit(put("after"))
    assert len(await postgresql.fetch(ALL)) == 9


async def test_a_postgresql_that_hangs_is_told(postgresql: Database, mortal: PostgresqlServer) -> None:
    await postgresql.commit(put("before"))
    mortal.signal(signal.SIGSTOP)
    try:
        await refused(*(postgresql.commit(put(f"{number}")) for number in range(30)), postgresql.first(ALL))
    finally:
        mortal.signal(signal.SIGCONT)
    await healed(postgresql, "after")


async def test_a_wrong_address_is_the_operators(mortal: PostgresqlServer) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        await open_database(mortal.url("nowhere"), Clock())
    with pytest.raises(DatabaseUnavailable):
        await open_database("postgresql://patou@127.0.0.1:1/nowhere", Clock())
