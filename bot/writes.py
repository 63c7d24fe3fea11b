"""A write-set: the statements of one turn, each with the number of rows it must touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import IntegrityError

from bot.errors import Conflict, Stale

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_UNIQUE_IN_SQLITE = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_UNIQUE_IN_POSTGRESQL = "23505"


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
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
        self._writes.append(Write(statement=statement, params=params, rows=rows, otherwise=otherwise))

    def __iter__(self) -> Iterator[Write]:
        return iter(self._writes)

    def __len__(self) -> int:
        return len(self._writes)


def apply(connection: Connection, writes: WriteSet) -> None:
    """Run the statements in the connection's transaction; raises the Conflict of the first that fails."""
    for write in writes:
        try:
            touched = _run(connection, write)
        except IntegrityError as error:
            if is_unique_violation(error):
                raise write.otherwise from None
            raise
        if write.rows is not None and touched != write.rows:
            raise write.otherwise


def is_unique_violation(error: IntegrityError) -> bool:
    """Whether a primary key or unique index refused the row (and not NOT NULL, CHECK or a foreign key)."""
    return (
        getattr(error.orig, "sqlite_errorname", "") in _UNIQUE_IN_SQLITE
        or getattr(error.orig, "sqlstate", "") == _UNIQUE_IN_POSTGRESQL
    )


def _run(connection: Connection, write: Write) -> int:
    """Rows touched. Drivers do not count rows of a batch, so a counted batch runs one by one."""
    if write.rows is None or not isinstance(write.params, Sequence):
        return connection.execute(write.statement, write.params).rowcount
    return sum(connection.execute(write.statement, params).rowcount for params in write.params)
