"""The links of an installation: each is held by one process at a time, and opened again whatever ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.leases import Leases
from bot.messages import InboundEvent
from bot.metrics import Metrics
from channels.base import Accepted, Channel, InboundPart, Linked
from channels.joining import Joining

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """How links are held, in seconds: for how long a lease counts, and how often it is renewed.

    A process that cannot renew one lets go before it ends: another may bind then.
    """

    lease: float = 15.0
    every: float = 3.0


class Links:
    """Keeps the links of the channels that have one; any number of processes may run it."""

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        joining: Joining,
        leases: Leases,
        clock: Clock,
        metrics: Metrics,
        holding: Holding | None = None,
    ) -> None:
        self._channels = {name: each for name, each in channels.items() if isinstance(each, Linked)}
        self._joining = joining
        self._leases = leases
        self._clock = clock
        self._holding = holding or Holding()
        for name, each in self._channels.items():
            metrics.links.labels(name).set_function(_is_up(each))

    async def run(self) -> None:
        """Work until cancelled."""
        if not self._channels:
            return
        async with asyncio.TaskGroup() as group:
            for name, channel in self._channels.items():
                group.create_task(self._keep(name, channel))
            group.create_task(self._join())

    async def _keep(self, name: str, channel: Linked) -> None:
        """Run a channel whenever this process has its lease."""
        while True:
            try:
                if await self._leases.hold(_lease(name), self._holding.lease):
                    await self._hold(name, channel)
            except DatabaseUnavailable:
                log.warning("links.no_database", channel=name)
            except Exception:
                log.exception("links.fault", channel=name)
            await asyncio.sleep(self._holding.every)

    async def _hold(self, name: str, channel: Linked) -> None:
        """Run it for as long as the lease is ours."""

        async def take(event: InboundEvent | InboundPart) -> Accepted:
            return await self._joining.take(name, event)

        running = asyncio.create_task(channel.run(take))
        try:
            await self._renew(name, running)
        finally:
            running.cancel()
            ended = await asyncio.gather(running, return_exceptions=True)
            with suppress(DatabaseUnavailable):
                await self._leases.release(_lease(name))
        if isinstance(ended[0], Exception):
            log.error("links.fault", channel=name, exc_info=ended[0])

    async def _renew(self, name: str, running: asyncio.Task[None]) -> None:
        """Return when the lease is lost, or is not sure any more, or the channel has ended."""
        renewed = self._clock.monotonic()
        while not running.done():
            await asyncio.wait({running}, timeout=self._holding.every)
            began = self._clock.monotonic()
            try:
                if not await self._leases.hold(_lease(name), self._holding.lease):
                    log.warning("links.lease_lost", channel=name)
                    return
                renewed = began
            except DatabaseUnavailable:
                if began - renewed > self._holding.lease - 2 * self._holding.every:
                    log.warning("links.lease_unsure", channel=name)
                    return

    async def _join(self) -> None:
        """Hand in, now and then, what of a message has come when the rest does not."""
        while True:
            try:
                await self._joining.sweep()
            except DatabaseUnavailable:
                log.warning("links.no_database")
            except Exception:
                log.exception("links.fault")
            await asyncio.sleep(self._holding.every)


def _lease(name: str) -> str:
    return f"link:{name}"


def _is_up(channel: Linked) -> Callable[[], float]:
    return lambda: float(channel.up)
