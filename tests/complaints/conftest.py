"""A small desk for the tests of cases: writers, reader, and effects with everything filled in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from bot.clock import Chance, Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from complaints.cases import ActorKind, Case, CaseKind, Event, EventKind
from complaints.filing import FileCase
from complaints.references import draw
from complaints.store import Cases, CaseWriters

# A machine that is busy with other tests is no fault of these.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

KEEP = timedelta(days=100)
WORDS = "ໂທຫາຂ້ອຍ 020 5551 2345. ເຈົ້າໜ້າທີ່ຂໍເງິນເພີ່ມ 50.000 ກີບ"


@dataclass(frozen=True, kw_only=True)
class Office:
    """Does effects as a turn would: one commit an effect, one cause an inbound message."""

    db: Database
    vault: Vault
    clock: Clock
    chance: Chance
    cases: Cases

    async def do(self, effect: object, cause: str, contact_id: str = "p1") -> None:
        writes = WriteSet()
        CaseWriters(KEEP).by_effect()[type(effect)](effect, self.context(cause, contact_id), writes)
        await self.db.commit(writes)

    async def change(self, reference: str, kind: EventKind, cause: str, **particulars: Any) -> Case:
        """What staff do to the case as it stands."""
        now = self.clock.now()
        event = Event(kind=kind, actor_kind=ActorKind.STAFF, actor="s1", at=now, **particulars)
        writes = WriteSet()
        case = await self.case(reference)
        CaseWriters(KEEP).write_change(case, event, self.context(cause, ""), writes)
        await self.db.commit(writes)
        return await self.case(reference)

    def context(self, cause: str, contact_id: str) -> EffectContext:
        return EffectContext(
            contact_id=contact_id,
            cause=cause,
            channel="sms",
            now=self.clock.now(),
            db=self.db,
            vault=self.vault,
            chance=self.chance,
        )

    def filing(self, **particulars: Any) -> FileCase:
        now = self.clock.now()
        effect = FileCase(
            reference=draw(self.chance),
            pin="012345",
            kind=CaseKind.COMPLAINT,
            category="extra-money",
            description=WORDS,
            place="LA-VT",
            service="id-card",
            language="lo",
            channel="sms",
            filed_at=now,
            promised_at=now + timedelta(days=21),
            desk="one-door",
            office="police",
        )
        return replace(effect, **particulars)

    async def file(self, cause: str = "sms:1", **particulars: Any) -> Case:
        effect = self.filing(**particulars)
        await self.do(effect, cause)
        return await self.case(effect.reference)

    async def case(self, reference: str) -> Case:
        view = await self.cases.find(reference)
        assert view
        return view.case


@pytest.fixture
def office(db: Database, vault: Vault, clock: Clock, chance: Chance) -> Office:
    return Office(db=db, vault=vault, clock=clock, chance=chance, cases=Cases(db, vault, clock))


@pytest.fixture
def file_many(office: Office) -> Callable[[int], Awaitable[None]]:
    async def file(count: int) -> None:
        for number in range(count):
            await office.file(f"many:{number}")

    return file
