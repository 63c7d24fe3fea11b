"""The tasks of a process: every one has an owner, and one that dies is started again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

_REST_SECONDS = 1.0

log = structlog.get_logger()


class Workers:
    """Runs named tasks until stopped."""

    def __init__(self, work: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        self._work = work
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start them all."""
        self._tasks = [asyncio.create_task(self._keep(name), name=name) for name in self._work]

    async def stop(self) -> None:
        """End them all, in the reverse order of their start."""
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _keep(self, name: str) -> None:
        while True:
            try:
                await self._work[name]()
            except Exception as error:  # a fault of one task must not end the service
                log.exception("worker.fault", worker=name, error=type(error).__name__)
                await asyncio.sleep(_REST_SECONDS)
            else:
                return
