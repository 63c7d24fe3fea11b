"""Statements compiled once: SQLite's driver gets finished SQL instead of SQLAlchemy's work on each execution."""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, Dialect, Executable, LargeBinary, Row, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Parameters = Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Slot:
    """One question mark: the parameter that fills it, or its value where the statement has one."""

    name: str
    is_given: bool
    value: Any
    convert: Callable[[Any], Any] | None

    def fill(self, params: Mapping[str, Any]) -> Any:
        value = params[self.name] if self.is_given else self.value
        return self.convert(value) if self.convert else value


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shape:
    """What a query's rows look like: a tuple type with their names, and what turns each value into Python's."""

    row: Callable[[Iterable[Any]], Any]
    convert: tuple[tuple[int, Callable[[Any], Any]], ...]

    def rows(self, cursor: sqlite3.Cursor) -> list[Any]:
        if not self.convert:
            return [self.row(values) for values in cursor]
        rows = []
        for values in map(list, cursor):
            for index, convert in self.convert:
                values[index] = convert(values[index])
            rows.append(self.row(values))
        return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    sql: str
    fill: Callable[[Mapping[str, Any]], Sequence[Any]]
    shape: _Shape | None

    def run(self, driver: sqlite3.Connection, params: Mapping[str, Any]) -> sqlite3.Cursor:
        return driver.execute(self.sql, self.fill(params))


class PreparedStatements:
    """Runs statements on connections of one dialect.

    A statement that comes again is a constant of its module and is compiled for good, by the names
    of its parameters: 10 µs an execution instead of 37. What is built anew each time, and what
    SQLAlchemy must finish at execution (an IN list, RETURNING, defaults in Python), stays with it.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Executable, dict[tuple[str, ...], _Prepared | None]] = (
            WeakKeyDictionary()
        )
        self._connection: Connection | None = None
        self._driver: sqlite3.Connection

    def run(self, connection: Connection, statement: Executable, params: Parameters) -> int:
        """The number of rows touched; errors are the driver's own."""
        prepared = self._prepared(connection, statement, params or {})
        if prepared is None:
            return connection.execute(statement, params).rowcount
        return prepared.run(self._driver_of(connection), params or {}).rowcount

    def rows(self, connection: Connection, statement: Executable, params: Parameters) -> Sequence[Row[Any]]:
        """The rows of a query, named tuples as SQLAlchemy's are; errors are the driver's own."""
        prepared = self._prepared(connection, statement, params or {})
        if prepared is None or prepared.shape is None:
            return connection.execute(statement, params).all()
        return prepared.shape.rows(prepared.run(self._driver_of(connection), params or {}))

    def _driver_of(self, connection: Connection) -> sqlite3.Connection:
        """The driver's own connection; that of the connection in use is known, as asking for it costs more than a row."""
        if connection is not self._connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            self._connection, self._driver = connection, driver
        return self._driver

    def _prepared(
        self, connection: Connection, statement: Executable, params: Mapping[str, Any]
    ) -> _Prepared | None:
        seen = self._known.get(statement)
        if seen is None:
            self._known[statement] = {}
            return None
        names = tuple(params)
        if names not in seen:
            seen[names] = _prepare(statement, names, connection.dialect)
        return seen[names]


def _prepare(statement: Executable, names: tuple[str, ...], dialect: Dialect) -> _Prepared | None:
    """The finished statement, or None for one that only SQLAlchemy can execute."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]  # every Executable is a ClauseElement
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
        return None
    if compiled.post_compile_params or compiled.literal_execute_params or compiled.effective_returning:
        return None
    if compiled.insert_prefetch or compiled.update_prefetch:
        return None
    slots = tuple(_slot(compiled.binds[name], name, names, dialect) for name in compiled.positiontup)
    if any(compiled.binds[slot.name].required and not slot.is_given for slot in slots):
        return None
    if not set(names) <= {slot.name for slot in slots}:
        return None  # a parameter that the statement does not have is for SQLAlchemy to refuse
    return _Prepared(sql=compiled.string, fill=_filling(slots), shape=_shape(statement, dialect))


def _filling(slots: Sequence[_Slot]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """What makes the driver's values of the parameters; most statements take them as they are."""
    if len(slots) > 1 and all(slot.is_given and slot.convert is None for slot in slots):
        return itemgetter(*(slot.name for slot in slots))
    return lambda params: [slot.fill(params) for slot in slots]


def _shape(statement: Executable, dialect: Dialect) -> _Shape | None:
    """The rows of a SELECT whose columns have names of their own."""
    if not isinstance(statement, Select):
        return None
    columns = list(statement.selected_columns)
    names = [column.key or "" for column in columns]
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        return None
    row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024  # its fields come from the query
    processors = [
        None if _is_plain(column.type) else column.type.dialect_impl(dialect).result_processor(dialect, None)
        for column in columns
    ]
    convert = tuple((index, each) for index, each in enumerate(processors) if each is not None)
    return _Shape(row=row._make, convert=convert)


def _slot(bind: BindParameter[Any], name: str, names: tuple[str, ...], dialect: Dialect) -> _Slot:
    convert = None if _is_plain(bind.type) else bind.type.dialect_impl(dialect).bind_processor(dialect)
    return _Slot(name=name, is_given=name in names, value=bind.effective_value, convert=convert)


def _is_plain(kind: TypeEngine[Any]) -> bool:
    """Whether SQLite's driver itself takes and gives the values, where SQLAlchemy would wrap them for any driver."""
    return isinstance(kind, LargeBinary)
