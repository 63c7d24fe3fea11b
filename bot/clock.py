"""Time, ids and chance, passed in so that a test can pin them."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, the form in which every `*_at` column holds time."""
    return int(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC moment of a `*_at` column."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """`now` is wall time (aware, UTC); `monotonic` measures spans, in seconds."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, kw_only=True, slots=True)
class Chance:
    """Randomness; the default is the system's own, which is what PINs and references need."""

    random: random.Random = field(default_factory=secrets.SystemRandom)

    def id(self, now: datetime) -> str:
        """A 26-digit hexadecimal id whose first 12 digits are the time: ids sort by age."""
        return f"{to_ms(now):012x}{self.random.getrandbits(56):014x}"

    def digits(self, count: int) -> str:
        """`count` random decimal digits."""
        return f"{self.random.randrange(10**count):0{count}d}"
