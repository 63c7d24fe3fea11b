"""The binds of one account: each is opened again whenever it ends, and what is sent takes the freest of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.clock import Clock, SystemChance
from channels.smpp_link import Account, BindRefused, Link, LinkLost, NotBound, Timers
from channels.smpp_pdu import Command, Pdu

_LONGEST_PAUSE = 60.0
_FAILURES = 20
# An account that is refused is tried again so seldom that nobody locks it for that.
_ACCOUNT_PAUSE = 900.0
_STOP_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bind:
    """One bind to keep: where, as what, and the requests that may be under way on it."""

    account: Account
    command: Command
    window: int


class Binds:
    """Keeps binds open while it runs.

    `brought` is called with every message and with the connection that brought it, `lost` with a connection that
    has ended.
    """

    def __init__(
        self,
        channel: str,
        binds: Sequence[Bind],
        timers: Timers,
        *,
        clock: Clock,
        first_pause: float,
        brought: Callable[[object, Pdu], Awaitable[int]],
        lost: Callable[[object], None],
    ) -> None:
        self._log = log.bind(channel=channel)
        self._binds = binds
        self._timers = timers
        self._clock = clock
        self._first_pause = first_pause
        self._brought = brought
        self._lost = lost
        self._chance = SystemChance()
        self._links: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._bound = asyncio.Event()
        # When the first of the binds that are there now came about, in the clock's seconds.
        self.since = 0.0

    @property
    def up(self) -> bool:
        """Whether something can be sent now."""
        return any(link.sends for link in self._links)

    async def run(self) -> None:
        """Keep them all open, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for bind in self._binds:
                    group.create_task(self._keep(bind))
        finally:
            if self._tasks:
                _, late = await asyncio.wait(set(self._tasks), timeout=_STOP_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def request(self, command: Command, body: bytes, patience: float) -> Pdu:
        """The answer to a request over the freest link; waits that many seconds for one and for its place.

        Raises NotBound, LinkLost, NoAnswer.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while (left := until - loop.time()) > 0:
            sending = [link for link in self._links if link.sends]
            if not sending:
                self._bound.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bound.wait(), left)
                continue
            # One that ends before it has a place for this leaves it to another.
            with suppress(NotBound):
                return await min(sending, key=_under_way).request(command, body, left)
        raise NotBound

    async def try_bind(self) -> None:
        """Bind once beside whoever holds the binds, as a transmitter: no message is brought to it.

        Raises LinkLost, BindRefused.
        """

        async def nothing(pdu: Pdu) -> int:
            del pdu
            return 0

        account = self._binds[0].account
        await Link(account, Command.BIND_TRANSMITTER, 1, self._timers, nothing, set()).try_bind()

    async def _keep(self, bind: Bind) -> None:
        failures = 0
        while True:
            pause = min(self._first_pause * 2.0**failures, _LONGEST_PAUSE)
            failures = min(failures + 1, _FAILURES)
            try:
                await self._hold(bind)
            except BindRefused as error:
                log_at = self._log.error if error.of_account else self._log.warning
                log_at("smpp.bind_refused", bind=bind.command.name, status=str(error))
                if error.of_account:
                    pause = _ACCOUNT_PAUSE
            except LinkLost as error:
                self._log.warning("smpp.link_lost", bind=bind.command.name, reason=error.reason)
                if error.was_bound:
                    pause, failures = self._first_pause, 0
            await asyncio.sleep(pause * self._chance.uniform(0.75, 1.25))

    async def _hold(self, bind: Bind) -> None:
        """Hold one connection until it ends. Raises LinkLost, BindRefused."""

        async def brought(pdu: Pdu) -> int:
            return await self._brought(link, pdu)

        def once_bound() -> None:
            if not self._links:
                self.since = self._clock.monotonic()
            self._links.append(link)
            self._bound.set()
            self._log.info("smpp.bound", bind=bind.command.name)

        link = Link(bind.account, bind.command, bind.window, self._timers, brought, self._tasks)
        try:
            await link.hold(once_bound)
        except LinkLost as error:
            raise LinkLost(error.reason, was_bound=link in self._links) from None
        finally:
            if link in self._links:
                self._links.remove(link)
            self._lost(link)


def _under_way(link: Link) -> int:
    return link.under_way
