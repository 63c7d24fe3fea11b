"""Migrations: bring the database to the tables that this release uses."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, String, column, select, table, text
from sqlalchemy.exc import DBAPIError

from bot.db import Database
from bot.errors import ConfigurationError
from bot.schema import metadata

_STEPS = Path(__file__).parent / "migrations"
_VERSION = select(column("version_num", String)).select_from(table("alembic_version"))
# Processes that start together migrate one after the other; SQLite's write lock does the same.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(5077)")


async def upgrade(db: Database) -> bool:
    """Bring the tables up to date in one transaction; False, after one query, when they are.

    Raises ConfigurationError when a newer release has been here.
    """
    if await _version(db) == newest():
        return False
    await db.run(_upgrade)
    return True


async def check(db: Database) -> list[str]:
    """How the tables differ from what the code expects, one sentence each; empty when they do not.

    Compares with every table whose module has been imported.
    """
    found = await _version(db)
    if found != newest():
        return [
            f"The database is at version {found or 'none'}, this release needs {newest()}: run patou db upgrade"
        ]
    return await db.run(_differences)


def newest() -> str:
    """The version that this release needs: the number of the last step."""
    return max(path.name.partition("_")[0] for path in (_STEPS / "versions").glob("[0-9]*_*.py"))


async def _version(db: Database) -> str:
    try:
        row = await db.first(_VERSION)
    except (DBAPIError, sqlite3.Error):
        return ""  # no such table: nothing has been migrated yet
    return str(row.version_num) if row else ""


def _upgrade(connection: Connection) -> None:
    # Alembic costs 0.1 s to import, and most starts have nothing to migrate.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(f"The database was made by another release: {error}") from error


def _differences(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    return [
        str(difference) for difference in compare_metadata(MigrationContext.configure(connection), metadata)
    ]
