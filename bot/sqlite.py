"""The database in one SQLite file: concurrent write-sets share a commit, and only what waits for the disk leaves the event loop."""

from __future__ import annotations

import asyncio
import fcntl
import math
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Executable, Row, Table, create_engine
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.clock import Clock
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.patience import Patience
from bot.prepared import PreparedStatements
from bot.writes import Run, WriteSet, apply

T = TypeVar("T")
Turn = tuple[WriteSet, ...]

# What waits for a lock gives up before its caller does.
_LOCK_SHARE = 0.8
_LOCK_POLL_SECONDS = 0.005
# What was read a moment ago may be read again without a look at the path; whatever is written looks each time.
_TRUSTED_SECONDS = 0.1
# Turns a transaction, about 0.1 ms each: the first of a batch does not wait too long for the last.
_BATCH = 200
# So many rows are put in on the event loop, in a few milliseconds; more on the writer's thread.
_QUICK_ROWS = 500

# FULL: NORMAL loses acknowledged commits in a power cut. secure_delete: a purge leaves no trace in free pages.
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)
_TROUBLE = (DBAPIError, sqlite3.Error, OSError)
_BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"})
_UNABLE = _BUSY | {
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_NOMEM",
    "SQLITE_PERM",
}


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
        self._reader = _File(path, trusted_seconds=_TRUSTED_SECONDS)
        self._queries = PreparedStatements()
        self._writer = _Writer(path)
        self._writing = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._waiting: deque[_Pending] = deque()
        self._unstored = Patience(patience, _refuse)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False
        self._closed = False

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """See `Database.dialect`."""
        return "sqlite"

    @classmethod
    async def open(cls, path: Path, clock: Clock, *, maintenance: bool, patience: float) -> SqliteDatabase:
        """Open or create the file; raises ConfigurationError when another process serves its directory."""
        try:
            guard = _prepare(path, maintenance=maintenance)
        except OSError as error:
            raise ConfigurationError(f"The database {path} cannot be opened: {error.strerror}.") from error
        database = cls(path, clock, guard, patience)
        try:
            await database._unlocked(database._writer.open)
        except BaseException:
            await database.close()
            raise
        return database

    async def commit(self, *writes: WriteSet) -> None:
        """See `Database.commit`; write-sets that arrive during a commit share the next one."""
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

        def read() -> Sequence[Row[Any]]:
            with self._reader:
                return self._queries.rows(self._reader.connection(), statement, params)

        return await self._unlocked(read)

    async def first(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """See `Database.first`."""
        return next(iter(await self.fetch(statement, params)), None)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """See `Database.run`."""
        # Shielded: the work goes on in its thread whatever becomes of the caller.
        return await asyncio.shield(self._own(self._run(work)))

    async def forget(self) -> None:
        """See `Database.forget`: the log is folded into the file, where `secure_delete` has overwritten it."""
        await asyncio.shield(self._own(self._fold()))

    def insert(self, table: Table) -> Insert:
        """See `Database.insert`."""
        return insert(table)

    async def close(self) -> None:
        """See `Database.close`."""
        if self._closed:
            return
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._reader.close()
        await self._off_loop(self._writer.close)
        self._closed = True
        self._thread.shutdown()
        if self._guard is not None:
            os.close(self._guard)

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
        await self._unlocked(self._writer.begin)
        outcomes: Sequence[Exception | None] = [None] * len(turns)
        try:
            await self._put(turns, self._writer.put)
        except DatabaseUnavailable:
            raise
        except Exception as failure:  # noqa: BLE001 (its turn is told)
            if len(turns) == 1:
                return [failure]
            # Nothing is stored yet. A conflict is rare: once more, so that it fails alone.
            await self._unlocked(self._writer.begin)
            outcomes = await self._put(turns, self._writer.put_apart)
        await self._off_loop(self._writer.commit)
        return outcomes

    async def _put(self, turns: Sequence[Turn], put: Callable[[Sequence[Turn]], T]) -> T:
        """Rows go into memory: on a thread each would cost more in waiting for the interpreter's lock."""
        rows = sum(writes.rows for turn in turns for writes in turn)
        return put(turns) if rows <= _QUICK_ROWS else await self._off_loop(partial(put, turns))

    async def _run(self, work: Callable[[Connection], T]) -> T:
        async with self._writing:
            await self._unlocked(self._writer.begin)
            return await self._off_loop(partial(self._writer.run, work))

    async def _fold(self) -> None:
        async with self._writing:
            await self._off_loop(partial(self._writer.fold, self._patience * _LOCK_SHARE))

    async def _unlocked(self, work: Callable[[], T]) -> T:
        """Do what meets the lock of another process again until it is gone."""
        deadline = self._clock.monotonic() + self._patience * _LOCK_SHARE
        while True:
            if self._closed:
                raise DatabaseUnavailable("The database is closed.")
            try:
                return work()
            except _Busy:
                if self._clock.monotonic() > deadline:
                    raise
            await asyncio.sleep(_LOCK_POLL_SECONDS)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _own(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _refuse(stored: asyncio.Future[None]) -> None:
    stored.set_exception(DatabaseUnavailable())


class _Busy(DatabaseUnavailable):
    """Another process keeps the database locked."""


class _File:
    """One connection to the file that lies at the path, opened again after every trouble.

    `with` it, what the file, the disk or a lock refuses is DatabaseUnavailable.
    """

    def __init__(self, path: Path, *, trusted_seconds: float = 0.0) -> None:
        """For `trusted_seconds` after each look the file counts as the one that lies at the path."""
        self._path = path
        self._trusted_seconds = trusted_seconds
        self._looked_at = -math.inf
        self._engine = _engine(path)
        self._connection: Connection | None = None
        self._identity = (0, 0)

    def connection(self) -> Connection:
        """The open connection; to another file when the path leads to another one now."""
        now = time.monotonic()
        if self._connection is not None and now - self._looked_at < self._trusted_seconds:
            return self._connection
        self._looked_at = now
        found = self._path.stat()
        identity = (found.st_dev, found.st_ino)
        if self._connection is not None and identity != self._identity:
            # Writing on to a file that was deleted or replaced would lose what we acknowledge.
            self.close()
        if self._connection is None:
            self._connection, self._identity = self._engine.connect(), identity
        return self._connection

    def __enter__(self) -> Self:
        """Costs every read a fifth of what a generator with `contextmanager` does."""
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, _TROUBLE):
            return
        name = _errorname(error)
        if name in _BUSY:
            raise _Busy from error
        if name in _UNABLE or isinstance(error, OSError):
            self.close()
            raise DatabaseUnavailable(
                f"The database cannot be used: {name or 'its file is not there'}."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, sqlite3.Error):
                connection.close()


class _Writer:
    """The connection that writes, one transaction at a time: `begin`, then `put`, then `commit`; or `begin`, then `run`.

    What fails undoes the whole transaction.
    """

    def __init__(self, path: Path) -> None:
        self._file = _File(path)
        self._statements = PreparedStatements()
        self._connection: Connection
        self._transaction = ExitStack()

    def open(self) -> None:
        """Meet trouble with the file at the start."""
        with self._file:
            self._file.connection()

    def begin(self) -> None:
        """Begin a transaction; raises `_Busy` while another process is in one."""
        with ExitStack() as opening:
            opening.enter_context(self._file)
            self._connection = self._file.connection()
            # IMMEDIATE: a lock is met here, where waiting is safe, and never half-way.
            _driver(self._connection).execute("BEGIN IMMEDIATE")
            opening.enter_context(self._connection.begin())
            self._transaction = opening.pop_all()

    def put(self, turns: Sequence[Turn]) -> None:
        """Run the statements of every turn."""
        with ExitStack() as failing:
            failing.push(self._transaction)
            for turn in turns:
                _apply(self._connection, turn, self._statements.run)
            failing.pop_all()

    def put_apart(self, turns: Sequence[Turn]) -> Sequence[Exception | None]:
        """Each turn under a savepoint of its own, which costs a copy of every page it touches; what became of them."""
        with ExitStack() as failing:
            failing.push(self._transaction)
            outcomes = [_attempt(self._connection, turn, self._statements.run) for turn in turns]
            failing.pop_all()
        return outcomes

    def commit(self) -> None:
        """Have it on the disk; on the writer's thread."""
        self._transaction.close()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do the work and commit; on the writer's thread."""
        with self._transaction:
            return work(self._connection)

    def fold(self, lock_seconds: float) -> None:
        """Empty the log as soon as no other process reads from it; on the writer's thread."""
        with self._file:
            driver = _driver(self._file.connection())
            driver.execute(f"PRAGMA busy_timeout={int(lock_seconds * 1000)}")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            driver.execute("PRAGMA busy_timeout=0")

    def close(self) -> None:
        """Let go of the file; the last connection folds the log into it."""
        self._file.close()


def _apply(connection: Connection, turn: Turn, run: Run) -> None:
    for writes in turn:
        apply(connection, writes, run)


def _attempt(connection: Connection, turn: Turn, run: Run) -> Exception | None:
    """Apply one turn; its own failure is returned, the failure of the whole transaction is raised."""
    driver = _driver(connection)
    driver.execute("SAVEPOINT turn")
    failure = None
    try:
        _apply(connection, turn, run)
    except Exception as error:
        if not driver.in_transaction or _errorname(error) in _UNABLE:
            raise
        driver.execute("ROLLBACK TO turn")
        failure = error
    driver.execute("RELEASE turn")
    return failure


def _prepare(path: Path, *, maintenance: bool) -> int | None:
    """Make the directory and an empty file that only this user can read, and guard them: the guard's descriptor."""
    if maintenance:
        path.stat()
        return None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    guard = os.open(path.parent / "patou.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # SQLite gives its log and shared memory the mode of the database.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except BlockingIOError:
        os.close(guard)
        raise ConfigurationError(
            f"Another process serves the database in {path.parent}. Stop it first;"
            " several processes on one database need PostgreSQL."
        ) from None
    except OSError:
        os.close(guard)
        raise
    return guard


def _engine(path: Path) -> Engine:
    """An engine whose connections never create the file: one that went away is not to be replaced by an empty one."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _errorname(error: BaseException) -> str:
    """SQLite's own name of what went wrong, cut to its primary code: SQLITE_IOERR_WRITE is SQLITE_IOERR."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
