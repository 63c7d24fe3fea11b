from __future__ import annotations

from datetime import UTC, datetime

from bot.learning.listener import Before, Listener
from bot.learning.unclear import Unclear
from bot.messages import InboundMessage
from bot.parsed import certain
from bot.trackers import TrackerState
from bot.turns import Turn
from bot.urns import Urn


def test_a_form_given_up_is_a_correction_even_where_a_menu_is_shown_then() -> None:
    """On a screen that was dialled the answer to "cancel" is the menu, and the turn is about that."""
    begun = Before(unclear="", wish={}, asking=True, begun="I want to complain")
    turn = Turn(
        state=TrackerState(contact_id="me"),
        responses=(),
        effects=(),
        wish=certain("menu", {}, "en"),
        cancelled=True,
    )
    message = InboundMessage(
        channel="ussd",
        external_id="1",
        urn=Urn("tel", "+99700000001"),
        text="cancel",
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    told = Listener(denials=["no"]).heard(begun, turn, message)
    assert told == (Unclear(text="I want to complain", corrected=True),)
