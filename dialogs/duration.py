"""How long a public service takes."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from dialogs.action import Events, Turn
from dialogs.afterthought import RECEIPTS
from dialogs.asked_service import ListQuestion
from dialogs.ports import Ports
from services.record import Topic


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Duration(ports)]


class Duration(ListQuestion):
    """States the times that are known, in one line short enough for two parts."""

    goal = "duration"
    topic = Topic.DURATION

    async def respond(self, turn: Turn) -> Events:
        """Answer; "when will it be ready?" after an application was told asks about that one, after a receipt about the case.

        "Until when is it open?" asks for hours: of the service's office if one is named.
        """
        if self._phrases.asks_closing_hour(turn.text):
            named = turn.entity("service")
            return [FollowupAction("action_where_hours" if named else "action_open_now")]
        if not turn.entity("service"):
            if turn.last_answer == "utter_application":
                return [FollowupAction("action_status_start")]
            if not RECEIPTS.isdisjoint(turn.last_answers):
                return [FollowupAction("action_complaint_status_start")]
        return await super().respond(turn)
