"""A write-set: the statements of one turn, each with the number of rows it must touch."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import IntegrityError

from bot.errors import Conflict, Stale

# So many rows cost less one by one, prepared, than SQLAlchemy's work on a batch.
_FEW = 5

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_UNIQUE_IN_SQLITE = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_UNIQUE_IN_POSTGRESQL = "23505"


class Write(NamedTuple):
    """One statement; `rows` is None where any number of rows is right."""

    statement: Executable
    params: Params
    rows: int | None
    otherwise: type[Conflict]


class WriteSet:
    """Statements collected while a turn thinks; nothing happens before `Database.commit`."""

    def __init__(self) -> None:
        self._writes: list[Write] = []

    def add(
        self,
        statement: Executable,
        params: Params = None,
        *,
        rows: int | None = None,
        otherwise: type[Conflict] = Stale,
    ) -> None:
        """Append a statement.

        A number of touched rows other than `rows`, or a unique key in use, raises `otherwise`
        from the commit. Several params run the statement once each; `rows` counts them together.
        """
        self._writes.append(Write(statement, params, rows, otherwise))

    def __iter__(self) -> Iterator[Write]:
        return iter(self._writes)

    def __len__(self) -> int:
        return len(self._writes)

    @property
    def rows(self) -> int:
        """How often a statement runs."""
        return sum(len(write.params) if isinstance(write.params, Sequence) else 1 for write in self._writes)


Run = Callable[[Connection, Executable, Mapping[str, Any] | None], int]


def execute(connection: Connection, statement: Executable, params: Mapping[str, Any] | None) -> int:
    """Run one statement as SQLAlchemy does; the number of rows touched."""
    return connection.execute(statement, params).rowcount


def apply(connection: Connection, writes: WriteSet, run: Run = execute) -> None:
    """Run the statements in the connection's transaction; raises the Conflict of the first that fails."""
    for write in writes:
        try:
            touched = _touched(connection, write, run)
        except (IntegrityError, sqlite3.IntegrityError) as error:
            if is_unique_violation(error):
                raise write.otherwise from None
            raise
        if write.rows is not None and touched != write.rows:
            raise write.otherwise


def is_unique_violation(error: IntegrityError | sqlite3.IntegrityError) -> bool:
    """Whether a primary key or unique index refused the row (and not NOT NULL, CHECK or a foreign key)."""
    cause = error.orig if isinstance(error, IntegrityError) else error
    return (
        getattr(cause, "sqlite_errorname", "") in _UNIQUE_IN_SQLITE
        or getattr(cause, "sqlstate", "") == _UNIQUE_IN_POSTGRESQL
    )


def _touched(connection: Connection, write: Write, run: Run) -> int:
    """Rows touched. Drivers do not count rows of a batch, so a counted batch runs one by one."""
    if not isinstance(write.params, Sequence):
        return run(connection, write.statement, write.params)
    if write.rows is None and (run is execute or len(write.params) > _FEW):
        return connection.execute(write.statement, write.params).rowcount
    return sum(run(connection, write.statement, params) for params in write.params)
