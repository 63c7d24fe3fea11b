"""Patience: what many wait for is given up after the same time each, by one timer for all of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any


class Patience:
    """Ends futures that are not done after so many seconds, oldest first.

    A timer of its own for each of them is what a wait costs most, and nearly none ever goes off. What is done stays
    here until its time is over. Belongs to the event loop of its first wait.
    """

    def __init__(self, seconds: float, give_up: Callable[[asyncio.Future[Any]], None]) -> None:
        """`give_up` is called with each future that is late."""
        self._seconds = seconds
        self._give_up = give_up
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, future: asyncio.Future[Any]) -> None:
        """Give it up when it is not done in time."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds
        self._waiting.append((due, future))
        if self._timer is None:
            self._timer = loop.call_at(due, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        while self._waiting:
            due, future = self._waiting[0]
            if not future.done() and due > now:
                self._timer = loop.call_at(due, self._look)
                return
            self._waiting.popleft()
            # By itself: what cannot be given up holds back no other.
            loop.call_soon(self._end, future)

    def _end(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            self._give_up(future)
