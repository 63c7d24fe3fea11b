"""Exports of the floor: inbox, outbox and consents as plain records, one a line for whoever reads them.

Field names are stable; moments are ISO 8601 in UTC. Nothing here is longer than a page in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Row, Table, bindparam, select

from bot.clock import from_ms
from bot.crypto import Vault
from bot.db import Database
from bot.errors import KeyUnknown, SealBroken
from bot.schema import consents, inbox, media, outbox, outbox_parts

PAGE = 500
_PARTS = select(outbox_parts).where(outbox_parts.c.outbox_id == bindparam("of")).order_by(outbox_parts.c.part)


async def export_inbox(db: Database, vault: Vault | None = None) -> AsyncIterator[dict[str, Any]]:
    """Every message taken, oldest first; with a vault also who wrote and what (null once erased, or unreadable)."""
    plain = ("channel", "external_id", "state", "attempts", "error")
    async for row in _rows(db, inbox):
        record = _record(row, plain, ("received_at",))
        yield record | (_opened(vault, "inbox", row, ("urn", "text", "payload")) if vault else {})


async def export_outbox(db: Database, vault: Vault | None = None) -> AsyncIterator[dict[str, Any]]:
    """Every message to send or sent, with its parts; with a vault also to whom and what (null where unreadable)."""
    plain = ("id", "channel", "state", "priority", "delivery_class", "attempts", "error_code", "cause")
    async for row in _rows(db, outbox):
        record = _record(row, plain, ("created_at", "updated_at", "expires_at"))
        parts = await db.fetch(_PARTS, {"of": row.id})
        fields = ("part", "provider_id", "state", "error_code", "price", "attempts")
        record["parts"] = [_record(part, fields, ("updated_at",)) for part in parts]
        yield record | (_opened(vault, "outbox", row, ("urn", "text")) if vault else {})


async def export_consents(db: Database, vault: Vault | None = None) -> AsyncIterator[dict[str, Any]]:
    """The consent ledger, oldest entry first; nothing in it is sealed."""
    del vault
    plain = ("id", "contact_id", "purpose", "topic", "channel", "granted", "proof_kind", "proof")
    async for row in _rows(db, consents):
        yield _record(row, plain, ("at",))


async def export_media(db: Database, vault: Vault | None = None) -> AsyncIterator[dict[str, Any]]:
    """Everything that came besides words, without its bytes; with a vault also its name, place and digest."""
    plain = (
        "id", "contact_id", "subject", "channel", "kind", "state", "reason", "attempts", "media_type", "size",
    )  # fmt: skip
    async for row in _rows(db, media):
        record = _record(row, plain, ("created_at",))
        if vault:
            told = _unsealed(vault, "media", row.id, row.told_sealed)
            key = _unsealed(vault, "media", row.id, row.key_sealed)
            where = ("latitude", "longitude") if row.kind == "location" else ()
            record |= {name: told.get(name) for name in ("name", *where)}
            record["sha256"] = key.get("sha256")
        yield record


async def _rows(db: Database, table: Table) -> AsyncIterator[Row[Any]]:
    page_of = select(table).where(table.c.id > bindparam("after")).order_by(table.c.id).limit(PAGE)
    after = ""
    while page := await db.fetch(page_of, {"after": after}):
        for row in page:
            yield row
        after = page[-1].id


def _record(row: Row[Any], plain: Sequence[str], moments: Sequence[str]) -> dict[str, Any]:
    record = {name: getattr(row, name) for name in plain}
    return record | {name: from_ms(getattr(row, name)).isoformat() for name in moments}


def _unsealed(vault: Vault, table: str, row_id: str, sealed: bytes) -> dict[str, Any]:
    """What is sealed there; nothing for what is empty or unreadable."""
    try:
        return dict(vault.open_json(sealed, f"{table}:{row_id}")) if sealed else {}
    except (KeyUnknown, SealBroken):
        return {}


def _opened(vault: Vault, table: str, row: Row[Any], fields: Sequence[str]) -> dict[str, Any]:
    if not row.message_sealed:
        return dict.fromkeys(fields)
    try:
        content = vault.open_json(row.message_sealed, f"{table}:{row.id}")
    except (KeyUnknown, SealBroken):
        return dict.fromkeys(fields)
    return {name: content[name] for name in fields}
