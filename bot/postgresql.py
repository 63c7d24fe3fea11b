"""The database in PostgreSQL: one transaction a commit, any number of processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy import URL, Connection, Executable, Row, Table, text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.clock import Clock
from bot.errors import ConfigurationError, DatabaseUnavailable, Stale
from bot.writes import WriteSet, apply

T = TypeVar("T")

_RETRY_SECONDS = 0.02

# Classes of SQLSTATE: connection, resources (disk full among them), intervention, system error; and read only.
_UNABLE = ("08", "53", "57", "58", "25006", "55P03", "28", "3D000")
_MISCONFIGURED = ("28", "3D000")
_LOST_A_RACE = ("40001", "40P01")

# SQLAlchemy wraps what a statement raises, not what connecting raises.
_TROUBLE = (DBAPIError, PoolTimeoutError, PostgresError, InterfaceError, OSError)


class _InDoubt(DatabaseUnavailable):
    """The connection was lost during COMMIT: what was written may be stored or not."""


class PostgresqlDatabase:
    """See `bot.db.Database`."""

    def __init__(self, engine: AsyncEngine, clock: Clock, patience: float) -> None:
        self._engine = engine
        self._clock = clock
        self._patience = patience
        self._closed = False
        self._tasks: set[asyncio.Task[Any]] = set()
        # A single statement needs no BEGIN and COMMIT of its own: two journeys to the server less.
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """See `Database.dialect`."""
        return "postgresql"

    @classmethod
    async def open(cls, address: URL, clock: Clock, *, patience: float) -> PostgresqlDatabase:
        """Connect once, so that a wrong address is met at the start."""
        database = cls(
            create_async_engine(
                address.set(drivername="postgresql+asyncpg"),
                pool_size=10,
                max_overflow=10,
                pool_timeout=patience,
                hide_parameters=True,
                connect_args={
                    "timeout": patience,
                    "server_settings": {
                        "application_name": "patou",
                        "synchronous_commit": "on",
                        "jit": "off",
                    },
                },
            ),
            clock,
            patience,
        )
        try:
            await database.first(text("SELECT 1"))
        except DatabaseUnavailable as error:
            await database.close()
            if error.__cause__ is not None and _sqlstate(error.__cause__).startswith(_MISCONFIGURED):
                raise ConfigurationError(f"PostgreSQL refuses {address!r}: {error.__cause__}.") from None
            raise
        return database

    async def commit(self, *writes: WriteSet) -> None:
        """See `Database.commit`."""

        def work(connection: Connection) -> None:
            for each in writes:
                apply(connection, each)

        await self._patiently(lambda: self._transact(work))

    async def fetch(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """See `Database.fetch`."""

        async def query() -> Sequence[Row[Any]]:
            async with self._reading.connect() as connection:
                return (await connection.execute(statement, params)).all()

        return await self._patiently(query)

    async def first(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """See `Database.first`."""

        async def query() -> Row[Any] | None:
            async with self._reading.connect() as connection:
                return (await connection.execute(statement, params)).first()

        return await self._patiently(query)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """See `Database.run`."""
        self._require_open()
        try:
            return await self._transact(work)
        except _TROUBLE as error:
            raise _translated(error) from error

    async def forget(self) -> None:
        """See `Database.forget`: PostgreSQL's log is recycled by itself, and lies under its own roof."""

    def insert(self, table: Table) -> Insert:
        """See `Database.insert`."""
        return insert(table)

    async def close(self) -> None:
        """See `Database.close`."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._engine.dispose()

    def _require_open(self) -> None:
        # A disposed engine would connect again.
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.connect() as connection:
            result = await connection.run_sync(work)
            try:
                await connection.commit()
            except _TROUBLE as error:
                raise _InDoubt from error
            return result

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Wait for the attempts no longer than the patience; letting go of a hung connection takes longer."""
        self._require_open()
        task = asyncio.get_running_loop().create_task(self._repeat(attempt))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            await asyncio.wait((task,), timeout=self._patience)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            raise DatabaseUnavailable("The database does not answer.")
        return task.result()

    async def _repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until it works or half the patience is over: a restarted server leaves dead connections behind."""
        deadline = self._clock.monotonic() + self._patience / 2
        while True:
            try:
                return await attempt()
            except _TROUBLE as error:
                failure = _translated(error)
                if not isinstance(failure, DatabaseUnavailable) or self._clock.monotonic() > deadline:
                    raise failure from error
            await asyncio.sleep(_RETRY_SECONDS)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # heard here where its caller left


def _translated(error: Exception) -> Exception:
    """What the error means to a caller; itself where it is a fault of ours."""
    state = _sqlstate(error)
    if state in _LOST_A_RACE:
        return Stale()
    if isinstance(error, DBAPIError) and not error.connection_invalidated and not state.startswith(_UNABLE):
        return error
    return DatabaseUnavailable(f"The database cannot be used: {state or 'no connection'}.")


def _sqlstate(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""
