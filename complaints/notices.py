"""Tells people that somebody follows a case of theirs, when the hour is decent, so that they can say no.

Each is told in a turn that the system starts, named after the follower: that turn notes in its own commit
that it was told. A crash, or a second process at the same moment, can neither lose it nor say it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.leases import Leases
from bot.pipeline import Handled, Outcome
from bot.sending import SendingHours
from bot.urns import Urn
from complaints.follows import Follows, Untold

# The intent of the turn, and the entity that holds the follower's id; dialogs/rules/follows.yml answers it.
INTENT, ENTITY = "case_followed", "follow"
_EVERY_SECONDS = 20.0
_LEASE_SECONDS = 60.0

Originate = Callable[[Urn, str, str, Mapping[str, Any], str], Awaitable[Outcome]]

log = structlog.get_logger()


class FollowNotices:
    """Runs in every process; the one that holds the lease works."""

    def __init__(
        self,
        *,
        follows: Follows,
        originate: Originate,
        channels: Collection[str],
        hours: SendingHours,
        clock: Clock,
        leases: Leases,
    ) -> None:
        self._follows = follows
        self._originate = originate
        self._channels = channels
        self._hours = hours
        self._clock = clock
        self._leases = leases

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.step()
            except DatabaseUnavailable:
                log.warning("follow_notices.database_unavailable")
            await asyncio.sleep(_EVERY_SECONDS)

    async def step(self) -> None:
        """One round."""
        if not self._hours.allow(self._clock.now()):
            return
        if not await self._leases.hold("follow-notices", _LEASE_SECONDS):
            return
        for untold in await self._follows.untold():
            await self._tell(untold)

    async def _tell(self, untold: Untold) -> None:
        """Tell; where nobody can be told any more, nobody follows."""
        if untold.urn is None or untold.channel not in self._channels:
            await self._follows.drop(untold)
            return
        try:
            about = {ENTITY: untold.id}
            outcome = await self._originate(untold.urn, untold.channel, INTENT, about, untold.cause)
            if outcome.kind is Handled.DUPLICATE:
                # The turn was held, and did not tell: to hold it again would be as vain.
                await self._follows.drop(untold)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # one that cannot be told must not hold up the others
            log.exception("follow_notices.fault", error=type(error).__name__)
