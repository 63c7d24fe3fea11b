"""What messages cost a day: counts the parts of the day's messages, warns as the budget goes, stops replies when it is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import bindparam, func, select

from bot.clock import Clock, id_from
from bot.db import Database
from bot.schema import outbox_parts

# By the id, which begins with the moment at which the message was made: it is the primary key, and a
# receipt of the next day does not count a part again.
_SENT_SINCE = select(func.coalesce(func.sum(outbox_parts.c.attempts), 0)).where(
    outbox_parts.c.outbox_id >= bindparam("since")
)
_WARN_AT = (50, 80, 100)  # percent
_RECOUNT_SECONDS = 60

log = structlog.get_logger()


class Spending:
    """The day's parts, counted from the store once a minute and kept up in between."""

    def __init__(self, db: Database, clock: Clock, zone: ZoneInfo, daily_parts: int) -> None:
        self._db = db
        self._clock = clock
        self._zone = zone
        self._budget = daily_parts
        self._begins = self._ends = datetime.min.replace(tzinfo=UTC)
        self._parts = 0
        self._counted_at = -_RECOUNT_SECONDS * 2.0
        self._warned = 0

    async def allows(self) -> bool:
        """Whether another reply may be paid for today."""
        now = self._clock.now()
        is_today = self._begins <= now < self._ends
        if not is_today or self._clock.monotonic() - self._counted_at > _RECOUNT_SECONDS:
            await self._recount(now)
        return self._parts < self._budget

    def add(self, parts: int) -> None:
        """Count what is about to be sent."""
        self._parts += parts
        self._warn()

    async def _recount(self, now: datetime) -> None:
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        # In UTC: moments of two zones cost ten times as much to compare, and are never equal where clocks change.
        begins = midnight.astimezone(UTC)
        if begins != self._begins:
            ends = midnight + timedelta(days=1)
            self._begins, self._ends, self._warned = begins, ends.astimezone(UTC), 0
        row = await self._db.first(_SENT_SINCE, {"since": id_from(midnight)})
        self._parts = int(row[0]) if row else 0
        self._counted_at = self._clock.monotonic()
        self._warn()

    def _warn(self) -> None:
        if self._parts * 100 < _WARN_AT[0] * self._budget:
            return
        reached = max(each for each in _WARN_AT if self._parts * 100 >= each * self._budget)
        if reached > self._warned:
            self._warned = reached
            log.warning("spending.budget", percent=reached, parts=self._parts, budget=self._budget)
