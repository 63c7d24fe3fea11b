"""How fast an SMSC takes messages: as fast as it answers, until it says that this is too fast."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

# Answers to what was under way when the rate was cut say nothing of the new one.
_SETTLING = 1.0
_LEAST = 0.5
_GROWTH = 0.05  # of the rate at which it was cut, a second
# What has grown so far beyond the cut meets no limit any more.
_FREE = 4.0


class AdaptiveRate:
    """Halves when the SMSC throttles, then grows by a twentieth a second: it finds the operator's limit, and follows it.

    `monotonic` measures time in seconds. Messages get their moments evenly.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._rate = 0.0
        self._cut_from = 0.0
        self._cut_at = float("-inf")
        self._next = 0.0
        self._taken: deque[float] = deque(maxlen=1000)

    @property
    def rate(self) -> float:
        """Messages a second; 0 while there is no limit."""
        return self._rate

    def book(self, most: float) -> float | None:
        """Give the next message its moment; in how many seconds it is, or None when in more than `most`."""
        if not self._rate:
            return 0.0 if most >= 0 else None
        now = self._monotonic()
        moment = max(now, self._next)
        if moment - now > most:
            return None
        self._next = moment + 1 / self._rate
        return moment - now

    def taken(self) -> None:
        """Say that the SMSC took a message."""
        now = self._monotonic()
        self._taken.append(now)
        if self._rate:
            self._rate += max(self._cut_from, 1.0) * _GROWTH / self._rate
            if self._rate > self._cut_from * _FREE:
                self._rate = 0.0

    def throttled(self) -> bool:
        """Say that the SMSC refused one as too fast; whether the rate was cut for it."""
        now = self._monotonic()
        if now - self._cut_at < _SETTLING:
            return False
        measured = float(sum(1 for at in self._taken if now - at <= 1.0))
        self._cut_from = max(min(self._rate, measured) if self._rate else measured, 2 * _LEAST)
        self._rate = self._cut_from / 2
        self._cut_at = now
        self._next = now + 1 / self._rate
        return True
