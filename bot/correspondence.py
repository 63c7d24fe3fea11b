"""What the outbox holds for a person, found by the indexes that it has; and the follow-ups that still wait there.

A row bears the id of the words kept of it in `messages`, or names in its cause the message that it
follows up. A follow-up may wait until morning: what ends the consent to it, or takes the phone away,
ends it too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Executable, and_, bindparam, literal_column, select, update

from bot.clock import to_ms
from bot.db import WriteSet
from bot.schema import is_waiting, messages, outbox

# What a follow-up names as its cause, before the id of the message that failed.
FOLLOW_UP = "follow-up:"
_OF_LOST = messages.c.contact_id == bindparam("lost")
_FOLLOWING_UP = literal_column(f"'{FOLLOW_UP}'", outbox.c.cause.type) + messages.c.id

# Hands the rows of the person `lost` to the person `kept`, as long as the words are still those of `lost`.
HAND_OVER: tuple[Executable, ...] = tuple(
    update(outbox).where(found, outbox.c.contact_id == bindparam("lost")).values(contact_id=bindparam("kept"))
    for found in (
        outbox.c.id.in_(select(messages.c.id).where(_OF_LOST)),
        outbox.c.cause.in_(select(_FOLLOWING_UP).where(_OF_LOST)),
    )
)
_ENDED = {"state": "expired", "error_code": "withdrawn", "updated_at": bindparam("now_ms")}
_waits = and_(is_waiting(), outbox.c.state == "queued")
_END_OF_PERSON = (
    update(outbox)
    .where(
        outbox.c.cause.in_(select(_FOLLOWING_UP).where(messages.c.contact_id == bindparam("of_contact"))),
        _waits,
    )
    .values(_ENDED)
)
_END_AT = (
    update(outbox)
    .where(
        outbox.c.urn_lookup == bindparam("of_lookup"),
        outbox.c.contact_id != bindparam("but_of"),
        outbox.c.cause.startswith(FOLLOW_UP, autoescape=True),
        _waits,
    )
    .values(_ENDED)
)


def end_follow_ups(contact_id: str, now: datetime, writes: WriteSet) -> None:
    """End the follow-ups that wait for a person."""
    writes.add(_END_OF_PERSON, {"of_contact": contact_id, "now_ms": to_ms(now)})


def end_follow_ups_at(lookup: str, now: datetime, writes: WriteSet, *, but_of: str = "") -> None:
    """End those that wait for an address, whosever they are but one person's."""
    writes.add(_END_AT, {"of_lookup": lookup, "but_of": but_of, "now_ms": to_ms(now)})
