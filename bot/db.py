"""The database: one small port, the same over SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection, Executable, Row, Table, make_url
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.exc import ArgumentError

from bot.clock import Clock
from bot.errors import ConfigurationError
from bot.sqlite import SqliteDatabase
from bot.writes import Params, Write, WriteSet, apply

__all__ = ["Database", "Insert", "Params", "Write", "WriteSet", "apply", "open_database"]

T = TypeVar("T")

# A provider that gets no answer gives up after seconds; one told to come again within this one comes again.
_PATIENCE_SECONDS = 0.9
Insert = SqliteInsert | PostgresqlInsert


class Database(Protocol):
    """What everything that stores or reads is given.

    Every method raises DatabaseUnavailable within its patience (a second) while the store cannot serve,
    and works again by itself once it can. After DatabaseUnavailable from a write it is not known
    whether the write was stored: callers repeat it, and keys make the repetition harmless.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """The engine behind the port."""

    async def commit(self, *writes: WriteSet) -> None:
        """Store everything or nothing; durable on return. Raises the Conflict of the write it met."""

    async def fetch(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a query that returns few."""

    async def first(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """The first row of a query, or None."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one write transaction, off the event loop, and return what it returns.

        For claims, purges and migrations. `work` neither commits nor rolls back; on SQLite every
        other write waits for it, so it does its work in slices that take milliseconds. How long the
        work itself takes is not limited.
        """

    async def forget(self) -> None:
        """Leave no copy of what was erased in files beside the tables; called after a purge."""

    def insert(self, table: Table) -> Insert:
        """The dialect's INSERT, with `on_conflict_do_nothing` and `on_conflict_do_update`."""

    async def close(self) -> None:
        """Let what is being committed finish, then let go of every connection and file."""


async def open_database(
    url: str, clock: Clock, *, maintenance: bool = False, patience: float = _PATIENCE_SECONDS
) -> Database:
    """Open `sqlite:///path/file.db` or `postgresql://user:password@host:port/name`.

    One process at a time serves an SQLite directory; `maintenance` opens it beside that process,
    for exports. `patience` is how many seconds a caller waits at most for a store that does not serve.
    Raises ConfigurationError for an unusable URL, directory or a directory in use,
    DatabaseUnavailable when the store does not answer.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "PATOU_DATABASE_URL is not a URL like sqlite:///data/patou.db or postgresql://user:password@host/name"
        ) from None
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database and address.database != ":memory:":
        return await SqliteDatabase.open(
            Path(address.database), clock, maintenance=maintenance, patience=patience
        )
    if backend == "postgresql":
        # Loaded only where it is used: a start is quicker without.
        from bot.postgresql import PostgresqlDatabase

        return await PostgresqlDatabase.open(address, clock, patience=patience)
    raise ConfigurationError(
        f"PATOU_DATABASE_URL names {backend!r}; use sqlite:///path/file.db or postgresql://…"
    )
