"""What a key rotation promises: everything is sealed again, nothing is lost, a cut-off one goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, update

from bot.clock import Clock
from bot.crypto import Vault, open_vault
from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable, KeyUnknown
from bot.rotation import Rotation, rotate
from bot.schema import keys, messages, trackers
from tests.conftest import MASTER

ROWS = 450


async def fill(db: Database, vault: Vault) -> None:
    row = {"contact_id": "c", "direction": "in", "channel": "sms", "at": 0, "purge_at": 0}
    ids = [f"{number:026}" for number in range(ROWS)]
    rows = [
        row | {"id": each, "text_sealed": vault.seal(b"%d" % int(each), f"messages:{each}")} for each in ids
    ]
    writes = WriteSet()
    writes.add(insert(messages), rows)
    tracker = {"contact_id": "c", "version": 1, "updated_at": 0, "purge_at": 0}
    writes.add(insert(trackers), tracker | {"snapshot_sealed": vault.seal(b"tracker", "trackers:c")})
    await db.commit(writes)


async def texts(db: Database, vault: Vault) -> list[bytes]:
    rows = await db.fetch(select(messages).order_by(messages.c.id))
    return [vault.open(row.text_sealed, f"messages:{row.id}") for row in rows]


async def headers(db: Database) -> set[bytes]:
    rows = [row.text_sealed for row in await db.fetch(select(messages.c.text_sealed))]
    rows += [row.snapshot_sealed for row in await db.fetch(select(trackers.c.snapshot_sealed))]
    return {bytes(sealed[:5]) for sealed in rows}


async def test_everything_is_sealed_under_the_new_key(db: Database, vault: Vault, clock: Clock) -> None:
    await fill(db, vault)
    before = vault.header
    assert await rotate(db, vault, clock) == Rotation(resealed=ROWS + 1, unreadable=0, retired=(1,))
    assert vault.header != before
    assert await headers(db) == {vault.header}
    again = await open_vault(db, MASTER, clock)
    assert await texts(db, again) == [b"%d" % number for number in range(ROWS)]
    assert again.lookup("x") == vault.lookup("x")


class CutOff:
    """A database that goes away at the n-th commit, as a killed process would see it."""

    def __init__(self, db: Database, commits: int) -> None:
        self._db = db
        self._left = commits
        self.dialect = db.dialect
        self.fetch, self.first, self.run = db.fetch, db.first, db.run
        self.insert, self.forget, self.close = db.insert, db.forget, db.close

    async def commit(self, *writes: WriteSet) -> None:
        if self._left == 0:
            raise DatabaseUnavailable
        self._left -= 1
        await self._db.commit(*writes)


@pytest.mark.parametrize("commits", [0, 1, 2, 4])
async def test_a_rotation_cut_off_anywhere_goes_on_where_it_was(
    db: Database, vault: Vault, clock: Clock, commits: int
) -> None:
    await fill(db, vault)
    with pytest.raises(DatabaseUnavailable):
        await rotate(CutOff(db, commits), vault, clock)
    restarted = await open_vault(db, MASTER, clock)
    assert await texts(db, restarted) == [b"%d" % number for number in range(ROWS)]
    done = await rotate(db, restarted, clock)
    assert done.retired
    # Each commit sealed a slice, which is not sealed again.
    assert (done.resealed < ROWS + 1) == (commits > 0)
    assert await headers(db) == {restarted.header}
    assert len(await db.fetch(select(keys).where(keys.c.purpose == "data", keys.c.retired_at == 0))) == 1


async def test_a_row_that_nobody_can_open_keeps_its_key_and_is_counted(
    db: Database, vault: Vault, clock: Clock
) -> None:
    await fill(db, vault)
    spoil = WriteSet()
    spoil.add(
        update(messages).where(messages.c.id == f"{7:026}").values(text_sealed=vault.seal(b"", "wrong:row"))
    )
    await db.commit(spoil)
    assert await rotate(db, vault, clock) == Rotation(resealed=ROWS, unreadable=1, retired=())
    remove = WriteSet()
    remove.add(delete(messages).where(messages.c.id == f"{7:026}"))
    await db.commit(remove)
    assert await rotate(db, vault, clock) == Rotation(resealed=0, unreadable=0, retired=(1,))


async def test_a_purged_text_does_not_keep_the_old_key(db: Database, vault: Vault, clock: Clock) -> None:
    await fill(db, vault)
    erase = WriteSet()
    erase.add(update(messages).where(messages.c.id == f"{7:026}").values(text_sealed=b""))
    await db.commit(erase)
    assert await rotate(db, vault, clock) == Rotation(resealed=ROWS, unreadable=0, retired=(1,))


async def test_a_turn_that_writes_meanwhile_wins(db: Database, vault: Vault, clock: Clock) -> None:
    """The tracker changes between the rotation's reading and its writing; the change stays."""
    await fill(db, vault)

    class Racing(CutOff):
        async def commit(self, *writes: WriteSet) -> None:
            newer = WriteSet()
            newer.add(update(trackers).values(snapshot_sealed=vault.seal(b"newer", "trackers:c"), version=2))
            await db.commit(newer)
            await super().commit(*writes)

    await rotate(Racing(db, 99), vault, clock)
    row = await db.first(select(trackers))
    assert row is not None
    assert (vault.open(row.snapshot_sealed, "trackers:c"), row.version) == (b"newer", 2)


async def test_a_key_announced_for_later_is_used_from_then(db: Database, clock: Clock, vault: Vault) -> None:
    other = await open_vault(db, MASTER, clock)
    await vault.add_data_key(clock.now())
    sealed = (await open_vault(db, MASTER, clock)).seal(b"new", "x:1")
    with pytest.raises(KeyUnknown):
        other.open(sealed, "x:1")
    await other.refresh()
    assert other.open(sealed, "x:1") == b"new"
