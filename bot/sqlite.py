"""The database in one SQLite file: concurrent write-sets share a commit, and only what waits for the disk leaves the event loop."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Executable, Row, Table
from sqlalchemy.dialects.sqlite import Insert, insert

from bot.clock import Clock
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.patience import Patience
from bot.prepared import PreparedStatements
from bot.sqlite_file import Busy, File, Turn, Writer, prepare
from bot.writes import WriteSet

T = TypeVar("T")

# What waits for a lock gives up before its caller does.
_LOCK_SHARE = 0.8
_LOCK_POLL_SECONDS = 0.005
# What was read a moment ago may be read again without a look at the path; whatever is written looks each time.
_TRUSTED_SECONDS = 0.1
# Turns a transaction, about 0.1 ms each: the first of a batch does not wait too long for the last.
_BATCH = 200
# So many rows are put in on the event loop, in a few milliseconds; more on the writer's thread.
_QUICK_ROWS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pending:
    writes: Turn
    stored: asyncio.Future[None]

    def settle(self, failure: Exception | None) -> None:
        if self.stored.done():
            return
        if failure is None:
            self.stored.set_result(None)
        else:
            self.stored.set_exception(failure)


class SqliteDatabase:
    """See `bot.db.Database`; belongs to the event loop that opened it."""

    def __init__(self, path: Path, clock: Clock, guard: int | None, patience: float) -> None:
        path = path.absolute()
        self._clock = clock
        self._guard = guard
        self._patience = patience
        self._reader = File(path, trusted_seconds=_TRUSTED_SECONDS)
        self._queries = PreparedStatements()
        self._writer = Writer(path)
        self._writing = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._waiting: deque[_Pending] = deque()
        self._unstored = Patience(patience, _refuse)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False
        self._closing: asyncio.Task[None] | None = None

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """See `Database.dialect`."""
        return "sqlite"

    @classmethod
    async def open(cls, path: Path, clock: Clock, *, maintenance: bool, patience: float) -> SqliteDatabase:
        """Open or create the file; raises ConfigurationError when another process serves its directory."""
        try:
            guard = prepare(path, maintenance=maintenance)
        except OSError as error:
            raise ConfigurationError(f"The database {path} cannot be opened: {error.strerror}.") from error
        database = cls(path, clock, guard, patience)
        try:
            await database._unlocked(database._writer.open, database._deadline())
        except BaseException:
            await database.close()
            raise
        return database

    async def commit(self, *writes: WriteSet) -> None:
        """See `Database.commit`; write-sets that arrive during a commit share the next one."""
        self._admit()
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append(_Pending(writes=writes, stored=stored))
        if not self._draining:
            self._draining = True
            self._own(self._drain())
        self._unstored.watch(stored)
        await stored

    async def fetch(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """See `Database.fetch`: it runs here, as a point read costs less than a change of thread."""
        self._admit()

        def read() -> Sequence[Row[Any]]:
            with self._reader:
                return self._queries.rows(self._reader.connection(), statement, params)

        return await self._unlocked(read, self._deadline())

    async def first(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """See `Database.first`."""
        return next(iter(await self.fetch(statement, params)), None)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """See `Database.run`."""
        self._admit()
        # Shielded: the work goes on in its thread whatever becomes of the caller.
        return await asyncio.shield(self._own(self._run(work)))

    async def forget(self) -> None:
        """See `Database.forget`: the log is folded into the file, where `secure_delete` has overwritten it."""
        self._admit()
        await asyncio.shield(self._own(self._fold()))

    def insert(self, table: Table) -> Insert:
        """See `Database.insert`."""
        return insert(table)

    async def close(self) -> None:
        """See `Database.close`; whoever comes later is told DatabaseUnavailable."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._reader.close()
        await self._off_loop(self._writer.close)
        self._thread.shutdown()
        if self._guard is not None:
            os.close(self._guard)

    def _admit(self) -> None:
        if self._closing is not None:
            raise DatabaseUnavailable("The database is closed.")

    async def _drain(self) -> None:
        """Write what waits until nothing does; at rest a commit starts at once and alone."""
        while self._waiting:
            async with self._writing:
                # Whoever gave up waiting was told that nothing is certain, and will come again.
                oldest = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                batch = [pending for pending in oldest if not pending.stored.done()]
                if not batch:
                    continue
                try:
                    outcomes = await self._write([pending.writes for pending in batch])
                except Exception as error:  # noqa: BLE001 (every caller of the batch is told)
                    outcomes = [error] * len(batch)
            for pending, outcome in zip(batch, outcomes, strict=True):
                pending.settle(outcome)
        self._draining = False

    async def _write(self, turns: Sequence[Turn]) -> Sequence[Exception | None]:
        """One transaction, one fsync: what became of each turn, which stands or falls alone."""
        rows = sum(writes.rows for turn in turns for writes in turn)
        deadline = self._deadline()
        try:
            async with self._transaction(deadline):
                await self._do(partial(self._writer.put, turns), rows)
        except DatabaseUnavailable:
            raise
        except Exception as failure:  # noqa: BLE001 (its turn is told)
            if len(turns) == 1:
                return [failure]
        else:
            return [None] * len(turns)
        # Nothing is stored yet. A conflict is rare: once more, so that it fails alone.
        async with self._transaction(deadline):
            return await self._do(partial(self._writer.put_apart, turns), rows)

    async def _do(self, put: Callable[[], T], rows: int) -> T:
        """Rows go into memory: on a thread each would cost more in waiting for the interpreter's lock."""
        return put() if rows <= _QUICK_ROWS else await self._off_loop(put)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        deadline = self._deadline()
        async with self._writing, self._transaction(deadline):
            return await self._off_loop(partial(self._writer.run, work))

    async def _fold(self) -> None:
        deadline = self._deadline()
        while True:
            async with self._writing:
                if await self._off_loop(self._writer.fold):
                    return
            if self._clock.monotonic() > deadline:
                raise Busy("Another process reads what was erased.")
            # Others write meanwhile.
            await asyncio.sleep(_LOCK_POLL_SECONDS)

    @asynccontextmanager
    async def _transaction(self, deadline: float) -> AsyncIterator[None]:
        """The writer's transaction, committed at the end; of one that fails anywhere nothing stays, nor stays open."""
        await self._unlocked(self._writer.begin, deadline)
        try:
            yield
            await self._off_loop(self._writer.commit)
        except asyncio.CancelledError:
            raise  # the loop ends, and the thread may be in the midst of it
        except BaseException as error:
            self._writer.undo(error)
            raise

    def _deadline(self) -> float:
        return self._clock.monotonic() + self._patience * _LOCK_SHARE

    async def _unlocked(self, work: Callable[[], T], deadline: float) -> T:
        """Do what meets the lock of another process again until it is gone."""
        while True:
            try:
                return work()
            except Busy:
                if self._clock.monotonic() > deadline:
                    raise
            await asyncio.sleep(_LOCK_POLL_SECONDS)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _own(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, even where the caller no longer waits


def _refuse(stored: asyncio.Future[None]) -> None:
    stored.set_exception(DatabaseUnavailable())
