"""Validity: for how long a provider is asked to try, which is as long as the message is worth reading."""

from __future__ import annotations

import math

from bot.clock import Clock
from bot.messages import OutboundMessage


def seconds_left(message: OutboundMessage, clock: Clock, *, least: int = 1, most: int) -> int:
    """Whole seconds until the message expires, from `least` to `most`; `most` for one that never does."""
    if message.expires_at is None:
        return most
    left = (message.expires_at - clock.now()).total_seconds()
    return min(max(math.ceil(left), least), most)


def minutes_left(message: OutboundMessage, clock: Clock, *, most: int) -> int:
    """The same in whole minutes, one at least."""
    return math.ceil(seconds_left(message, clock, most=most * 60) / 60)
