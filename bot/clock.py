"""Time, ids and chance, passed in so that a test can pin them."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_LAST_IN_A_MS = 0xFFFF
_BLOCK = 4096  # bytes


def utc_now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, the form in which every `*_at` column holds time."""
    return int(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC moment of a `*_at` column."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def id_from(moment: datetime) -> str:
    """No id that `Chance` makes at or after this moment sorts before this text."""
    return f"{to_ms(moment):012x}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """`now` is wall time (aware, UTC); `monotonic` measures spans, in seconds."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic


class RandomBytes:
    """The system's own randomness, fetched in blocks: one system call serves many takers."""

    def __init__(self) -> None:
        self._block = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """`count` bytes, at most a block's worth, that nobody was given before."""
        if self._at + count > len(self._block):
            self._block, self._at = os.urandom(_BLOCK), 0
        self._at += count
        return self._block[self._at - count : self._at]


class SystemChance(random.SystemRandom):
    """`random.SystemRandom` over blocks of the system's randomness."""

    def __init__(self) -> None:
        self._bytes = RandomBytes()
        super().__init__()

    def getrandbits(self, k: int, /) -> int:
        """`k` random bits as an integer."""
        size = (k + 7) // 8
        return int.from_bytes(self._bytes.take(size), "big") >> (size * 8 - k)


class Chance:
    """Ids and randomness; the default is the system's own, which is what PINs and references need."""

    def __init__(self, *, random: random.Random | None = None) -> None:
        self.random = random or SystemChance()
        self._ms = 0
        self._sequence = 0

    def id(self, now: datetime) -> str:
        """A 26-digit hexadecimal id: 12 digits of time, 4 of order within it, 10 of chance.

        The ids of one process sort in the order in which they were made, also within a
        millisecond and when the clock is set back.
        """
        ms = to_ms(now)
        if ms > self._ms:
            self._ms, self._sequence = ms, 0
        else:
            self._sequence += 1
            if self._sequence > _LAST_IN_A_MS:
                self._ms, self._sequence = self._ms + 1, 0
        return f"{self._ms:012x}{self._sequence:04x}{self.random.getrandbits(40):010x}"

    def digits(self, count: int) -> str:
        """`count` random decimal digits."""
        return f"{self.random.randrange(10**count):0{count}d}"
