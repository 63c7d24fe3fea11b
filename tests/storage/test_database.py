"""What every database promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from functools import partial

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.clock import Clock
from bot.db import Database, WriteSet, apply, open_database
from bot.errors import Conflict, DatabaseUnavailable, Duplicate, Stale, Taken
from bot.schema import leases, meta

PUT = insert(meta)
GET = select(meta.c.value).where(meta.c.key == bindparam("key"))
ALL = select(meta.c.key).order_by(meta.c.key)
MOVE = (
    update(meta)
    .where(meta.c.key == bindparam("at"), meta.c.value == bindparam("old"))
    .values(value=bindparam("new"))
)


def put(key: str, value: str = "1", otherwise: type[Conflict] = Stale) -> WriteSet:
    writes = WriteSet()
    writes.add(PUT, {"key": key, "value": value}, rows=1, otherwise=otherwise)
    return writes


async def test_what_was_committed_is_there_after_a_new_opening(database_url: str) -> None:
    database = await open_database(database_url, Clock(), patience=30)
    await database.commit(put("a"), put("b"))
    await database.close()
    database = await open_database(database_url, Clock(), patience=30)
    assert [row.key for row in await database.fetch(ALL)] == ["a", "b"]
    await database.close()


async def test_a_write_set_stands_or_falls_as_a_whole(db: Database) -> None:
    await db.commit(put("taken"))
    with pytest.raises(Taken):
        await db.commit(put("before"), put("taken", otherwise=Taken), put("after"))
    assert [row.key for row in await db.fetch(ALL)] == ["taken"]


async def test_concurrent_turns_fail_alone(db: Database) -> None:
    """Fifty turns share commits; the even ones meet a conflict half-way and leave nothing."""
    await db.commit(put("taken"))
    turns = [
        db.commit(put(f"{number:02}"), *([put("taken", otherwise=Duplicate)] if number % 2 == 0 else []))
        for number in range(50)
    ]
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Duplicate, type(None)] * 25
    keys = [row.key for row in await db.fetch(ALL)]
    assert keys == [f"{number:02}" for number in range(1, 50, 2)] + ["taken"]


async def test_write_sets_of_thousands_of_rows_go_beside_small_ones(db: Database) -> None:
    """The first of the large ones fails at its last row; nobody else notices."""
    many = [
        [{"key": f"{size}-{number:04}", "value": ""} for number in range(size)] for size in (499, 500, 2_000)
    ]

    def large(rows: list[dict[str, str]], *, fails: bool = False) -> WriteSet:
        writes = WriteSet()
        writes.add(PUT, rows + rows[:1] * fails, rows=len(rows), otherwise=Taken)
        return writes

    for fails in (True, False):
        turns = [
            work
            for rows in many
            for work in (db.commit(large(rows, fails=fails)), db.commit(put(f"beside {fails} {len(rows)}")))
        ]
        outcomes = await asyncio.gather(*turns, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Taken if fails else type(None), type(None)] * 3
    assert len(await db.fetch(ALL)) == sum(map(len, many)) + 2 * len(many)


async def test_work_and_turns_do_not_meet_in_a_transaction(db: Database) -> None:
    """Work that fails undoes itself alone, whatever is stored while it takes its time."""

    def slowly(connection: Connection, key: str) -> None:
        connection.execute(PUT, {"key": key, "value": ""})
        time.sleep(0.02)
        if key.endswith("fails"):
            raise RuntimeError(key)

    async def turn(number: int) -> None:
        await asyncio.sleep(number * 0.003)
        await db.commit(put(f"turn {number:02}"))

    works = [
        db.run(partial(slowly, key=f"{number} {end}")) for number in range(3) for end in ("done", "fails")
    ]
    outcomes = await asyncio.gather(*works, *map(turn, range(30)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), RuntimeError] * 3 + [type(None)] * 30
    stored = [row.key for row in await db.fetch(ALL)]
    assert stored == [f"{number} done" for number in range(3)] + [f"turn {number:02}" for number in range(30)]


async def test_of_racing_updates_of_one_version_one_wins(db: Database) -> None:
    await db.commit(put("version", "0"))

    async def move(new: str) -> None:
        writes = WriteSet()
        writes.add(MOVE, {"at": "version", "old": "0", "new": new}, rows=1)
        await db.commit(writes)

    outcomes = await asyncio.gather(*(move(str(number)) for number in range(1, 9)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType"] + ["Stale"] * 7
    row = await db.first(GET, {"key": "version"})
    assert row is not None
    assert row.value == str(outcomes.index(None) + 1)


async def test_rows_of_a_batch_are_counted_together(db: Database) -> None:
    writes = WriteSet()
    writes.add(PUT, [{"key": "a", "value": ""}, {"key": "b", "value": ""}], rows=2)
    await db.commit(writes)
    short = WriteSet()
    short.add(
        MOVE,
        [{"at": "a", "old": "", "new": "1"}, {"at": "b", "old": "x", "new": "1"}],
        rows=2,
        otherwise=Stale,
    )
    with pytest.raises(Stale):
        await db.commit(short)
    row = await db.first(GET, {"key": "a"})
    assert row is not None
    assert row.value == ""


async def test_an_insert_that_may_do_nothing_says_so_by_its_rows(db: Database) -> None:
    once = db.insert(meta).on_conflict_do_nothing(index_elements=["key"])
    for expected in (1, 0):
        writes = WriteSet()
        writes.add(once, {"key": "once", "value": ""}, rows=expected)
        await db.commit(writes)


async def test_a_fault_of_ours_is_not_a_conflict(db: Database) -> None:
    """A missing value is an error to be seen; the turn beside it is stored."""
    broken = WriteSet()
    broken.add(insert(leases), {"name": "x", "owner": None, "until_at": 0}, rows=1)
    outcomes = await asyncio.gather(db.commit(broken), db.commit(put("beside")), return_exceptions=True)
    assert isinstance(outcomes[0], IntegrityError | sqlite3.IntegrityError)
    assert outcomes[1] is None
    assert [row.key for row in await db.fetch(ALL)] == ["beside"]


async def test_work_runs_in_one_transaction(db: Database) -> None:
    assert await db.run(lambda connection: connection.execute(PUT, {"key": "a", "value": ""}).rowcount) == 1

    def half_done(connection: Connection) -> None:
        apply(connection, put("b"))
        apply(connection, put("a"))

    with pytest.raises(Stale):
        await db.run(half_done)
    assert [row.key for row in await db.fetch(ALL)] == ["a"]


async def test_a_row_committed_is_read_at_once(db: Database) -> None:
    for number in range(20):
        await db.commit(put(str(number)))
        assert await db.first(GET, {"key": str(number)}) is not None
    assert await db.first(GET, {"key": "none"}) is None


async def test_a_caller_that_gives_up_disturbs_nobody(db: Database) -> None:
    turns = [asyncio.ensure_future(db.commit(put(str(number)))) for number in range(10)]
    await asyncio.sleep(0)
    turns[3].cancel()
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [outcome for number, outcome in enumerate(outcomes) if number != 3] == [None] * 9
    await db.commit(put("afterwards"))


async def test_a_closed_database_stores_nothing(database_url: str) -> None:
    database = await open_database(database_url, Clock(), patience=30)
    await database.close()
    with pytest.raises(DatabaseUnavailable):
        await database.commit(put("late"))
    with pytest.raises(DatabaseUnavailable):
        await database.first(ALL)


def _put_one(connection: Connection, key: str) -> int:
    return connection.execute(PUT, {"key": key, "value": ""}).rowcount


async def test_what_comes_while_the_database_closes_is_refused_and_not_lost(database_url: str) -> None:
    """Before the first word of the closing, at it and after it."""
    acknowledged = []
    for delay in range(6):
        database = await open_database(database_url, Clock(), patience=30)
        early = asyncio.ensure_future(database.commit(put(f"early {delay}")))
        await asyncio.sleep(0)
        closings = [asyncio.ensure_future(database.close()) for _ in range(2)]
        for _ in range(delay):
            await asyncio.sleep(0)
        late = await asyncio.gather(
            database.commit(put(f"late {delay}")),
            database.run(partial(_put_one, key=f"{delay}")),
            return_exceptions=True,
        )
        await asyncio.gather(early, *closings)
        acknowledged.append(f"early {delay}")
        acknowledged += [f"late {delay}"] * (late[0] is None) + [f"{delay}"] * (late[1] == 1)
    database = await open_database(database_url, Clock(), patience=30)
    assert sorted(acknowledged) == [row.key for row in await database.fetch(ALL)]
    await database.close()
