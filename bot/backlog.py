"""The worker behind the inbox: answers what could not be answered at once, each person's oldest first."""

from __future__ import annotations

import asyncio

import structlog

from bot.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.inbox import Inbox
from bot.pipeline import Handled, Pipeline

_IDLE_SECONDS = 1.0
_BUSY_SECONDS = 0.05

log = structlog.get_logger()


class Backlog:
    """Runs in every process; a message is answered once, whoever comes first."""

    def __init__(self, inbox: Inbox, pipeline: Pipeline, clock: Clock) -> None:
        self._inbox = inbox
        self._pipeline = pipeline
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A message waits."""
        self._wake.set()

    async def step(self) -> int:
        """Try each waiting message once, only the oldest of a person; how many were answered."""
        answered, held = 0, set[str]()
        for waiting in await self._inbox.waiting(self._clock.now()):
            person = str(waiting.message.urn)
            if person in held:
                continue
            outcome = await self._pipeline.work(waiting)
            if outcome is None or outcome.kind is Handled.PENDING:
                held.add(person)
            else:
                answered += 1
        return answered

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            pause = _IDLE_SECONDS
            try:
                if await self.step():
                    pause = _BUSY_SECONDS
            except DatabaseUnavailable:
                log.warning("backlog.database_unavailable")
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
