"""Living facts: in force at once and everywhere within seconds, refused where they would break an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Row, update

from bot.clock import Chance, Clock
from bot.db import Database, WriteSet, open_database
from bot.errors import DatabaseUnavailable
from bot.pack import Pack, load_yaml
from bot.places import Places
from bot.rendering import Renderer
from bot.yaml_read import read_yaml
from services.catalogue import Catalogue
from services.centres import Centres, CentreStatus
from services.changes import Change, ChangeKind
from services.errors import ChangeRefused, NotInForce
from services.judge import Judge
from services.local import load_local
from services.overlays import OnBack, Overlays, nobody_waits
from services.record import Status
from services.tables import overlays as table
from services.view import Services
from tests.pack.conftest import PACKS
from tests.pinned import START, PinnedTime

REFUSED = load_yaml(Path(__file__).with_name("refused.yml")).data
DIALOGS = Path(__file__).parents[2] / "dialogs"
BUDGETS = read_yaml(DIALOGS / "budgets.yml")
FACT = {"status": "confirmed", "source": "decree 9", "owner": "MWB", "last_checked": "2026-03-01"}

DOWN = Change(kind=ChangeKind.NOTICE, service="boat-licence", begins=START, body={"outage": True, "text": {}})
FEE = Change(
    kind=ChangeKind.FEE,
    service="boat-licence",
    begins=START,
    body={"cost": "small", "amount": 1300, "fact": FACT},
)


@pytest.fixture
async def embedded(sqlite_url: str) -> AsyncIterator[Database]:
    """A database of one engine, for what is refused before it is stored."""
    database = await open_database(sqlite_url, Clock(), patience=30)
    yield database
    await database.close()


def _overlays(
    db: Database,
    clock: Clock,
    on_back: OnBack = nobody_waits,
    pack: str = "fictional",
) -> Overlays:
    catalogue = Catalogue.load(Pack.load(PACKS[pack]))
    centres = Centres.load(catalogue.pack, Places.load(catalogue.pack))
    services = Services(catalogue=catalogue, places=centres, overlays=load_local(catalogue, centres))
    judge = Judge(
        services=services,
        centres=centres,
        renderer=Renderer(catalogue.pack, BUDGETS),
        budgets=BUDGETS,
    )
    return Overlays(
        db=db,
        clock=clock,
        chance=Chance(),
        services=services,
        centres=centres,
        judge=judge,
        on_back=on_back,
    )


async def test_a_fee_counts_at_once_and_the_old_one_after_it_is_withdrawn(db: Database, clock: Clock) -> None:
    overlays = _overlays(db, clock)
    id_ = await overlays.make(FEE, "ann")
    small = overlays.services.of("boat-licence", at=START).costs[0]
    assert (small.amount, small.fact.source) == (1300, "decree 9")
    await overlays.withdraw(id_, "bob")
    assert overlays.services.of("boat-licence", at=START).costs[0].amount == 1200
    with pytest.raises(NotInForce):
        await overlays.withdraw(id_, "bob")
    [told] = await overlays.history()
    assert (told.created_by, told.withdrawn_by, told.withdrawn_at) == ("ann", "bob", START)
    assert told.record()["ends"] is None


async def test_another_process_hears_of_it_at_its_next_look(db: Database, clock: Clock) -> None:
    here, there = _overlays(db, clock), _overlays(db, clock)
    await there.refresh()
    await here.make(DOWN, "ann")
    assert there.services.of("boat-licence", at=START).notices == ()
    await there.refresh()
    [notice] = there.services.of("boat-licence", at=START).notices
    assert notice.outage
    assert notice.since == START.date()
    again = _overlays(db, clock)
    await again.refresh()
    assert again.services.of("boat-licence", at=START).notices == (notice,), "after a new start too"


class _Flickering:
    """A database that cannot serve the first look; `seen` when the second one was answered."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looks = 0
        self.seen = asyncio.Event()

    async def fetch(self, *query: Any) -> Sequence[Row[Any]]:
        self._looks += 1
        if self._looks == 1:
            raise DatabaseUnavailable
        if self._looks > 2:
            self.seen.set()
        return await self._db.fetch(*query)


async def test_the_worker_outlives_a_database_that_is_away(db: Database, clock: Clock) -> None:
    await _overlays(db, clock).make(DOWN, "ann")
    flickering = _Flickering(db)
    overlays = _overlays(cast("Database", flickering), clock)
    worker = asyncio.create_task(overlays.run(every=0.001))
    async with asyncio.timeout(10):
        await flickering.seen.wait()
    worker.cancel()
    assert overlays.services.live


async def test_a_notice_ends_by_itself(db: Database, pinned: PinnedTime) -> None:
    overlays = _overlays(db, pinned.clock)
    await overlays.make(replace(DOWN, ends=START + timedelta(hours=2)), "ann")
    assert overlays.services.is_down("boat-licence", pinned.clock.now())
    pinned.advance(7200)
    assert not overlays.services.is_down("boat-licence", pinned.clock.now())
    await overlays.refresh()
    assert overlays.services.live == ()


async def test_who_waits_is_told_once_nothing_says_that_it_is_down(db: Database, clock: Clock) -> None:
    back: list[str] = []

    async def on_back(service: str) -> None:
        back.append(service)

    overlays = _overlays(db, clock, on_back)
    others = sorted(Catalogue.load(Pack.load(PACKS["fictional"])).services.keys() - {"boat-licence"})
    everything = await overlays.make(replace(DOWN, service=""), "ann")
    boats = await overlays.make(DOWN, "ann")
    news = replace(DOWN, body={"outage": False, "text": {"qav": "სვენ"}})
    await overlays.withdraw(await overlays.make(news, "ann"), "ann")
    assert back == []
    await overlays.withdraw(everything, "ann")
    assert back == others, "the boats are still down"
    await overlays.withdraw(boats, "ann")
    assert back == [*others, "boat-licence"]


async def test_a_centre_is_paused_moved_and_opened(db: Database, clock: Clock) -> None:
    overlays = _overlays(db, clock)

    async def change(where: str, **body: Any) -> None:
        await overlays.make(Change(kind=ChangeKind.CENTRE, where=where, body=body, begins=START), "ann")

    assert overlays.centres.chain("P101")[-1] == "korin-hall"
    await change("korin-hall", status="paused", fact=FACT)
    await change("korin-hall", phone="770999")
    hall = overlays.centres.get("korin-hall")
    assert hall
    assert (hall.status, hall.phone, hall.names["en"]) == (
        CentreStatus.PAUSED,
        "770999",
        "Korin one-door hall",
    )
    assert overlays.centres.chain("P101") == ("P1", "P101")
    await change(
        "new-hall",
        place="P302",
        names={"en": "New hall"},
        status="live",
        hours="mon-fri 09:00-12:00",
        fact=FACT,
    )
    assert [centre.id for centre in overlays.centres.for_place("P302")] == ["new-hall", "seeside-hall"]
    assert overlays.centres.for_place("P302")[0].fact.status is Status.CONFIRMED


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["says"])
async def test_what_would_break_an_answer_is_refused(
    case: dict[str, Any], embedded: Database, clock: Clock
) -> None:
    overlays = _overlays(embedded, clock, pack=case.get("pack", "fictional"))
    change = Change(
        kind=ChangeKind(case["kind"]),
        service=case.get("service", ""),
        where=case.get("where", ""),
        begins=START,
        ends=START + timedelta(hours=case.get("hours", 24)),
        body=case["body"],
    )
    with pytest.raises(ChangeRefused) as refused:
        await overlays.make(change, "ann")
    assert any(case["says"] in reason for reason in refused.value.reasons), refused.value.reasons
    assert await overlays.history() == []


async def test_an_outage_can_be_told_of_every_service_of_the_real_pack(
    embedded: Database, clock: Clock
) -> None:
    overlays = _overlays(embedded, clock, pack="lao")
    await overlays.make(replace(DOWN, service=""), "ann")
    assert overlays.services.of("passport", at=START).notices


async def test_what_the_pack_no_longer_fits_is_left_out(db: Database, clock: Clock) -> None:
    overlays = _overlays(db, clock)
    broken = await overlays.make(FEE, "ann")
    whole = await overlays.make(DOWN, "ann")
    for body in ("{}", "not json"):
        writes = WriteSet()
        writes.add(update(table).where(table.c.id == broken).values(body=body))
        await db.commit(writes)
        await overlays.refresh()
        assert [each.id for each in overlays.services.live] == [whole]
