"""The herald: tells people what they asked to be told, when it is due and the hour is decent.

A reminder is said in a turn that the system starts, named after the reminder: that turn marks it as
sent in its own commit. A crash, or a second process at the same moment, can neither lose it nor say
it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.leases import Leases
from bot.pipeline import Handled, Outcome
from bot.sending import SendingHours
from bot.urns import Urn
from services.reminders import Reminder, Reminders
from services.view import Services

# The intent of the turn, and the entity that holds the reminder's id; dialogs/rules/reminders.yml answers it.
INTENT, ENTITY = "reminder_due", "reminder"
_EVERY_SECONDS = 20.0
_LEASE_SECONDS = 60.0
_NEXT_TRY = timedelta(hours=1)

Originate = Callable[[Urn, str, str, Mapping[str, Any], str], Awaitable[Outcome]]

log = structlog.get_logger()


class Herald:
    """Runs in every process; the one that holds the lease works."""

    def __init__(
        self,
        *,
        reminders: Reminders,
        originate: Originate,
        channels: Collection[str],
        hours: SendingHours,
        clock: Clock,
        leases: Leases,
        services: Services,
    ) -> None:
        self._reminders = reminders
        self._originate = originate
        self._channels = channels
        self._hours = hours
        self._clock = clock
        self._leases = leases
        self._services = services

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.step()
            except DatabaseUnavailable:
                log.warning("herald.database_unavailable")
            await asyncio.sleep(_EVERY_SECONDS)

    async def step(self) -> int:
        """One round; how many people were told."""
        if not self._hours.allow(self._clock.now()):
            return 0
        if not await self._leases.hold("reminders", _LEASE_SECONDS):
            return 0
        for service in await self._reminders.awaited():
            # Whoever put the service back said so; a notice may also have ended by its date.
            if not self._services.is_down(service, self._clock.now()):
                await self._reminders.service_is_back(service)
        return sum([await self._tell(reminder) for reminder in await self._reminders.due()])

    async def _tell(self, reminder: Reminder) -> bool:
        """Say one; what cannot be said now is tried again in an hour, what never can is dropped."""
        if reminder.urn is None or not await self._reminders.reachable(reminder):
            log.info("herald.dropped", kind=reminder.kind)
            await self._reminders.drop(reminder.id, reminder.contact_id)
            return False
        if reminder.channel in self._channels and await self._said(reminder, reminder.urn):
            return True
        await self._reminders.postpone(reminder.id, self._clock.now() + _NEXT_TRY)
        return False

    async def _said(self, reminder: Reminder, urn: Urn) -> bool:
        try:
            outcome = await self._originate(
                urn, reminder.channel, INTENT, {ENTITY: reminder.id}, f"reminder:{reminder.id}"
            )
        except DatabaseUnavailable:
            raise
        except Exception as error:  # one that cannot be said must not hold up the others
            log.exception("herald.fault", error=type(error).__name__)
            return False
        return outcome.kind in (Handled.DONE, Handled.DUPLICATE)
