"""Retention: what is past its days is erased, class by class, in batches short enough to wait for.

Every row carries the moment from which it may go. A rule names the class and erases one batch;
domains bring their own rules. SQLite overwrites what it frees (`secure_delete`, set by bot/sqlite_file.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    or_,
    select,
    update,
)

from bot.clock import to_ms
from bot.db import Database
from bot.schema import (
    consents,
    contacts,
    early_receipts,
    guesses,
    inbox,
    messages,
    outbox,
    outbox_parts,
    repeats,
    trackers,
    urns,
)

BATCH = 500
# A provider may deliver the same message again for weeks: the key outlives the text.
DEDUP = timedelta(days=30)

_DEDUP_MS = DEDUP // timedelta(milliseconds=1)
_DONE = ("sent", "delivered", "read", "failed", "expired")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """`erase(connection, now, batch)` erases at most `batch` rows that are due at `now` (milliseconds).

    It returns how many; fewer than `batch` means that nothing is left. `most` is the largest batch that
    nobody waits for too long.
    """

    name: str
    erase: Callable[[Connection, int, int], int]
    most: int = BATCH


async def purge(db: Database, now: datetime, rules: Sequence[Rule], *, batch: int = BATCH) -> dict[str, int]:
    """Erase everything that is due; rows erased by the name of their rule.

    Each batch is a transaction of its own with room for others between: a purge that is killed
    half-way goes on at its next run.
    """
    counts = {rule.name: 0 for rule in rules}
    for rule in rules:
        size = min(batch, rule.most)
        while True:
            erased = await db.run(partial(_batch, rule, to_ms(now), size))
            counts[rule.name] += erased
            if erased < size:
                break
            await asyncio.sleep(0)
    if any(counts.values()):
        await db.forget()
    return counts


def _batch(rule: Rule, now: int, batch: int, connection: Connection) -> int:
    return rule.erase(connection, now, batch)


def floor_rules(held: Select[str] | None = None) -> tuple[Rule, ...]:
    """The rules of the floor's own tables; `held` selects ids of contacts that must stay (open cases)."""
    return (
        Rule(name="inbox", erase=_erase_inbox),
        Rule(name="outbox", erase=_erase_outbox),
        Rule(name="messages", erase=by_date(messages, messages.c.id)),
        Rule(name="trackers", erase=by_date(trackers, trackers.c.contact_id)),
        Rule(name="guesses", erase=by_date(guesses, guesses.c.lookup)),
        Rule(name="repeats", erase=by_date(repeats, repeats.c.lookup)),
        Rule(name="early receipts", erase=by_date(early_receipts, early_receipts.c.provider_id)),
        Rule(name="contacts", erase=_contacts(held)),
    )


def _due(table: Table, id_column: Column[str]) -> Select[str]:
    due = table.c.purge_at <= bindparam("now")
    return select(id_column).where(due).order_by(table.c.purge_at).limit(bindparam("batch"))


def by_date(table: Table, id_column: Column[str]) -> Callable[[Connection, int, int], int]:
    """Erases the rows of a table whose `purge_at` has come."""
    statement = delete(table).where(id_column.in_(_due(table, id_column)))

    def erase(connection: Connection, now: int, batch: int) -> int:
        return connection.execute(statement, {"now": now, "batch": batch}).rowcount

    return erase


# Text past its days, key still needed: the text goes, the row stays until its key has served.
_INBOX_DUE = inbox.c.state != "pending", inbox.c.purge_at <= bindparam("now")
_INBOX_SERVED = inbox.c.received_at <= bindparam("served")
_DELETE_INBOX = delete(inbox).where(
    inbox.c.id.in_(
        select(inbox.c.id)
        .where(*_INBOX_DUE, _INBOX_SERVED)
        .order_by(inbox.c.purge_at)
        .limit(bindparam("batch"))
    )
)
_BLANK_INBOX = (
    update(inbox)
    .where(
        inbox.c.id.in_(
            select(inbox.c.id)
            .where(*_INBOX_DUE, ~_INBOX_SERVED)
            .order_by(inbox.c.purge_at)
            .limit(bindparam("batch"))
        )
    )
    .values(message_sealed=b"", purge_at=inbox.c.received_at + _DEDUP_MS)
)


def _erase_inbox(connection: Connection, now: int, batch: int) -> int:
    due = {"now": now, "batch": batch, "served": now - _DEDUP_MS}
    deleted = connection.execute(_DELETE_INBOX, due).rowcount
    if deleted == batch:
        return deleted
    return deleted + connection.execute(_BLANK_INBOX, due | {"batch": batch - deleted}).rowcount


# What nobody fetched from an inline channel, or waits for a channel that is gone, is never sent any more either.
_OUTBOX_DUE = _due(outbox, outbox.c.id).where(
    or_(outbox.c.state.in_(_DONE), outbox.c.expires_at <= bindparam("now"))
)
_OF_OUTBOX: BindParameter[Any] = bindparam("ids", expanding=True)
_DELETE_PARTS = delete(outbox_parts).where(outbox_parts.c.outbox_id.in_(_OF_OUTBOX))
_DELETE_OUTBOX = delete(outbox).where(outbox.c.id.in_(_OF_OUTBOX))


def _erase_outbox(connection: Connection, now: int, batch: int) -> int:
    ids = list(connection.execute(_OUTBOX_DUE, {"now": now, "batch": batch}).scalars())
    if ids:
        connection.execute(_DELETE_PARTS, {"ids": ids})
        connection.execute(_DELETE_OUTBOX, {"ids": ids})
    return len(ids)


_OF_CONTACTS: BindParameter[Any] = bindparam("ids", expanding=True)
_FORGET = (
    delete(messages).where(messages.c.contact_id.in_(_OF_CONTACTS)),
    delete(trackers).where(trackers.c.contact_id.in_(_OF_CONTACTS)),
    delete(consents).where(consents.c.contact_id.in_(_OF_CONTACTS)),
    delete(urns).where(urns.c.contact_id.in_(_OF_CONTACTS)),
    delete(contacts).where(contacts.c.id.in_(_OF_CONTACTS)),
)


def _contacts(held: Select[str] | None) -> Callable[[Connection, int, int], int]:
    due = _due(contacts, contacts.c.id)
    if held is not None:
        due = due.where(contacts.c.id.not_in(held))

    def erase(connection: Connection, now: int, batch: int) -> int:
        ids = list(connection.execute(due, {"now": now, "batch": batch}).scalars())
        for statement in _FORGET if ids else ():
            connection.execute(statement, {"ids": ids})
        return len(ids)

    return erase
