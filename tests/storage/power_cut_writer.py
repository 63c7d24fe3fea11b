"""Stores rows from concurrent turns and notes each acknowledged one; run under strace by the power cut test."""

from __future__ import annotations

import asyncio
import os
import sys

from sqlalchemy import insert

from bot.clock import Clock
from bot.db import WriteSet, open_database
from bot.schema import meta
from bot.sqlite import SqliteDatabase

ROUNDS = 24
TURNS = 4
PUT = insert(meta)


async def main(url: str, acknowledgements: str, synchronous: str) -> None:
    """Acknowledge into the file named by `acknowledgements`, one key a line."""
    noted = os.open(acknowledgements, os.O_WRONLY | os.O_CREAT, 0o600)
    database = await open_database(url, Clock(), patience=30)
    assert isinstance(database, SqliteDatabase)

    def adjust() -> None:
        connection = database._writer._file.connection().connection.driver_connection
        assert connection is not None
        connection.execute(f"PRAGMA synchronous={synchronous}")
        # A few pages instead of a thousand: the log is folded into the file again and again.
        connection.execute("PRAGMA wal_autocheckpoint=12")

    await database._off_loop(adjust)

    async def turn(key: str) -> None:
        writes = WriteSet()
        writes.add(PUT, {"key": key, "value": key * 40}, rows=1)
        await database.commit(writes)
        os.write(noted, f"{key}\n".encode())

    for number in range(ROUNDS):
        await asyncio.gather(*(turn(f"{number:03}-{each}") for each in range(TURNS)))
    # The process ends without closing: nothing is folded or synced on the way out.
    os._exit(0)


asyncio.run(main(*sys.argv[1:]))
