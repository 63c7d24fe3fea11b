"""What came with a person's messages and is not used yet: it goes with the next complaint, if that comes soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.clock import to_ms
from dialogs.action import Events, Turn, remember
from dialogs.ports import Ports

# What was sent longer ago was meant for something else.
_SOON_MS = timedelta(hours=1) // timedelta(milliseconds=1)


def unused(ports: Ports, turn: Turn) -> tuple[str, ...]:
    """The ids of what came within the hour and was not used."""
    since = to_ms(ports.clock.now()) - _SOON_MS
    found: list[dict[str, Any]] = turn.tracker.slots.get("media") or []
    return tuple(str(each["id"]) for each in found if each["at"] >= since)


def used() -> Events:
    """The events after which nothing is left that could be used again."""
    return remember(media=None)
