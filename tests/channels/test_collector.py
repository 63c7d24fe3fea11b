"""The collector: every file that can be kept is, once; every other is told to its sender, with the reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from bot.db import WriteSet
from bot.effects import EffectContext
from bot.errors import DatabaseUnavailable
from bot.files.errors import NotKept
from bot.files.workshop import Workshop
from bot.media import KeepMedia, MediaWriter, attach, media_id, media_rule
from bot.messages import Attachment, MediaKind
from bot.metrics import Metrics
from bot.pipeline import Handled, Outcome
from bot.retention import purge
from bot.shelf import Claimed, Kept, Shelf
from bot.traffic import traffic_of
from bot.uploads import Upload, Uploads
from bot.urns import Urn
from channels import web
from channels.base import Wiring
from channels.collector import INTENT, Collector, Taking
from channels.config import ChannelConfig
from channels.egress import Egress
from tests.channels.harness import Edge
from tests.channels.providers.telegram import TelegramCaller
from tests.servers.telegram import TelegramServer

LIMITS = {
    MediaKind.PHOTO: 200_000,
    MediaKind.VOICE: 1000,
    MediaKind.VIDEO: 0,
    MediaKind.DOCUMENT: 5000,
}
URN = Urn("telegram", "77")


def picture(side: int = 20) -> bytes:
    painted = BytesIO()
    Image.new("RGB", (side, side), "green").save(painted, "PNG")
    return painted.getvalue()


@dataclass
class World:
    """Telegram with files, a shelf, and the collector between them."""

    edge: Edge
    server: TelegramServer
    egress: Egress
    taking: Taking
    told: list[tuple[Urn, str, Mapping[str, Any], str]] = field(default_factory=list)
    outcome: Handled | Exception = Handled.DONE
    shelves: type[Shelf] = Shelf
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def shelf(self) -> Shelf:
        store = self.edge.store
        return self.shelves(store.db, store.vault, store.clock)

    @property
    def uploads(self) -> Uploads:
        store = self.edge.store
        return Uploads(store.db, store.clock, store.chance)

    @property
    def collector(self) -> Collector:
        return Collector(
            shelf=self.shelf,
            uploads=self.uploads,
            channels=self.edge.channels,
            egress=self.egress,
            workshop=Workshop(),
            originate=self._originate,
            chance=self.edge.store.chance,
            metrics=self.metrics,
            taking=self.taking,
        )

    async def _originate(
        self, urn: Urn, channel: str, intent: str, slots: Mapping[str, Any], cause: str
    ) -> Outcome:
        assert intent == INTENT
        self.told.append((urn, channel, slots, cause))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return Outcome(kind=self.outcome)

    async def comes(
        self, key: str, *attachments: Attachment, channel: str = "telegram", contact: str = "p1"
    ) -> None:
        """A message with these; they are attached to the case `case`."""
        store = self.edge.store
        context = EffectContext(
            contact_id=contact,
            cause=key,
            channel=channel,
            now=store.clock.now(),
            db=store.db,
            vault=store.vault,
            chance=store.chance,
            urn=URN,
        )
        writes = WriteSet()
        MediaWriter(timedelta(hours=24)).write(
            KeepMedia(message=key, attachments=attachments), context, writes
        )
        attach([media_id(key, n) for n in range(len(attachments))], contact, "case", writes)
        await store.db.commit(writes)

    def has(self, name: str, data: bytes) -> Attachment:
        """A file of Telegram's."""
        self.server.paths[name] = f"files/{name}"
        self.server.files[f"files/{name}"] = data
        return Attachment(kind=MediaKind.PHOTO, reference=name)

    async def works(self, rounds: int = 1, seconds: float = 0) -> None:
        for _ in range(rounds):
            await self.collector.step()
            self.edge.store.pinned.advance(seconds)

    async def kept(self) -> list[Kept]:
        return list(await self.shelf.of("case"))


@pytest.fixture
async def world(edge: Edge, session: ClientSession, telegram_caller: TelegramCaller) -> AsyncIterator[World]:
    del session
    async with Egress(seconds=2) as egress:
        yield World(edge, telegram_caller._server, egress, Taking(limits=LIMITS))


async def test_a_photo_is_fetched_painted_anew_and_kept(world: World) -> None:
    await world.comes("t:1", world.has("a", picture()))
    await world.works()
    (kept,) = await world.kept()
    assert (kept.state, kept.media_type) == ("stored", "image/jpeg")
    with Image.open(BytesIO(await world.shelf.read(kept))) as image:
        assert (image.format, image.size) == ("JPEG", (20, 20))
    assert world.told == []


async def test_what_was_waiting_before_a_restart_is_fetched_after_it(world: World) -> None:
    await world.comes("t:1", world.has("a", picture()))
    assert len(await world.shelf.waiting(5, 300)) == 1  # and then the process dies
    await world.works()
    assert [each.state for each in await world.kept()] == ["waiting"]
    world.edge.store.pinned.advance(301)
    await world.works()
    assert [each.state for each in await world.kept()] == ["stored"]


@pytest.mark.parametrize(
    ("attachment", "data", "reason"),
    [
        (Attachment(kind=MediaKind.PHOTO, reference="a", size=200_001), picture(), "too_large"),
        (Attachment(kind=MediaKind.PHOTO, reference="a"), bytes(200_001), "too_large"),
        (Attachment(kind=MediaKind.PHOTO, reference="huge"), b"", "too_large"),
        (Attachment(kind=MediaKind.PHOTO, reference="a"), b"no picture at all", "not_taken"),
        (Attachment(kind=MediaKind.PHOTO, reference="a"), picture()[:60], "unreadable"),
        (Attachment(kind=MediaKind.VIDEO, reference="a"), picture(), "not_taken"),
        # A recording that is said to be a photo may be no larger than a recording.
        (
            Attachment(kind=MediaKind.PHOTO, reference="a"),
            b"#!AMR\n" + (b"\x3c" + bytes(31)) * 40,
            "too_large",
        ),
        (Attachment(kind=MediaKind.PHOTO, reference="unknown"), b"", "gone"),
        (Attachment(kind=MediaKind.PHOTO, reference="../x"), b"", "gone"),
        (Attachment(kind=MediaKind.PHOTO), b"", "gone"),
    ],
)
async def test_what_is_not_kept_is_told_with_its_reason(
    world: World, attachment: Attachment, data: bytes, reason: str
) -> None:
    world.has("a", data)
    await world.comes("t:1", attachment)
    await world.works()
    assert [(each.state, each.reason) for each in await world.kept()] == [("refused", reason)]
    assert world.told == []
    world.edge.store.pinned.advance(6)
    await world.works(3)
    assert [(urn, slots) for urn, _, slots, _ in world.told] == [(URN, {reason: "1"})]


async def test_what_was_refused_together_is_told_together(world: World) -> None:
    await world.comes("t:1", world.has("a", b"?"), world.has("b", b"?"), world.has("c", picture()[:60]))
    await world.works(2)
    world.edge.store.pinned.advance(6)
    await world.works(2)
    assert [slots for _, _, slots, _ in world.told] == [{"not_taken": "2", "unreadable": "1"}]


async def test_what_cannot_be_told_now_is_told_later_under_the_same_name(world: World) -> None:
    await world.comes("t:1", world.has("a", b"?"))
    await world.works()
    for outcome in (Handled.LIMITED, RuntimeError("a fault"), Handled.DUPLICATE):
        world.edge.store.pinned.advance(3700)
        world.outcome = outcome
        await world.works()
    world.edge.store.pinned.advance(3700)
    await world.works()
    assert len(world.told) == 3
    assert len({cause for *_, cause in world.told}) == 1


async def test_a_provider_that_is_away_is_asked_again_with_growing_pauses_and_then_given_up(
    world: World,
) -> None:
    await world.comes("t:1", world.has("a", picture()))
    await world.server.stop()
    await world.works()
    assert [each.state for each in await world.kept()] == ["waiting"]
    await world.works(20, 200)
    assert [(each.state, each.reason) for each in await world.kept()] == [("refused", "gone")]
    assert [slots for _, _, slots, _ in world.told] == [{"gone": "1"}]


async def test_what_became_of_files_is_counted_and_found(world: World) -> None:
    store = world.edge.store
    await world.comes("t:1", world.has("a", picture()), world.has("b", b"?"))
    await world.works()
    await world.comes("t:2", world.has("c", picture()))
    told = world.metrics.text().decode()
    assert 'patou_files_total{channel="telegram",outcome="stored"} 1.0' in told
    assert 'patou_files_total{channel="telegram",outcome="not_taken"} 1.0' in told
    seen = await traffic_of("telegram", store.db, store.clock)
    assert (seen.files_waiting, seen.files_since, seen.files_refused) == (1, store.clock.now(), 1)


async def test_a_channel_that_is_not_configured_any_more(world: World) -> None:
    await world.comes("t:1", world.has("a", picture()), channel="gone")
    await world.works()
    assert [(each.state, each.reason) for each in await world.kept()] == [("refused", "gone")]


async def test_one_person_fills_no_disk(world: World) -> None:
    world.taking = Taking(limits=LIMITS, a_day=2)
    for number in range(3):
        world.edge.store.pinned.advance(1)
        await world.comes(f"t:{number}", world.has("a", picture()))
    await world.comes("t:9", world.has("a", picture()), contact="p2")
    await world.works(2)
    assert sorted((each.state, each.reason) for each in await world.kept()) == [
        ("refused", "too_many"), ("stored", ""), ("stored", ""), ("stored", ""),
    ]  # fmt: skip


async def test_a_database_that_is_away_is_told_to_the_caller(world: World) -> None:
    await world.comes("t:1", world.has("a", b"?"))
    await world.works()
    world.edge.store.pinned.advance(6)
    world.outcome = DatabaseUnavailable()
    with pytest.raises(DatabaseUnavailable):
        await world.works()


class AwayForOne(Shelf):
    """A shelf whose database goes away when the first message is worked on."""

    async def lately(self, claimed: Claimed) -> int:
        if claimed.id == media_id("t:1", 0):
            raise DatabaseUnavailable
        return await super().lately(claimed)


async def test_an_error_leaves_nothing_running_behind_it(world: World) -> None:
    world.shelves = AwayForOne
    await world.comes("t:1", world.has("a", picture()))
    await world.comes("t:2", world.has("b", picture()))
    with pytest.raises(DatabaseUnavailable):
        await world.works()
    assert sorted(each.state for each in await world.kept()) == ["stored", "waiting"]


async def test_what_is_erased_while_it_is_fetched_stays_erased(world: World) -> None:
    store = world.edge.store
    await world.comes("t:1", world.has("a", picture()))
    (claimed,) = await world.shelf.waiting(5, 300)
    await store.db.run(lambda connection: connection.exec_driver_sql("DELETE FROM media"))
    await world.collector._collect(claimed)
    assert await world.kept() == []
    assert await purge(store.db, store.clock.now(), [media_rule()]) == {"media": 0}


async def handed_in(world: World, wiring: Wiring, data: bytes) -> Upload:
    """A file that came by a web channel of the edge."""
    world.edge.channels["web"] = web.build(
        ChannelConfig(name="web", kind="web", settings=web.Settings()), wiring
    )
    receiving = world.uploads.begin()
    await receiving.add(data)
    return await receiving.done()


@pytest.mark.parametrize(
    ("data", "state", "reason"), [(picture(), "stored", ""), (b"%PDF-1.4 no", "refused", "unreadable")]
)
async def test_what_people_hand_in_goes_the_way_of_all_files(
    data: bytes, state: str, reason: str, world: World, wiring: Wiring
) -> None:
    upload = await handed_in(world, wiring, data)
    photo = Attachment(kind=MediaKind.PHOTO, reference=upload.reference, size=len(data))
    await world.comes("w:1", photo, channel="web")
    await world.works()
    (kept,) = await world.kept()
    assert (kept.state, kept.reason) == (state, reason)
    assert (await world.shelf.read(kept)).startswith(b"\xff\xd8\xff") if state == "stored" else True
    with pytest.raises(NotKept):
        await world.uploads.read(upload)


async def test_no_reference_of_another_channel_leads_to_what_was_handed_in(
    world: World, wiring: Wiring
) -> None:
    upload = await handed_in(world, wiring, picture())
    await world.comes("t:1", Attachment(kind=MediaKind.PHOTO, reference=upload.reference))
    await world.works()
    assert [(each.state, each.reason) for each in await world.kept()] == [("refused", "gone")]
    assert await world.uploads.read(upload) == picture()
    wrong = replace(upload, key=bytes(len(upload.key)))
    for each in (wrong, replace(upload, pieces=2), replace(upload, id="u" + "0" * 25)):
        with pytest.raises(NotKept):
            await world.uploads.read(each)
