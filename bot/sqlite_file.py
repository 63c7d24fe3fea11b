"""The SQLite file: the connection that reads, the connection that writes, and what can go wrong with either."""

from __future__ import annotations

import fcntl
import math
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.prepared import PreparedStatements
from bot.writes import Run, WriteSet, apply

T = TypeVar("T")
Turn = tuple[WriteSet, ...]

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


class Busy(DatabaseUnavailable):
    """Another process keeps the database locked."""


class File:
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

    def check(self) -> None:
        """Raise DatabaseUnavailable where the path has led to another file, or to none, since the last look."""
        with self:
            found = self._path.stat()
            if (found.st_dev, found.st_ino) != self._identity:
                raise DatabaseUnavailable("The file of the database was replaced.")

    def __enter__(self) -> Self:
        """Tell trouble as DatabaseUnavailable until the end; every read does, so it is no slow generator."""
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, _TROUBLE):
            return
        name = _errorname(error)
        if name in _BUSY:
            raise Busy from error
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


class Writer:
    """The connection that writes, one transaction at a time: `begin`, then `put` or `run`, then `commit` or `undo`."""

    def __init__(self, path: Path) -> None:
        self._file = File(path)
        self._statements = PreparedStatements()
        self._connection: Connection
        # Empty where no transaction is open.
        self._transaction = ExitStack()

    def open(self) -> None:
        """Meet trouble with the file at the start."""
        with self._file:
            self._file.connection()

    def begin(self) -> None:
        """Begin a transaction; raises `Busy` while another process is in one."""
        with ExitStack() as opening:
            opening.enter_context(self._file)
            self._connection = self._file.connection()
            driver = _driver(self._connection)
            # IMMEDIATE: a lock is met here, where waiting is safe, and never half-way.
            driver.execute("BEGIN IMMEDIATE")
            opening.callback(_end, driver)
            opening.enter_context(self._connection.begin())
            self._transaction = opening.pop_all()

    def put(self, turns: Sequence[Turn]) -> None:
        """Run the statements of every turn."""
        for turn in turns:
            _apply(self._connection, turn, self._statements.run)

    def put_apart(self, turns: Sequence[Turn]) -> Sequence[Exception | None]:
        """Each turn under a savepoint of its own, which costs a copy of every page it touches; what became of them."""
        return [_attempt(self._connection, turn, self._statements.run) for turn in turns]

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do the work."""
        return work(self._connection)

    def commit(self) -> None:
        """Have it on the disk; raises DatabaseUnavailable where there was nothing to commit any more."""
        with self._transaction:
            if not _driver(self._connection).in_transaction:
                raise DatabaseUnavailable("The transaction was undone.")
        self._file.check()

    def undo(self, error: BaseException) -> None:
        """Let nothing stay of a transaction that is still open; trouble with the file is told as DatabaseUnavailable."""
        self._transaction.__exit__(type(error), error, error.__traceback__)

    def fold(self) -> bool:
        """Empty the log, if no other process reads from it."""
        with self._file:
            ((busy, *_),) = (
                _driver(self._file.connection()).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            )
            return not busy

    def close(self) -> None:
        """Let go of the file; the last connection folds the log into it."""
        self._file.close()


def _end(driver: sqlite3.Connection) -> None:
    """Leave no transaction open, whatever became of it."""
    if driver.in_transaction:
        driver.rollback()


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


def prepare(path: Path, *, maintenance: bool) -> int | None:
    """Make the directory and an empty file that only this user can read, and guard them: the guard's descriptor.

    For `maintenance` nothing is made and nobody kept out, and the result is None. Raises OSError, and
    ConfigurationError where another process guards the directory.
    """
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
