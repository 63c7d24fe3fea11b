"""What migrations promise: they build what the code expects, once, wholly or not at all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, inspect, text

import complaints.tables  # noqa: F401 (its tables join the metadata)
import services.tables  # noqa: F401 (its tables join the metadata)
from bot.clock import Clock
from bot.db import Database, open_database
from bot.errors import ConfigurationError
from bot.migrate import check, newest, upgrade
from bot.schema import metadata
from tests.servers.postgresql import PostgresqlServer


class Killed(Exception):
    """The process ends here."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_server: PostgresqlServer
) -> AsyncIterator[Database]:
    """A database that nothing was migrated in."""
    url = f"sqlite:///{tmp_path}/empty.db"
    if request.param == "postgresql":
        postgresql_server.execute("CREATE DATABASE empty")
        url = postgresql_server.url("empty")
    database = await open_database(url, Clock(), patience=30)
    yield database
    await database.close()
    if request.param == "postgresql":
        postgresql_server.execute("DROP DATABASE empty WITH (FORCE)")


async def test_migrations_build_exactly_the_metadata(empty: Database) -> None:
    assert await check(empty) != []
    assert await upgrade(empty)
    assert await check(empty) == []


async def test_partial_indexes_have_the_conditions_of_the_metadata(empty: Database) -> None:
    """Alembic does not compare them; a lost condition would make an index of millions of rows."""
    await upgrade(empty)
    migrated = await empty.run(_conditions)
    await empty.run(metadata.drop_all)
    await empty.run(metadata.create_all)
    assert await empty.run(_conditions) == migrated
    assert len(migrated) >= 4


async def test_a_difference_is_told(empty: Database) -> None:
    await upgrade(empty)
    await empty.run(lambda connection: connection.execute(text("DROP INDEX outbox_head")))
    assert ["outbox_head" in difference for difference in await check(empty)] == [True]


async def test_upgrading_again_changes_nothing(empty: Database) -> None:
    await upgrade(empty)
    assert not await upgrade(empty)
    assert await check(empty) == []


async def test_processes_that_start_together_migrate_once(empty: Database) -> None:
    outcomes = await asyncio.gather(*(upgrade(empty) for _ in range(4)))
    assert True in outcomes
    assert await check(empty) == []


async def test_a_migration_that_breaks_half_way_leaves_nothing(empty: Database) -> None:
    """The tenth table is refused, as if the process had been killed there; afterwards it works."""
    created = 0

    def break_at_the_tenth(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal created
        created += "CREATE TABLE" in statement
        if created == 10:
            raise Killed

    await empty.run(
        lambda connection: event.listen(connection.engine, "before_cursor_execute", break_at_the_tenth)
    )
    with pytest.raises(Killed):
        await upgrade(empty)
    created = 100
    assert await empty.run(lambda connection: inspect(connection).get_table_names()) == []
    assert await upgrade(empty)
    assert await check(empty) == []


async def test_a_database_of_a_newer_release_is_refused(empty: Database) -> None:
    await upgrade(empty)
    await empty.run(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    with pytest.raises(ConfigurationError, match="another release"):
        await upgrade(empty)
    assert "9999" in (await check(empty))[0]


async def test_the_newest_step_is_the_only_head() -> None:
    from alembic.script import ScriptDirectory

    steps = ScriptDirectory(str(Path(sys.modules["bot.migrate"].__file__ or "").parent / "migrations"))
    assert steps.get_heads() == [newest()]


def _conditions(connection: Connection) -> dict[str, str]:
    """The WHERE of every partial index, as the database itself writes it."""
    query = "SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = 'public'"
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    found = {row.name: row.sql.partition(" WHERE ")[2] for row in connection.execute(text(query))}
    return {name: condition for name, condition in found.items() if condition}
