"""Time that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.clock import Clock

# A Monday, ten in the morning in Vientiane.
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


class PinnedTime:
    """`clock` is handed to the code under test; `advance` moves both of its hands."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._elapsed = 0.0
        self.clock = Clock(now=lambda: self._now, monotonic=lambda: self._elapsed)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
