"""Exports: cases and the audit chain as plain records, one a line for whoever reads them elsewhere.

Field names are stable; moments are ISO 8601 in UTC. Nothing here is longer than a page in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Row, bindparam, select

from bot.clock import from_ms
from bot.crypto import Vault
from bot.db import Database
from bot.schema import media
from complaints.audit import HEADER
from complaints.cases import EventKind
from complaints.tables import audit_anchors, audit_chain, case_events, cases

PAGE = 500

_CASES = select(cases).where(cases.c.id > bindparam("after")).order_by(cases.c.id).limit(PAGE)
_FILING = select(case_events.c.id, case_events.c.content_sealed).where(
    case_events.c.case_id == bindparam("case_id"), case_events.c.kind == EventKind.FILED.value
)
# Outer: a link whose event is gone is exported too, or its removal would not be seen.
_CHAIN = (
    select(
        audit_chain.c.seq,
        audit_chain.c.event_id,
        audit_chain.c.head,
        *(case_events.c[name] for name in HEADER[2:]),
        case_events.c.content_sealed,
    )
    .select_from(audit_chain.outerjoin(case_events, case_events.c.id == audit_chain.c.event_id))
    .where(audit_chain.c.seq > bindparam("after"))
    .order_by(audit_chain.c.seq)
    .limit(PAGE)
)
_ANCHORS = (
    select(audit_anchors)
    .where(audit_anchors.c.seq > bindparam("after"))
    .order_by(audit_anchors.c.seq)
    .limit(PAGE)
)
_ATTACHMENT = ("id", "kind", "state", "reason", "media_type", "size")
_ATTACHED = (
    select(*(media.c[name] for name in _ATTACHMENT))
    .where(media.c.subject == bindparam("case_id"))
    .order_by(media.c.created_at, media.c.id)
)
_PLAIN = (
    "reference", "kind", "category", "state", "service", "place", "office", "desk", "language", "channel",
    "protection", "summary", "description", "priority", "version",
)  # fmt: skip
_MOMENTS = ("filed_at", "promised_at", "updated_at", "closed_at")


async def export_cases(db: Database, vault: Vault | None = None) -> AsyncIterator[dict[str, Any]]:
    """Every case, oldest first, masked; with a vault also `contact_id` and the citizen's own words (`text`).

    `text` is null for a case whose words were erased. PINs are not in it.
    """
    after = ""
    while page := await db.fetch(_CASES, {"after": after}):
        for row in page:
            attached = await db.fetch(_ATTACHED, {"case_id": row.id})
            record = _case_record(row) | {"attachments": [_attached_record(each) for each in attached]}
            if vault:
                record |= {"contact_id": row.contact_id, "text": await _words(db, vault, row.id)}
            yield record
        after = page[-1].id


async def export_audit(db: Database, vault: Vault | None = None) -> AsyncIterator[dict[str, Any]]:
    """The chain as `audit.verify` takes it; with a vault each entry reveals its `salt` and `content`."""
    after = 0
    while page := await db.fetch(_CHAIN, {"after": after}):
        for row in page:
            record = {name: getattr(row, name) for name in (*HEADER, "head")}
            if vault and row.content_sealed:
                record |= vault.open_json(row.content_sealed, f"case_events:{row.event_id}")
            yield record
        after = page[-1].seq


async def export_anchors(db: Database) -> AsyncIterator[dict[str, Any]]:
    """The anchors that the database remembers; the auditor's own copy is the one that counts."""
    after = 0
    while page := await db.fetch(_ANCHORS, {"after": after}):
        for row in page:
            yield {name: getattr(row, name) for name in ("seq", "head", "at", "signature")}
        after = page[-1].seq


def _case_record(row: Row[Any]) -> dict[str, Any]:
    moments = {name: getattr(row, name) for name in _MOMENTS}
    return {name: getattr(row, name) for name in _PLAIN} | {
        name: None if moment is None else from_ms(moment).isoformat() for name, moment in moments.items()
    }


def _attached_record(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _ATTACHMENT}


async def _words(db: Database, vault: Vault, case_id: str) -> str | None:
    filing = await db.first(_FILING, {"case_id": case_id})
    if filing is None or filing.content_sealed is None:
        return None
    content = vault.open_json(filing.content_sealed, f"case_events:{filing.id}")["content"]
    return str(content["text"])
