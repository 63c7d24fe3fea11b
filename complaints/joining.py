"""Cases of two contacts that turned out to be one person's: all are theirs."""

from __future__ import annotations

from sqlalchemy import bindparam, update

from bot.db import WriteSet
from complaints.tables import cases

_CASES = update(cases).where(cases.c.contact_id == bindparam("lost")).values(contact_id=bindparam("kept"))


def join_cases(lost: str, kept: str, writes: WriteSet) -> None:
    """Hand them over; the history of each keeps who filed it."""
    writes.add(_CASES, {"lost": lost, "kept": kept})
