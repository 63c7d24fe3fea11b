"""What came besides words is used within the hour; what a complaint was told to have, while it is kept at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.clock import to_ms
from dialogs.action import Turn
from dialogs.enclosed import unused
from tests.dialogs.actions.kit import ports
from tests.pinned import PinnedTime

HOUR = 3600.0


@pytest.mark.parametrize(
    ("kept", "hours", "promised", "there"),
    [
        (24, 0.9, "", True),
        (24, 1.1, "", False),
        (24, 23.9, "complaint_form", True),
        (24, 24.1, "complaint_form", False),
        (72, 71.9, "complaint_form", True),
        (2, 2.1, "complaint_form", False),
    ],
)
def test_nothing_is_promised_that_was_purged(kept: int, hours: float, promised: str, *, there: bool) -> None:
    pinned = PinnedTime()
    world = ports(pinned)
    world = replace(world, keeping=replace(world.keeping, media_hours=kept))
    came = {"id": "m1", "kind": "photo", "at": to_ms(pinned.clock.now()), "promised": promised}
    pinned.advance(hours * HOUR)
    tracker = Tracker("me", {"language": "en", "media": [came]}, {}, [], False, None, {}, None)
    assert unused(world, Turn(world, CollectingDispatcher(), tracker)) == (("m1",) if there else ())
