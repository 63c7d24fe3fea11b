"""What a process does now and then: learn of new keys, keep room on the disk, erase what is past its days."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.ballast import Ballast
from bot.clock import Clock
from bot.crypto import Vault
from bot.db import Database
from bot.errors import DatabaseUnavailable
from bot.leases import Leases
from bot.retention import Rule, purge

_EVERY_SECONDS = 20.0
_PURGE_EVERY = timedelta(hours=1)

log = structlog.get_logger()


class Housekeeping:
    """Runs in every process; what only one may do is done under a lease."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        leases: Leases,
        ballast: Ballast,
        rules: Sequence[Rule],
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._leases = leases
        self._ballast = ballast
        self._rules = rules
        self._purged_at: datetime | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.step()
            except DatabaseUnavailable:
                # Room for the audit is given back when the disk may be what is full.
                self._ballast.release()
                log.warning("housekeeping.database_unavailable")
            await asyncio.sleep(_EVERY_SECONDS)

    async def step(self) -> None:
        """One round."""
        await self._vault.refresh()
        self._ballast.take()
        now = self._clock.now()
        if self._purged_at is not None and now - self._purged_at < _PURGE_EVERY:
            return
        if await self._leases.hold("purge", _PURGE_EVERY.total_seconds()):
            erased = await purge(self._db, now, self._rules)
            log.info(
                "housekeeping.purged",
                **{f"{name.replace(' ', '_')}_rows": count for name, count in erased.items()},
            )
        self._purged_at = now
