"""The database of an installation with its keys, and the locks and limits that its processes share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.clock import Clock
from bot.config import Config
from bot.crypto import Vault, open_vault, read_master
from bot.db import Database, open_database
from bot.errors import ConfigurationError
from bot.limits import Limits, MemoryLimits
from bot.locks import Locks, MemoryLocks
from bot.migrate import upgrade


@asynccontextmanager
async def open_store(config: Config, *, maintenance: bool = False) -> AsyncIterator[tuple[Database, Vault]]:
    """The database, migrated, and its keys; `maintenance` works beside a server that runs."""
    clock = Clock()
    master = read_master(config.data_dir, config.secret_key)
    db = await open_database(config.database, clock, maintenance=maintenance, patience=config.store_seconds)
    try:
        if not maintenance:
            await upgrade(db)
        yield db, await open_vault(db, master, clock)
    finally:
        await db.close()


@asynccontextmanager
async def store_beside(config: Config) -> AsyncIterator[tuple[Database, Vault]]:
    """The database beside a server that runs; where nothing is there to stand beside yet it is made."""
    async with AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(open_store(config, maintenance=True))
        except ConfigurationError:
            opened = await stack.enter_async_context(open_store(config))
        yield opened


async def open_shared(config: Config, clock: Clock, stack: AsyncExitStack) -> tuple[Locks, Limits]:
    """Locks and limits: in memory, or in Redis when several processes share them."""
    if not config.redis_url:
        return MemoryLocks(clock), MemoryLimits(clock)
    # Loaded only where they are used: a start is quicker without.
    from bot.redis import connect
    from bot.redis_limits import RedisLimits
    from bot.redis_locks import RedisLocks

    redis = connect(config.redis_url)
    stack.push_async_callback(redis.aclose)
    return RedisLocks(redis, clock), RedisLimits(redis, clock)
