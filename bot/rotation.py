"""Key rotation: a new data key, and everything that is sealed sealed again under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, Row, bindparam, func, select, update

from bot.clock import Clock, to_ms
from bot.crypto import HEADER_BYTES, Vault
from bot.db import Database, WriteSet
from bot.errors import KeyUnknown, SealBroken
from bot.schema import keys, metadata

# Rows a transaction: small enough that turns beside it wait for milliseconds only.
_SLICE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """What a rotation did: rows sealed again, rows that nobody can open, old keys out of use (by id)."""

    resealed: int
    unreadable: int
    retired: tuple[int, ...]


async def rotate(db: Database, vault: Vault, clock: Clock, tables: MetaData = metadata) -> Rotation:
    """Rotate the data key; a rotation that was cut off is continued, not begun again.

    `tables` is every table that exists: its columns named `*_sealed` are found by that name. Rows
    that turns write meanwhile are left to them. Other processes learn of the key when they
    `refresh` their vault: where several run, call `vault.add_data_key` with a moment by which all
    have refreshed, and `rotate` after it.
    """
    if len(await _unretired(db)) == 1:
        await vault.add_data_key(clock.now())
    await vault.refresh()
    resealed = unreadable = 0
    for column in _sealed(tables):
        again, lost = await _reseal(db, vault, column)
        resealed, unreadable = resealed + again, unreadable + lost
    retired: tuple[int, ...] = ()
    if not [column for column in _sealed(tables) if await _slice(db, vault, column, "")]:
        retired = await _retire(db, vault, clock)
    return Rotation(resealed=resealed, unreadable=unreadable, retired=retired)


def row_id(column: Column[Any]) -> Column[Any]:
    """The column that names the row in the context of its seal: `id`, or else the primary key."""
    table = column.table
    found: Column[Any] = table.c.id if "id" in table.c else next(iter(table.primary_key))
    return found


def _sealed(tables: MetaData) -> Iterator[Column[Any]]:
    for table in tables.sorted_tables:
        yield from (column for column in table.c if column.name.endswith("_sealed"))


async def _reseal(db: Database, vault: Vault, column: Column[Any]) -> tuple[int, int]:
    """Seal one column again, slice by slice in the order of its ids: how many rows, how many unreadable."""
    identity = row_id(column)
    change = (
        update(column.table)
        .where(identity == bindparam("row"), column == bindparam("old"))
        .values({column: bindparam("new")})
    )
    resealed = unreadable = 0
    last = ""
    while rows := await _slice(db, vault, column, last):
        changes = []
        for row in rows:
            context = f"{column.table.name}:{row.row}"
            try:
                new = vault.seal(vault.open(row.old, context), context)
            except (KeyUnknown, SealBroken):
                unreadable += 1
                continue
            changes.append({"row": row.row, "old": row.old, "new": new})
        # Nothing happens to a row that a turn wrote meanwhile: it is under the new key already.
        writes = WriteSet()
        if changes:
            writes.add(change, changes)
        await db.commit(writes)
        resealed += len(changes)
        last = rows[-1].row
    return resealed, unreadable


async def _slice(db: Database, vault: Vault, column: Column[Any], after: str) -> list[Row[Any]]:
    """The next rows after that id which are sealed under another key than the present one."""
    identity = row_id(column)
    query = (
        select(identity.label("row"), column.label("old"))
        # A purged inbox row keeps its key and an empty seal.
        .where(identity > after, column.is_not(None), func.length(column) > 0)
        .where(func.substr(column, 1, HEADER_BYTES, type_=LargeBinary) != vault.header)
        .order_by(identity)
        .limit(_SLICE)
    )
    return list(await db.fetch(query))


async def _retire(db: Database, vault: Vault, clock: Clock) -> tuple[int, ...]:
    """Take every data key but the present one out of use; they stay readable for restored backups."""
    current = int.from_bytes(vault.header[1:], "big")
    old = tuple(key for key in await _unretired(db) if key < current)
    writes = WriteSet()
    writes.add(update(keys).where(keys.c.id.in_(old)).values(retired_at=to_ms(clock.now())), rows=len(old))
    await db.commit(writes)
    await vault.refresh()
    return old


async def _unretired(db: Database) -> list[int]:
    query = select(keys.c.id).where(keys.c.purpose == "data", keys.c.retired_at == 0).order_by(keys.c.id)
    return [row.id for row in await db.fetch(query)]
