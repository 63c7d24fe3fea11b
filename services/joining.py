"""What two contacts that turned out to be one person asked to be told, and how they rated: all of it is theirs."""

from __future__ import annotations

from sqlalchemy import bindparam, update

from bot.db import WriteSet
from services.tables import ratings, reminders

_REQUESTS = tuple(
    update(table).where(table.c.contact_id == bindparam("lost")).values(contact_id=bindparam("kept"))
    for table in (reminders, ratings)
)


def join_requests(lost: str, kept: str, writes: WriteSet) -> None:
    """Hand them over."""
    for statement in _REQUESTS:
        writes.add(statement, {"lost": lost, "kept": kept})
