"""Receipts that come before we know the id that they name: kept until the message is known by it.

A provider answers a send with its id and may tell of the message at once, by another way: what it
tells can be here before the answer is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, exists, select

from bot.clock import Clock, from_ms, to_ms
from bot.db import Database, WriteSet
from bot.messages import DeliveryReport, DeliveryState
from bot.schema import early_receipts, outbox, outbox_parts

# Whoever sends us receipts of messages that are not ours fills no disk with them.
KEPT = timedelta(days=1)

_known = exists().where(
    outbox_parts.c.provider_id == early_receipts.c.provider_id,
    outbox.c.id == outbox_parts.c.outbox_id,
    outbox.c.channel == early_receipts.c.channel,
)
_MATCHED = select(early_receipts).where(_known).order_by(early_receipts.c.purge_at).limit(bindparam("most"))
_FORGET = delete(early_receipts).where(
    early_receipts.c.channel == bindparam("of_channel"),
    early_receipts.c.provider_id == bindparam("of_id"),
    early_receipts.c.state == bindparam("of_state"),
)


class EarlyReceipts:
    """Keeps them; any number of processes may."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._keep = db.insert(early_receipts).on_conflict_do_nothing()

    async def keep(self, report: DeliveryReport) -> None:
        """Store a report of an id that is not known; the same again changes nothing."""
        writes = WriteSet()
        values = {
            "channel": report.channel,
            "provider_id": report.provider_id,
            "state": report.state.value,
            "error_code": report.error_code[:40],
            "opted_out": report.opted_out,
            "retryable": report.retryable,
            "at": to_ms(report.at),
            "purge_at": to_ms(self._clock.now() + KEPT),
        }
        writes.add(self._keep, values)
        await self._db.commit(writes)

    async def matched(self, most: int = 100) -> Sequence[DeliveryReport]:
        """Reports whose messages are known by now, oldest first."""
        return [
            DeliveryReport(
                channel=row.channel,
                state=DeliveryState(row.state),
                at=from_ms(row.at),
                provider_id=row.provider_id,
                error_code=row.error_code,
                opted_out=row.opted_out,
                retryable=row.retryable,
            )
            for row in await self._db.fetch(_MATCHED, {"most": most})
        ]

    async def forget(self, report: DeliveryReport) -> None:
        """The report has been applied."""
        writes = WriteSet()
        values = {
            "of_channel": report.channel,
            "of_id": report.provider_id,
            "of_state": report.state.value,
        }
        writes.add(_FORGET, values)
        await self._db.commit(writes)
