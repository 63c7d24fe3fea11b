"""Media: kept once, whole and sealed, and gone when it should be, on both engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.clock import Chance, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.errors import Duplicate, SealBroken, Stale
from bot.files.errors import Reason
from bot.files.workshop import CleanFile
from bot.media import NEVER, KeepMedia, MediaWriter, attach, media_id, media_rule
from bot.messages import Attachment, MediaKind
from bot.retention import purge
from bot.schema import media, media_pieces
from bot.shelf import PIECE_BYTES, Shelf
from bot.urns import Urn
from tests.pinned import PinnedTime

PHOTO = Attachment(kind=MediaKind.PHOTO, reference="file-1", name="canary.jpg")
PLACE = Attachment(kind=MediaKind.LOCATION, latitude=17.96, longitude=102.6)
FILE = CleanFile(media_type="image/jpeg", data=bytes(range(256)) * 4096 + b"end")
URN = Urn("telegram", "77")


@dataclass
class World:
    db: Database
    vault: Vault
    pinned: PinnedTime
    chance: Chance

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.db, self.vault, self.pinned.clock)

    async def keep(self, key: str, *attachments: Attachment, contact: str = "p1") -> None:
        context = EffectContext(
            contact_id=contact,
            cause=key,
            channel="telegram",
            now=self.pinned.clock.now(),
            db=self.db,
            vault=self.vault,
            chance=self.chance,
            urn=URN,
        )
        writes = WriteSet()
        MediaWriter(timedelta(hours=24)).write(
            KeepMedia(message=key, attachments=attachments), context, writes
        )
        await self.db.commit(writes)

    async def attach(self, subject: str, *ids: str, contact: str = "p1") -> None:
        writes = WriteSet()
        attach(ids, contact, subject, writes)
        await self.db.commit(writes)

    async def told(self, key: str) -> dict[str, Any]:
        """What the row of the first thing in a message still says of it."""
        row = await self.db.first(select(media.c.told_sealed).where(media.c.id == media_id(key, 0)))
        return self.vault.open_json(row.told_sealed, f"media:{media_id(key, 0)}") if row else {}

    async def count(self) -> tuple[int, int]:
        rows = [await self.db.first(select(func.count()).select_from(each)) for each in (media, media_pieces)]
        return tuple(row[0] for row in rows if row)

    async def purge(self) -> int:
        return (await purge(self.db, self.pinned.clock.now(), [media_rule()]))["media"]


@pytest.fixture
def world(db: Database, vault: Vault, pinned: PinnedTime, chance: Chance) -> World:
    return World(db, vault, pinned, chance)


async def test_a_file_comes_back_as_it_was_stored(world: World) -> None:
    await world.keep("t:1", PHOTO)
    (claimed,) = await world.shelf.waiting(5, 60)
    assert (claimed.attachment, claimed.urn, claimed.attempts) == (PHOTO, URN, 1)
    await world.shelf.store(claimed, FILE)
    await world.attach("case-1", media_id("t:1", 0))
    (kept,) = await world.shelf.of("case-1")
    assert (kept.state, kept.media_type, kept.size) == ("stored", "image/jpeg", len(FILE.data))
    assert (kept.told.name, kept.told.reference) == ("canary.jpg", "")
    assert await world.shelf.read(kept) == FILE.data
    assert await world.count() == (1, -(-len(FILE.data) // PIECE_BYTES))


async def test_a_message_that_comes_again_adds_nothing(world: World) -> None:
    await world.keep("t:1", PHOTO, PHOTO)
    with pytest.raises(Duplicate):
        await world.keep("t:1", PHOTO, PHOTO)
    assert await world.count() == (2, 0)


async def test_what_one_process_works_on_no_other_takes_until_its_time_is_over(world: World) -> None:
    await world.keep("t:1", PHOTO)
    assert len(await world.shelf.waiting(5, 60)) == 1
    assert await world.shelf.waiting(5, 60) == []
    world.pinned.advance(61)
    (claimed,) = await world.shelf.waiting(5, 60)
    assert claimed.attempts == 2


async def test_a_place_is_there_at_once(world: World) -> None:
    await world.keep("t:1", PLACE)
    assert await world.shelf.waiting(5, 60) == []
    await world.attach("case-1", media_id("t:1", 0))
    (kept,) = await world.shelf.of("case-1")
    assert (kept.told.latitude, kept.told.longitude) == (17.96, 102.6)


async def test_a_piece_that_was_changed_moved_or_lost_is_told(world: World) -> None:
    await world.keep("t:1", PHOTO)
    (claimed,) = await world.shelf.waiting(5, 60)
    await world.shelf.store(claimed, FILE)
    await world.attach("case-1", claimed.id)
    (kept,) = await world.shelf.of("case-1")
    swap = {0: 1001, 1: 0, 1001: 1}
    for old, new in swap.items():
        writes = WriteSet()
        writes.add(update(media_pieces).where(media_pieces.c.ordinal == old).values(ordinal=new))
        await world.db.commit(writes)
    with pytest.raises(SealBroken):
        await world.shelf.read(kept)
    writes = WriteSet()
    writes.add(media_pieces.delete().where(media_pieces.c.ordinal == 0))
    await world.db.commit(writes)
    with pytest.raises(SealBroken):
        await world.shelf.read(kept)


async def test_where_it_lay_and_who_sent_it_are_forgotten_once_nobody_needs_them(world: World) -> None:
    told = {"kind": "photo", "name": "canary.jpg"}
    await world.keep("t:1", PLACE)
    assert "urn" not in await world.told("t:1")
    await world.keep("t:2", PHOTO)
    (claimed,) = await world.shelf.waiting(5, 60)
    await world.shelf.refuse(claimed, Reason.GONE)
    assert await world.told("t:2") == told | {"urn": str(URN)}
    world.pinned.advance(6)
    await world.shelf.settled(await world.shelf.untold(5, 60))
    assert await world.told("t:2") == told


async def test_a_place_is_not_counted_among_the_files_of_a_day(world: World) -> None:
    await world.keep("t:1", PLACE, PLACE)
    await world.keep("t:2", PHOTO)
    (claimed,) = await world.shelf.waiting(5, 60)
    assert await world.shelf.lately(claimed) == 1


async def test_nobody_attaches_what_somebody_else_sent_or_what_is_attached(world: World) -> None:
    await world.keep("t:1", PHOTO)
    await world.attach("case-2", media_id("t:1", 0), contact="p2")
    assert await world.shelf.of("case-2") == []
    await world.attach("case-1", media_id("t:1", 0))
    await world.attach("case-3", media_id("t:1", 0))
    assert len(await world.shelf.of("case-1")) == 1
    assert await world.shelf.of("case-3") == []


async def test_what_belongs_to_nothing_goes_after_a_day_and_what_is_attached_stays(world: World) -> None:
    await world.keep("t:1", PHOTO, PHOTO)
    for claimed in await world.shelf.waiting(5, 60):
        await world.shelf.store(claimed, FILE)
    await world.attach("case-1", media_id("t:1", 1))
    assert await world.purge() == 0
    world.pinned.advance(24 * 3600)
    assert await world.purge() == 1
    (kept,) = await world.shelf.of("case-1")
    assert await world.shelf.read(kept) == FILE.data
    row = await world.db.first(select(media.c.purge_at))
    assert row is not None
    assert row.purge_at == NEVER > to_ms(world.pinned.clock.now())


async def test_what_was_erased_while_it_was_fetched_leaves_no_pieces(world: World) -> None:
    await world.keep("t:1", PHOTO)
    (claimed,) = await world.shelf.waiting(5, 60)
    world.pinned.advance(24 * 3600)
    await world.purge()
    with pytest.raises(Stale):
        await world.shelf.store(claimed, FILE)
    assert await world.count() == (0, 0)


async def test_a_refusal_is_told_once_and_later(world: World) -> None:
    await world.keep("t:1", PHOTO)
    (claimed,) = await world.shelf.waiting(5, 60)
    await world.shelf.refuse(claimed, Reason.TOO_LARGE)
    assert await world.shelf.untold(5, 60) == []
    world.pinned.advance(6)
    untold = await world.shelf.untold(5, 60)
    assert [each.reason for each in untold] == ["too_large"]
    await world.shelf.settled(untold)
    world.pinned.advance(3600)
    assert await world.shelf.untold(5, 60) == []


async def test_a_row_that_nobody_can_open_stops_no_other(world: World) -> None:
    await world.keep("t:1", PHOTO)
    await world.keep("t:2", PHOTO)
    writes = WriteSet()
    writes.add(update(media).where(media.c.id == media_id("t:1", 0)).values(told_sealed=b"broken"))
    await world.db.commit(writes)
    assert [each.id for each in await world.shelf.waiting(5, 60)] == [media_id("t:2", 0)]
    world.pinned.advance(3600)
    assert len(await world.shelf.waiting(5, 60)) == 1
