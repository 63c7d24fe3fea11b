"""Locks: one turn at a time per person; those of one process, in memory."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Protocol

from bot.clock import Clock

_LOOK_SECONDS = 0.02


class Locks(Protocol):
    """Exclusive names with an expiry; an optimisation only: what is stored is guarded by its version."""

    async def try_acquire(self, key: str, seconds: float) -> str | None:
        """Take the name for at most `seconds`; a token to release it with, or None while another has it."""

    async def release(self, key: str, token: str) -> None:
        """Give the name back; nothing happens when it expired or went to another holder."""


async def acquire(locks: Locks, key: str, seconds: float, patience: float) -> str | None:
    """The token of a name as soon as it is free; None where it is not in so many seconds."""
    for _ in range(max(1, round(patience / _LOOK_SECONDS))):
        token = await locks.try_acquire(key, seconds)
        if token is not None:
            return token
        await asyncio.sleep(_LOOK_SECONDS)
    return None


class MemoryLocks:
    """Locks of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens = map(str, count())
        self._held: dict[str, tuple[str, float]] = {}

    async def try_acquire(self, key: str, seconds: float) -> str | None:
        """See `Locks.try_acquire`."""
        now = self._clock.monotonic()
        _token, until = self._held.get(key, ("", now))
        if until > now:
            return None
        token = next(self._tokens)
        self._held[key] = (token, now + seconds)
        return token

    async def release(self, key: str, token: str) -> None:
        """See `Locks.release`."""
        if self._held.get(key, ("", 0.0))[0] == token:
            del self._held[key]
