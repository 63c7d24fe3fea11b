"""The sequencer: committed events are linked without gaps, signed, and anchored outside the data."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from bot.db import WriteSet
from bot.retention import purge
from complaints.audit import verify
from complaints.errors import AnchorUnusable
from complaints.export import export_anchors, export_audit, export_cases
from complaints.filing import WithdrawCase
from complaints.retention import case_rule
from complaints.sequencer import ANCHOR_EVERY, LEASE, Anchor, AnchorFile, Sequencer
from complaints.tables import audit_chain, case_events, cases
from tests.complaints.conftest import KEEP, WORDS, Office
from tests.pinned import PinnedTime

Many = Callable[[int], Awaitable[None]]


@pytest.fixture
def anchors(tmp_path: Path) -> AnchorFile:
    return AnchorFile(tmp_path / "elsewhere" / "anchors.jsonl")


@pytest.fixture
def sequencer(office: Office, anchors: AnchorFile) -> Sequencer:
    return Sequencer(office.db, office.vault, office.clock, anchors, "one")


async def test_what_is_filed_is_linked_anchored_and_verified(
    office: Office, sequencer: Sequencer, anchors: AnchorFile, file_many: Many
) -> None:
    await file_many(7)
    assert await sequencer.step() == 7
    assert await sequencer.step() == 0
    anchor = await sequencer.anchor()
    assert anchor
    assert anchor.seq == 7
    rows = [row async for row in export_audit(office.db)]
    assert "content" not in rows[0]
    verdict = verify(rows, anchors.read(), office.vault.public_key())
    assert verdict.whole
    assert verdict.anchored == 7
    assert verify(rows, [row async for row in export_anchors(office.db)], office.vault.public_key()).whole


async def test_an_export_with_the_vault_reveals_contents_that_match(
    office: Office, sequencer: Sequencer, anchors: AnchorFile
) -> None:
    await office.file()
    await sequencer.step()
    await sequencer.anchor()
    rows = [row async for row in export_audit(office.db, office.vault)]
    assert rows[0]["content"]["text"] == WORDS
    assert verify(rows, anchors.read(), office.vault.public_key()).whole


async def test_one_process_links_and_another_takes_over_when_it_is_gone(
    office: Office, sequencer: Sequencer, anchors: AnchorFile, file_many: Many, pinned: PinnedTime
) -> None:
    other = Sequencer(office.db, office.vault, office.clock, anchors, "two")
    await file_many(2)
    assert await sequencer.step() == 2
    await office.file("sms:x")
    assert await other.step() == 0
    pinned.advance(LEASE.total_seconds() + 1)
    assert await other.step() == 1
    rows = [row async for row in export_audit(office.db)]
    assert [row["seq"] for row in rows] == [1, 2, 3]


async def test_events_committed_while_it_links_leave_no_gap(
    office: Office, sequencer: Sequencer, anchors: AnchorFile
) -> None:
    async def link() -> None:
        for _ in range(10):
            await sequencer.step()

    await asyncio.gather(link(), *(office.file(f"sms:{number}") for number in range(30)))
    await sequencer.step()
    await sequencer.anchor()
    rows = [row async for row in export_audit(office.db)]
    assert [row["seq"] for row in rows] == list(range(1, 31))
    assert verify(rows, anchors.read(), office.vault.public_key()).whole


async def test_the_head_is_anchored_once_a_minute_and_only_when_it_moved(
    office: Office, sequencer: Sequencer, anchors: AnchorFile, pinned: PinnedTime
) -> None:
    assert await sequencer.anchor() is None
    await office.file("sms:1")
    await sequencer.step()
    assert await sequencer.anchor()
    assert await sequencer.anchor(now=True) is None
    await office.file("sms:2")
    await sequencer.step()
    assert await sequencer.anchor() is None
    pinned.advance(ANCHOR_EVERY.total_seconds())
    assert await sequencer.anchor()
    assert [anchor["seq"] for anchor in anchors.read()] == [1, 2]


async def test_tampering_in_the_database_is_uncovered(
    office: Office, sequencer: Sequencer, anchors: AnchorFile, file_many: Many
) -> None:
    await file_many(5)
    await sequencer.step()
    await sequencer.anchor()
    victim = (await office.db.fetch(select(audit_chain).order_by(audit_chain.c.seq)))[2]
    for statement, kind in (
        (update(case_events).where(case_events.c.id == victim.event_id).values(kind="noted"), "changed"),
        (delete(case_events).where(case_events.c.id == victim.event_id), "changed"),
        (delete(audit_chain).where(audit_chain.c.seq == 3), "gap"),
        (delete(audit_chain).where(audit_chain.c.seq > 2), "truncated"),
    ):
        writes = WriteSet()
        writes.add(statement)
        await office.db.commit(writes)
        rows = [row async for row in export_audit(office.db)]
        verdict = verify(rows, anchors.read(), office.vault.public_key())
        assert kind in {problem.kind for problem in verdict.problems}


async def test_erasing_a_case_keeps_the_chain_whole(
    office: Office, sequencer: Sequencer, anchors: AnchorFile
) -> None:
    case = await office.file("sms:1")
    await office.file("sms:2")
    await office.do(WithdrawCase(case=case), "sms:3")
    await sequencer.step()
    await sequencer.anchor()
    over = office.clock.now() + KEEP
    assert await purge(office.db, over - timedelta(seconds=1), [case_rule()]) == {"cases": 0}
    assert await purge(office.db, over, [case_rule()]) == {"cases": 1}
    assert [row.id for row in await office.db.fetch(select(cases))] != [case.id]
    assert [event.text for event in await office.cases.events(case.id)] == ["", ""]
    rows = [row async for row in export_audit(office.db, office.vault)]
    assert len(rows) == 3
    assert verify(rows, anchors.read(), office.vault.public_key()).whole


async def test_cases_are_exported_masked_and_with_the_vault_in_full(office: Office) -> None:
    case = await office.file()
    (record,) = [record async for record in export_cases(office.db)]
    assert record["reference"] == case.reference
    assert record["description"] == case.description
    assert record["filed_at"] == "2026-03-02T03:00:00+00:00"
    assert record["closed_at"] is None
    assert not {"pin_hash", "contact_id", "text", "id"} & record.keys()
    assert json.dumps(record, ensure_ascii=False).count("5551") == 0
    (full,) = [record async for record in export_cases(office.db, office.vault)]
    assert (full["text"], full["contact_id"]) == (WORDS, "p1")


def test_the_anchor_file_is_its_owners_alone_and_survives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    file = AnchorFile(path)
    assert file.read() == []
    file.append(_anchor(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open("ab") as torn:
        torn.write(b'{"seq": 2, "he')
    file.append(_anchor(3))
    assert [anchor["seq"] for anchor in file.read()] == [1, 3]


def test_an_anchor_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(AnchorUnusable, match="directory"):
        AnchorFile(tmp_path).append(_anchor(1))


def _anchor(seq: int) -> Anchor:
    return Anchor(seq=seq, head="00", at=0, signature="00", public_key="00")
