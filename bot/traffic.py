"""What came and went by a channel, as an operator asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, literal_column, select

from bot.clock import Clock, from_ms, to_ms
from bot.db import Database
from bot.media import REFUSED, WAITING
from bot.schema import inbox, is_waiting, media, outbox

_SENT = ("sent", "delivered", "read")
_IN = select(func.max(inbox.c.received_at).label("at")).where(inbox.c.channel == bindparam("channel"))
_OUT = select(func.max(outbox.c.updated_at).label("at")).where(
    outbox.c.channel == bindparam("channel"), outbox.c.state.in_(_SENT)
)
_WAITING = select(func.count().label("number"), func.min(outbox.c.created_at).label("since")).where(
    outbox.c.channel == bindparam("channel"), is_waiting()
)
_TROUBLE = (
    select(outbox.c.error_code)
    .where(outbox.c.channel == bindparam("channel"), is_waiting(), outbox.c.error_code != "")
    .order_by(outbox.c.updated_at.desc())
    .limit(1)
)
_FAILED = select(func.count().label("number")).where(
    outbox.c.channel == bindparam("channel"),
    outbox.c.state == "failed",
    outbox.c.updated_at >= bindparam("since"),
)
_FILES = select(func.count().label("number"), func.min(media.c.created_at).label("since")).where(
    media.c.channel == bindparam("channel"), media.c.state == WAITING, media.c.due_at > literal_column("0")
)
_NOT_KEPT = select(func.count().label("number")).where(
    media.c.channel == bindparam("channel"),
    media.c.state == REFUSED,
    media.c.created_at >= bindparam("since"),
)
_LATELY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """When a channel last brought and took something, what waits for it, and what failed within a day.

    `trouble` is the code of the last error that something waits for, empty when there was none. `files` are those that people sent: not fetched yet, and not kept.
    """

    last_in: datetime | None
    last_out: datetime | None
    waiting: int
    waiting_since: datetime | None
    failed: int
    trouble: str
    files_waiting: int
    files_since: datetime | None
    files_refused: int


async def traffic_of(channel: str, db: Database, clock: Clock) -> Traffic:
    """Look a channel up by its name. Raises DatabaseUnavailable."""
    named = {"channel": channel}
    lately = named | {"since": to_ms(clock.now() - _LATELY)}
    last_in, last_out = await db.first(_IN, named), await db.first(_OUT, named)
    waiting = await db.first(_WAITING, named)
    failed = await db.first(_FAILED, lately)
    files, not_kept = await db.first(_FILES, named), await db.first(_NOT_KEPT, lately)
    trouble = await db.first(_TROUBLE, named)
    assert last_in is not None
    assert last_out is not None
    assert waiting is not None
    assert failed is not None
    assert files is not None
    assert not_kept is not None
    return Traffic(
        last_in=_when(last_in.at),
        last_out=_when(last_out.at),
        waiting=waiting.number,
        waiting_since=_when(waiting.since),
        failed=failed.number,
        trouble="" if trouble is None else str(trouble.error_code),
        files_waiting=files.number,
        files_since=_when(files.since),
        files_refused=not_kept.number,
    )


def _when(at: int | None) -> datetime | None:
    return None if at is None else from_ms(at)
