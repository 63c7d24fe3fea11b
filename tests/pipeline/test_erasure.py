"""Erasure: what a person wants forgotten is gone with the commit, on both engines; what it needs stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.clock import Chance, Clock, to_ms
from bot.consent import Purpose, current, history
from bot.contacts import People
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.erasure import Erasure, ForgetPerson
from bot.pipeline import Handled
from bot.retention import floor_rules, purge
from bot.schema import consents, contacts, inbox, messages, outbox, trackers, urns
from bot.trackers import TrackerState
from bot.urns import Urn
from complaints import audit
from complaints.cases import ActorKind, CaseKind, Event, EventKind
from complaints.erasure import erase_cases
from complaints.export import export_audit
from complaints.filing import FileCase, WithdrawCase
from complaints.retention import held_contacts
from complaints.sequencer import AnchorFile, Sequencer
from complaints.store import Cases, CaseWriters
from complaints.tables import case_events, cases
from services.erasure import erase_requests
from services.tables import ratings, reminders
from tests.pinned import START
from tests.pipeline.conftest import World

KEPT = timedelta(days=700)
WORDS = b"canary-in-a-coal-mine"
URN = Urn("tel", "+8562055512345")


@dataclass(kw_only=True)
class Life:
    """One person who has left traces everywhere."""

    db: Database
    vault: Vault
    clock: Clock
    chance: Chance
    count: int = 0

    def context(self, contact: str = "p1") -> EffectContext:
        self.count += 1
        return EffectContext(
            contact_id=contact,
            cause=f"sms:{self.count}",
            channel="sms",
            now=self.clock.now(),
            db=self.db,
            vault=self.vault,
            chance=self.chance,
        )

    async def lives(self, contact: str, urn: Urn) -> None:
        lookup, rows = self.vault.lookup(str(urn)), WriteSet()
        for table, row in _traces(contact, lookup, self.vault.seal(str(urn).encode(), f"urns:{lookup}")):
            rows.add(insert(table), row, rows=1)
        await self.db.commit(rows)

    async def files(self, reference: str, *, over: bool, contact: str = "p1") -> None:
        writers, writes = CaseWriters(KEPT), WriteSet()
        now = self.clock.now()
        filing = FileCase(
            reference=reference, pin="123456", kind=CaseKind.COMPLAINT, category="delay",
            description="canary", place="", service="", language="en", channel="sms", filed_at=now,
            promised_at=now + timedelta(days=9), desk="national-desk",
        )  # fmt: skip
        writers.write_case(filing, self.context(contact), writes)
        await self.db.commit(writes)
        if over:
            case = await self.case(reference)
            writers.write_withdrawal(WithdrawCase(case=case), self.context(contact), writes := WriteSet())
            await self.db.commit(writes)

    async def case(self, reference: str) -> Any:
        view = await Cases(self.db, self.vault, self.clock).find(reference)
        assert view
        return view.case

    async def forget(self) -> None:
        writes = WriteSet()
        erasure = Erasure(held_contacts(), (erase_cases, erase_requests))
        erasure.write(ForgetPerson(), self.context(), writes)
        await self.db.commit(writes)

    async def rows(self, *tables: Any, contact: str = "p1") -> list[int]:
        return [
            len(await self.db.fetch(select(table.c.contact_id).where(table.c.contact_id == contact)))
            for table in tables
        ]


def _traces(contact: str, lookup: str, address: bytes) -> list[tuple[Any, dict[str, Any]]]:
    later = to_ms(START + KEPT)
    return [
        (contacts, {"id": contact, "language": "en", "created_at": 0, "seen_at": 0, "purge_at": later}),
        (urns, {"lookup": lookup, "contact_id": contact, "scheme": "tel", "address_sealed": address,
                "state": "active", "created_at": 0}),
        (trackers, {"contact_id": contact, "version": 3, "snapshot_sealed": WORDS, "updated_at": 0,
                    "purge_at": later}),
        (messages, {"id": f"m{contact}", "contact_id": contact, "direction": "in", "channel": "sms",
                    "text_sealed": WORDS, "at": 0, "purge_at": later}),
        (consents, {"id": f"c{contact}", "contact_id": contact, "purpose": "awareness", "channel": "sms",
                    "granted": True, "proof_kind": "message", "proof": "sms:x", "at": 1}),
        (inbox, {"channel": "sms", "external_id": contact, "id": f"i{contact}", "urn_lookup": lookup,
                 "state": "done", "attempts": 0, "due_at": 0, "message_sealed": WORDS, "error": "",
                 "received_at": to_ms(START), "purge_at": later}),
        (outbox, {"id": f"o{contact}", "contact_id": contact, "urn_lookup": lookup, "channel": "sms",
                  "message_sealed": WORDS, "priority": 0, "delivery_class": "at_least_once", "state": "sent",
                  "attempts": 1, "attempt_id": "", "attempted_at": 0, "due_at": 0, "expires_at": later,
                  "error_code": "", "cause": "c", "created_at": 0, "updated_at": 0, "purge_at": later}),
        (reminders, {"id": f"r{contact}", "contact_id": contact, "kind": "reminder", "service": "",
                     "state": "waiting", "request_sealed": WORDS, "effect_key": f"r{contact}", "due_at": later,
                     "created_at": 0, "purge_at": later}),
        (ratings, {"id": f"g{contact}", "contact_id": contact, "effect_key": f"g{contact}", "about": "talk",
                   "subject": "", "score": 1, "channel": "sms", "language": "en", "place": "", "at": 0,
                   "purge_at": later}),
    ]  # fmt: skip


@pytest.fixture
async def life(db: Database, vault: Vault, clock: Clock, chance: Chance) -> Life:
    life = Life(db=db, vault=vault, clock=clock, chance=chance)
    await life.lives("p1", URN)
    await life.lives("p2", Urn("tel", "+8562055599999"))
    return life


async def test_a_person_is_forgotten_and_nobody_else(life: Life) -> None:
    await life.forget()
    everything = (messages, trackers, reminders, ratings)
    assert await life.rows(*everything) == [0, 0, 0, 0]
    assert await life.rows(*everything, contact="p2") == [1, 1, 1, 1]
    kept = {row.id: bytes(row.message_sealed) for row in await life.db.fetch(select(inbox))}
    assert kept == {"ip1": b"", "ip2": WORDS}
    addresses = {row.contact_id: bytes(row.address_sealed) for row in await life.db.fetch(select(urns))}
    assert addresses["p1"] == b""
    assert addresses["p2"]
    await purge(life.db, life.clock.now(), floor_rules(held_contacts()))
    assert await life.rows(outbox) == [0]
    assert await life.rows(outbox, contact="p2") == [1]


async def test_only_a_word_stays_that_they_are_not_to_be_written_to(life: Life) -> None:
    await life.forget()
    for purpose in (Purpose.AWARENESS, Purpose.SURVEYS):
        assert not await current(life.db, "p1", purpose)
        assert [each.granted for each in await history(life.db, "p1", purpose)] == [False]
    assert await current(life.db, "p2", Purpose.AWARENESS)


async def test_what_is_over_goes_and_what_is_open_stays_with_its_address(life: Life) -> None:
    await life.files("10000004", over=True)
    await life.files("20000006", over=False)
    await life.files("30000005", over=True, contact="p2")
    await life.forget()
    left = {row.reference for row in await life.db.fetch(select(cases.c.reference))}
    assert left == {"20000006", "30000005"}
    open_case = await life.case("20000006")
    assert open_case.contact_id == "p1"
    addresses = {row.contact_id: bytes(row.address_sealed) for row in await life.db.fetch(select(urns))}
    assert addresses["p1"], "an answer still has to reach them"
    rules = floor_rules(held_contacts())
    await purge(life.db, life.clock.now(), rules)
    assert await life.rows(urns) == [1]
    writes = WriteSet()
    rejected = Event(
        kind=EventKind.REJECTED, actor_kind=ActorKind.STAFF, actor="s1", at=life.clock.now(), reason="abuse"
    )
    CaseWriters(KEPT).write_change(open_case, rejected, life.context(""), writes)
    await life.db.commit(writes)
    await purge(life.db, life.clock.now(), rules)
    assert await life.rows(urns, consents) == [0, 0]


async def test_the_chain_tells_that_somebody_was_forgotten_and_stays_whole(life: Life, tmp_path: Any) -> None:
    await life.files("10000004", over=True)
    await life.forget()
    sequencer = Sequencer(life.db, life.vault, life.clock, AnchorFile(tmp_path / "anchors"), "me")
    await sequencer.step()
    await sequencer.anchor(now=True)
    rows = [row async for row in export_audit(life.db, life.vault)]
    assert [row["kind"] for row in rows] == ["filed", "withdrawn", "forgotten"]
    assert [("text" in row.get("content", {})) for row in rows] == [False, False, False]
    assert rows[-1]["content"] == {"reason": "forgotten"}
    anchors = AnchorFile(tmp_path / "anchors").read()
    assert audit.verify(rows, anchors, life.vault.public_key()).whole
    assert len(await life.db.fetch(select(case_events.c.id))) == 3


async def test_who_writes_again_is_known_by_the_address_and_begins_anew(life: Life) -> None:
    await life.forget()
    people = People(life.db, life.vault, life.chance, KEPT)
    lookup = life.vault.lookup(str(URN))
    person = await people.load(URN, lookup, life.clock.now())
    assert (person.contact_id, person.new, person.forgotten) == ("p1", False, True)
    assert person.state == TrackerState(contact_id="p1")
    writes = WriteSet()
    people.save(person, person.state, life.clock.now(), writes)
    await life.db.commit(writes)
    (row,) = [each for each in await life.db.fetch(select(urns)) if each.lookup == lookup]
    assert life.vault.open(row.address_sealed, f"urns:{lookup}") == str(URN).encode()
    again = await people.load(URN, lookup, life.clock.now())
    assert not again.forgotten


async def test_nothing_of_a_forgotten_person_lies_in_any_table(life: Life) -> None:
    await life.files("10000004", over=True)
    await life.forget()
    await purge(life.db, life.clock.now(), floor_rules(held_contacts()))
    for table in (messages, trackers, inbox, outbox, reminders, ratings, cases):
        own = "urn_lookup" if table is inbox else "contact_id"
        of = life.vault.lookup(str(URN)) if table is inbox else "p1"
        for row in await life.db.fetch(select(table).where(table.c[own] == of)):
            assert WORDS not in row
    for event in await life.db.fetch(select(case_events).where(case_events.c.kind != "forgotten")):
        assert event.content_sealed is None


async def test_the_words_of_the_very_turn_go_too_and_its_reply_is_still_sent(world: World) -> None:
    await world.pipeline.accept(world.message("a", "my name is canary"))
    world.dialog.effects = lambda _: (ForgetPerson(),)
    outcome = await world.pipeline.accept(world.message("b", "yes"))
    assert [reply.cause for reply in outcome.messages] == ["sms:b"]
    assert await world.parts.db.fetch(select(messages)) == []
    assert await world.parts.db.fetch(select(trackers)) == []
    assert [bytes(row.message_sealed) for row in await world.parts.db.fetch(select(inbox))] == [b"", b""]
    assert await world.replies() == ["sms:a", "sms:b"]
    world.dialog.effects = lambda _: ()
    assert (await world.pipeline.accept(world.message("b", "yes"))).kind is Handled.DUPLICATE
    assert (await world.pipeline.accept(world.message("c", "hello again"))).kind is Handled.DONE
    assert len(await world.parts.db.fetch(select(trackers))) == 1
