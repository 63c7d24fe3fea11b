"""What goes of a person who wants to be forgotten: what they asked to be told, and how they rated."""

from __future__ import annotations

from sqlalchemy import bindparam, delete

from bot.db import WriteSet
from bot.effects import EffectContext
from bot.erasure import ForgetPerson
from services.tables import ratings, reminders

_FORGOTTEN = tuple(
    delete(table).where(table.c.contact_id == bindparam("of_contact")) for table in (reminders, ratings)
)


def erase_requests(_effect: ForgetPerson, context: EffectContext, writes: WriteSet) -> None:
    """Erase them."""
    for statement in _FORGOTTEN:
        writes.add(statement, {"of_contact": context.contact_id})
