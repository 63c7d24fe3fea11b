"""The files of a case: staff get them whole, under names of ours, and it is on record; they go with the case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.clock import Chance, from_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.erasure import Erasure, ForgetPerson
from bot.export import export_media
from bot.files.kinds import KEPT
from bot.files.workshop import CleanFile
from bot.media import KeepMedia, MediaWriter, media_id, media_rule
from bot.messages import Attachment, MediaKind
from bot.retention import purge
from bot.schema import media, media_pieces
from bot.shelf import Kept, Shelf
from complaints.attachments import KIND, CaseFiles, file_name
from complaints.cases import CaseKind
from complaints.erasure import erase_cases
from complaints.errors import NoSuchCase
from complaints.export import export_cases
from complaints.filing import AddToCase, FileCase, WithdrawCase
from complaints.retention import case_rule, held_contacts
from complaints.store import Cases, CaseWriters
from complaints.tables import case_events
from tests.pinned import PinnedTime

REFERENCE = "10000004"
KEPT_FOR = timedelta(days=700)
FILE = CleanFile(media_type="image/jpeg", data=b"\xff\xd8\xff" + bytes(1000))


@dataclass
class World:
    """A citizen with a photo and a place, and the case that they belong to."""

    db: Database
    vault: Vault
    pinned: PinnedTime
    chance: Chance
    turns: int = 0

    @property
    def files(self) -> CaseFiles:
        return CaseFiles(self.db, self.vault, self.pinned.clock, self.chance)

    async def turn(self, *effects: object, contact: str = "p1") -> str:
        """A turn with these effects; its key."""
        self.turns += 1
        self.pinned.advance(1)
        key, writes = f"t:{self.turns}", WriteSet()
        cases = CaseWriters(KEPT_FOR)
        writers = {
            KeepMedia: MediaWriter(timedelta(hours=24)).write,
            **cases.by_effect(),
            **Erasure(held_contacts(), (erase_cases,)).by_effect(),
        }
        for number, effect in enumerate(effects):
            context = EffectContext(
                contact_id=contact,
                cause=f"{key}#{number}",
                channel="telegram",
                now=self.pinned.clock.now(),
                db=self.db,
                vault=self.vault,
                chance=self.chance,
            )
            writers[type(effect)](effect, context, writes)
        await self.db.commit(writes)
        return key

    async def keep(self, *kinds: MediaKind) -> list[str]:
        """Things that come, and are fetched; their ids."""
        attachments = tuple(
            Attachment(kind=each, reference="f", name="../../evil\n.exe", latitude=1.5) for each in kinds
        )
        key = f"m:{self.turns}"
        await self.turn(KeepMedia(message=key, attachments=attachments))
        shelf = Shelf(self.db, self.vault, self.pinned.clock)
        for claimed in await shelf.waiting(10, 60):
            await shelf.store(claimed, FILE)
        return [media_id(key, n) for n in range(len(kinds))]

    async def file(self, ids: list[str]) -> None:
        now = self.pinned.clock.now()
        await self.turn(
            FileCase(
                reference=REFERENCE,
                pin="123456",
                kind=CaseKind.COMPLAINT,
                category="delay",
                description="three months already",
                place="",
                service="",
                language="en",
                channel="telegram",
                filed_at=now,
                promised_at=now + timedelta(days=10),
                desk="desk",
                attachments=tuple(ids),
            )
        )

    async def purge(self) -> None:
        await purge(self.db, self.pinned.clock.now(), [case_rule(), media_rule()])

    async def readable(self) -> int:
        """How many there are of which anything can be opened."""
        rows = await self.db.fetch(select(media.c.id).where(func.length(media.c.told_sealed) > 0))
        return len(rows)

    async def count(self) -> tuple[int, ...]:
        rows = [await self.db.first(select(func.count()).select_from(each)) for each in (media, media_pieces)]
        return tuple(row[0] for row in rows if row)


@pytest.fixture
async def world(db: Database, vault: Vault, pinned: PinnedTime, chance: Chance) -> World:
    world = World(db, vault, pinned, chance)
    await world.file(await world.keep(MediaKind.PHOTO, MediaKind.LOCATION))
    return world


async def test_what_is_attached_is_listed_and_nothing_that_is_on_no_record(world: World) -> None:
    photo, place = await world.files.of("1000 0004")
    if photo["kind"] == "location":
        photo, place = place, photo
    assert (photo["state"], photo["media_type"], photo["size"]) == ("stored", "image/jpeg", 1003)
    assert re.fullmatch("[0-9a-f]{64}", photo["sha256"])
    assert (place["kind"], place["state"]) == ("location", "stored")
    assert "latitude" not in place


async def test_files_are_handed_out_under_names_of_ours_and_it_is_on_record(world: World) -> None:
    handed = {
        name.partition(".")[2]: (name, data)
        async for name, data in world.files.hand_out(REFERENCE, "somchai")
    }
    name, data = handed["jpg"]
    assert re.fullmatch(r"10000004-0[12]-[0-9a-f]{8}\.jpg", name)
    assert data == FILE.data
    place = orjson.loads(handed["geojson"][1])
    assert place["geometry"] == {"type": "Point", "coordinates": [0.0, 1.5]}
    row = await world.db.first(select(case_events).where(case_events.c.kind == KIND))
    assert row is not None
    content = world.vault.open_json(row.content_sealed, f"case_events:{row.id}")["content"]
    assert (content["actor"], len(content["files"])) == ("somchai", 2)


@pytest.mark.parametrize("number", ["20000006", "10000005", "", "../etc", "x" * 500])
async def test_no_case_no_files(world: World, number: str) -> None:
    with pytest.raises(NoSuchCase):
        assert [each async for each in world.files.hand_out(number, "somchai")]


async def test_what_is_added_later_belongs_to_the_case_and_to_its_history(world: World) -> None:
    ids = await world.keep(MediaKind.VOICE)
    view = await Cases(world.db, world.vault, world.pinned.clock).find(REFERENCE, "p1")
    assert view is not None
    await world.turn(AddToCase(case=view.case, text="", attachments=tuple(ids)))
    assert len(await world.files.of(REFERENCE)) == 3
    history = await Cases(world.db, world.vault, world.pinned.clock).events(view.case.id)
    assert [len(each.attachments) for each in history] == [2, 1]


async def test_exports_list_them_and_tell_no_more_than_they_should(world: World) -> None:
    (case,) = [orjson.loads(orjson.dumps(each)) async for each in export_cases(world.db)]
    assert {(each["kind"], each["state"], each["size"]) for each in case["attachments"]} == {
        ("photo", "stored", 1003),
        ("location", "stored", 0),
    }
    plain = [each async for each in export_media(world.db)]
    assert all("name" not in each and "latitude" not in each for each in plain)
    opened = [each async for each in export_media(world.db, world.vault)]
    assert {each["latitude"] for each in opened if each["kind"] == "location"} == {1.5}


async def test_files_go_with_their_case(world: World) -> None:
    view = await Cases(world.db, world.vault, world.pinned.clock).find(REFERENCE, "p1")
    assert view is not None
    await world.turn(WithdrawCase(case=view.case))
    world.pinned.advance(KEPT_FOR.total_seconds() - 60)
    await world.purge()
    assert await world.count() == (2, 1)
    world.pinned.advance(120)
    await world.purge()
    assert await world.count() == (0, 0)


async def test_who_is_forgotten_leaves_only_what_staff_still_work_on(world: World) -> None:
    await world.keep(MediaKind.PHOTO)
    await world.turn(ForgetPerson())
    assert [each["kind"] for each in await world.files.of(REFERENCE)] == ["photo", "location"]
    assert await world.readable() == 2
    await world.purge()
    assert await world.count() == (2, 1)
    view = await Cases(world.db, world.vault, world.pinned.clock).find(REFERENCE, "p1")
    assert view is not None
    await world.turn(WithdrawCase(case=view.case))
    await world.turn(ForgetPerson())
    assert await world.readable() == 0
    await world.purge()
    assert await world.count() == (0, 0)


@given(
    st.text(), st.text(alphabet="0123456789abcdef", min_size=26, max_size=26), st.sampled_from(sorted(KEPT)),
    st.integers(1, 99),
)  # fmt: skip
def test_a_name_is_made_of_nothing_that_came(told: str, media_id: str, media_type: str, number: int) -> None:
    kept = Kept(
        id=media_id, subject="", channel="", state="stored", reason="", media_type=media_type, size=1,
        sha256="", created_at=from_ms(0), told=Attachment(kind=MediaKind.DOCUMENT, name=told),
    )  # fmt: skip
    assert re.fullmatch(r"10000004-\d{2}-[0-9a-f]{8}\.[a-z0-9]{3}", file_name(REFERENCE, number, kept))
