"""What came with a person's messages and is not used yet: it goes with the next complaint, if that comes soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.clock import to_ms
from dialogs.action import Events, Turn, remember
from dialogs.ports import Ports

# What was sent longer ago was meant for something else.
_SOON_MS = timedelta(hours=1) // timedelta(milliseconds=1)
# What a complaint under way was told to have goes with it, however slowly it is written, while it is kept at all.
_KEPT_MS = timedelta(days=1) // timedelta(milliseconds=1)


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
    now = to_ms(ports.clock.now())
    found: list[dict[str, Any]] = turn.tracker.slots.get("media") or []
    return [each for each in found if each["at"] >= now - (_KEPT_MS if each.get("promised") else _SOON_MS)]
