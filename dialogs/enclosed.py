"""What came with a person's messages and is not used yet: it goes with the next complaint, if that comes soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.clock import to_ms
from dialogs.action import Events, Turn, remember
from dialogs.ports import Ports

# What was sent longer ago was meant for something else.
_SOON = timedelta(hours=1)


def unused(ports: Ports, turn: Turn) -> tuple[str, ...]:
    """The ids of what came within the hour, or was promised to the complaint under way, and was not used."""
    return tuple(str(each["id"]) for each in _unused(ports, turn))


def promised(ports: Ports, turn: Turn, form: str) -> Events:
    """The events after which what is unused now belongs to this form, until that is filed or cancelled."""
    return remember(media=[{**each, "promised": form} for each in _unused(ports, turn)])


def used() -> Events:
    """The events after which nothing is left that could be used again."""
    return remember(media=None)


def _unused(ports: Ports, turn: Turn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = turn.tracker.slots.get("media") or []
    if not found:
        return found
    now = ports.clock.now()
    # What a complaint under way was told to have goes with it, however slowly it is written, while it is kept at all.
    kept = timedelta(hours=ports.keeping.media_hours)
    since = {True: to_ms(now - kept), False: to_ms(now - min(_SOON, kept))}
    return [each for each in found if each["at"] >= since[bool(each.get("promised"))]]
