"""Fixtures for every test: pinned time, seeded chance, real databases and a real Redis.

`db` runs a test over SQLite and PostgreSQL, `locks` and `limits` over memory and Redis.
"""

from __future__ import annotations

import gc
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import structlog
from redis.asyncio import Redis

from bot.clock import Chance, Clock
from bot.crypto import Vault, open_vault
from bot.db import Database, open_database
from bot.limits import Limits, MemoryLimits
from bot.locks import Locks, MemoryLocks
from bot.migrate import upgrade
from bot.redis import connect
from bot.redis_limits import RedisLimits
from bot.redis_locks import RedisLocks
from tests.pinned import PinnedTime
from tests.servers.memory import throw_away_folder
from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer

MASTER = bytes(range(32))
# The plain form of a fault; the one that structlog draws for people takes a second to draw.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer()])
_names = count(1)
_MODELS_KEPT = 40


def pytest_configure() -> None:
    """Keep the folders of tests in memory: on a disk, most of their time is spent waiting for its commits."""
    tempfile.tempdir = throw_away_folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: where two workers share the files, neither is left with them at the end.

    The second file is the largest that needs no trained model: the first one waits for its training.
    """
    waiting = {item.path for item in items if "trained" in getattr(item, "fixturenames", ())}
    others = Counter(item.path for item in items if item.path not in waiting)
    first = next((item.path for item in items if _is_long(item)), None)
    second = max(others, key=others.__getitem__, default=None)
    items.sort(key=lambda item: (item.path != first, item.path != second, not _is_long(item)))


def pytest_collection_finish() -> None:
    """All that was loaded stays: looking through it again and again for what could go took a tenth of the tests."""
    gc.collect()
    gc.freeze()


def _is_long(item: pytest.Item) -> bool:
    return "system" in item.path.parts


@pytest.fixture(scope="session")
def models() -> Path:
    """Where trained models are kept between runs; a model's name is the digest of all it was made of."""
    folder = Path(__file__).parent / ".cache" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    newest_first = sorted(folder.glob("*.npz"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in newest_first[_MODELS_KEPT:]:
        old.unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="session")
async def trained(models: Path) -> Path:
    """The folder of models, with that of the Lao pack in it: every start after it is fast."""
    # Here, as it loads the whole understanding, which most tests can do without.
    from tests.system.models import train

    await train(models)
    return models


@pytest.fixture
def pinned() -> PinnedTime:
    """Time that the test moves: `pinned.advance(seconds)`."""
    return PinnedTime()


@pytest.fixture
def clock(pinned: PinnedTime) -> Clock:
    """The clock that shows `pinned`."""
    return pinned.clock


@pytest.fixture
def chance() -> Chance:
    """Randomness that repeats itself in every run."""
    return Chance(random=random.Random(1))  # noqa: S311 (it must repeat itself)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The PostgreSQL of this test run."""
    server = PostgresqlServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The Redis of this test run."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    await _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
async def postgresql_admin(postgresql_server: PostgresqlServer) -> AsyncIterator[asyncpg.Connection]:
    """Makes and drops databases: one connection, as a psql for each takes longer than the server does."""
    connection = await asyncpg.connect(postgresql_server.url("postgres"))  # type: ignore[no-untyped-call]  # theirs has no types
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def postgresql_template(
    postgresql_server: PostgresqlServer, postgresql_admin: asyncpg.Connection
) -> str:
    """A migrated, empty PostgreSQL database, cloned for each test."""
    await postgresql_admin.execute("CREATE DATABASE template_patou")
    await _migrate(postgresql_server.url("template_patou"))
    return "template_patou"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    shutil.copy(sqlite_template, tmp_path / "patou.db")
    return f"sqlite:///{tmp_path}/patou.db"


@pytest.fixture
async def postgresql_url(
    postgresql_server: PostgresqlServer, postgresql_admin: asyncpg.Connection, postgresql_template: str
) -> AsyncIterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    name = f"test_{next(_names)}"
    await postgresql_admin.execute(f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    yield postgresql_server.url(name)
    await postgresql_admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, on both engines in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The open database, patient with a busy machine; its waits are measured in real time."""
    database = await open_database(database_url, Clock(), patience=30)
    yield database
    await database.close()


@pytest.fixture
async def vault(db: Database, clock: Clock) -> Vault:
    """The vault over `db`."""
    return await open_vault(db, MASTER, clock)


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    """A client of an empty Redis."""
    client = connect(redis_server.url, timeout=30)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(params=["memory", "redis"])
def locks(request: pytest.FixtureRequest, clock: Clock) -> Locks:
    """Locks of both kinds in turn."""
    if request.param == "memory":
        return MemoryLocks(clock)
    return RedisLocks(request.getfixturevalue("redis"), clock)


@pytest.fixture(params=["memory", "redis"])
def limits(request: pytest.FixtureRequest, clock: Clock) -> Limits:
    """Limits of both kinds in turn."""
    if request.param == "memory":
        return MemoryLimits(clock)
    return RedisLimits(request.getfixturevalue("redis"), clock)


async def _migrate(url: str) -> None:
    database = await open_database(url, Clock(), patience=30)
    await upgrade(database)
    await database.close()
