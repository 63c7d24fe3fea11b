"""Retention: what is due goes, in batches and down to the free pages; what still serves stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from bot.clock import Clock, to_ms
from bot.db import Database, WriteSet, open_database
from bot.retention import DEDUP, floor_rules, purge
from bot.schema import consents, contacts, inbox, messages, outbox, outbox_parts, trackers, urns
from tests.pinned import START

NOW = to_ms(START)
DAY = 86_400_000
CANARY = b"canary-in-a-coal-mine"


async def put(db: Database, table: Table, *rows: dict[str, Any]) -> None:
    writes = WriteSet()
    for row in rows:
        writes.add(insert(table), row, rows=1)
    await db.commit(writes)


async def ids(db: Database, table: Table, column: str = "id") -> list[str]:
    return sorted(row[0] for row in await db.fetch(select(table.c[column])))


def received(number: int, state: str = "done", *, received_at: int, purge_at: int) -> dict[str, Any]:
    return {
        "channel": "sms", "external_id": f"x{number}", "id": f"i{number}", "urn_lookup": "u", "state": state,
        "attempts": 0, "due_at": 0, "message_sealed": CANARY, "error": "", "received_at": received_at,
        "purge_at": purge_at,
    }  # fmt: skip


def message(number: int, purge_at: int, contact: str = "p1") -> dict[str, Any]:
    return {
        "id": f"m{number:05}", "contact_id": contact, "direction": "in", "channel": "sms",
        "text_sealed": CANARY, "at": 0, "purge_at": purge_at,
    }  # fmt: skip


def outgoing(number: int, state: str, purge_at: int) -> dict[str, Any]:
    return {
        "id": f"o{number}", "contact_id": "p1", "urn_lookup": "u", "channel": "sms", "message_sealed": CANARY,
        "priority": 0, "delivery_class": "at_least_once", "state": state, "attempts": 1, "attempt_id": "",
        "attempted_at": 0, "due_at": 0, "expires_at": NOW + 1, "error_code": "", "cause": "c", "created_at": 0,
        "updated_at": 0, "purge_at": purge_at,
    }  # fmt: skip


def contact(name: str, purge_at: int) -> dict[str, Any]:
    return {"id": name, "language": "lo", "created_at": 0, "seen_at": 0, "purge_at": purge_at}


async def test_the_text_of_a_message_goes_before_its_key(db: Database) -> None:
    young, old = NOW - 7 * DAY, NOW - 31 * DAY
    await put(
        db,
        inbox,
        received(1, received_at=young, purge_at=NOW),
        received(2, received_at=old, purge_at=NOW),
        received(3, received_at=young, purge_at=NOW + 1),
        received(4, "pending", received_at=old, purge_at=NOW),
    )
    assert (await purge(db, START, floor_rules()))["inbox"] == 2
    rows = {row.id: bytes(row.message_sealed) for row in await db.fetch(select(inbox))}
    assert rows == {"i1": b"", "i3": CANARY, "i4": CANARY}
    assert (await purge(db, START, floor_rules()))["inbox"] == 0
    later = START - timedelta(days=7) + DEDUP
    await purge(db, later - timedelta(seconds=1), floor_rules())
    assert "i1" in await ids(db, inbox)
    await purge(db, later, floor_rules())
    assert "i1" not in await ids(db, inbox)


async def test_a_reply_on_its_way_is_not_erased(db: Database) -> None:
    states = ("queued", "sending", "in_doubt", "sent", "delivered", "failed")
    await put(db, outbox, *(outgoing(number, state, NOW) for number, state in enumerate(states)))
    part = {"part": 1, "provider_id": "", "state": "sent", "error_code": "", "price": 0, "updated_at": 0}
    await put(db, outbox_parts, *(part | {"outbox_id": f"o{number}"} for number in range(len(states))))
    assert (await purge(db, START, floor_rules()))["outbox"] == 3
    assert await ids(db, outbox) == ["o0", "o1", "o2"]
    assert await ids(db, outbox_parts, "outbox_id") == ["o0", "o1", "o2"]


async def test_what_nobody_fetched_in_time_is_erased(db: Database) -> None:
    await put(db, outbox, outgoing(0, "queued", NOW) | {"expires_at": NOW}, outgoing(1, "queued", NOW))
    assert (await purge(db, START, floor_rules()))["outbox"] == 1
    assert await ids(db, outbox) == ["o1"]


async def test_more_than_a_batch_goes_in_several(db: Database) -> None:
    await put(db, messages, *(message(number, NOW - number) for number in range(25)), message(99, NOW + 1))
    assert (await purge(db, START, floor_rules(), batch=10))["messages"] == 25
    assert await ids(db, messages) == ["m00099"]


async def test_a_forgotten_person_leaves_nothing(db: Database) -> None:
    await put(db, contacts, contact("p1", NOW), contact("p2", NOW + 1))
    for who in ("p1", "p2"):
        await put(db, messages, message(1 if who == "p1" else 2, NOW + DAY, who))
        await put(
            db,
            urns,
            {
                "lookup": who, "contact_id": who, "scheme": "tel", "address_sealed": CANARY,
                "state": "active", "created_at": 0,
            },
        )  # fmt: skip
        await put(
            db,
            trackers,
            {
                "contact_id": who, "version": 1, "snapshot_sealed": CANARY, "updated_at": 0,
                "purge_at": NOW + DAY,
            },
        )  # fmt: skip
        await put(
            db,
            consents,
            {
                "id": who, "contact_id": who, "purpose": "awareness", "channel": "sms", "granted": True,
                "proof_kind": "message", "proof": "sms:1", "at": 0,
            },
        )  # fmt: skip
    assert (await purge(db, START, floor_rules()))["contacts"] == 1
    for table in (messages, urns, trackers, consents):
        assert [row.contact_id for row in await db.fetch(select(table))] == ["p2"]
    assert await ids(db, contacts) == ["p2"]


async def test_nothing_erased_is_left_in_the_file(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    db = await open_database(sqlite_url, Clock(), patience=30)
    await put(db, messages, *(message(number, NOW) for number in range(200)))
    await purge(db, START, floor_rules())
    # Not even in the log beside the file, and while the server goes on.
    assert all(CANARY not in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    await db.close()


@pytest.mark.parametrize("batch", [1, 7, 200])
async def test_the_size_of_batches_changes_no_result(db: Database, batch: int) -> None:
    await put(db, messages, *(message(number, NOW) for number in range(14)))
    await put(db, inbox, *(received(number, received_at=0, purge_at=NOW) for number in range(14)))
    counts = await purge(db, START, floor_rules(), batch=batch)
    assert (counts["messages"], counts["inbox"]) == (14, 14)
