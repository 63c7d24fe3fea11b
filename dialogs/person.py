"""A person is asked for: nobody is live, so the honest offer is the case queue and a hotline."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.hotlines import Hotlines
from dialogs.ports import Ports


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [TalkToHuman(ports)]


class TalkToHuman(DialogAction):
    """Offers to write to staff, and names a number to call where the pack has one."""

    action_name = "action_talk_to_human"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._hotlines = Hotlines.load(ports.pack)

    async def respond(self, turn: Turn) -> Events:
        """The offer."""
        hotline = self._hotlines.spoken("complaint", turn.words, limit=1)
        if hotline:
            turn.say("utter_talk_to_human", hotline=hotline)
        else:
            turn.say("utter_talk_to_human_no_number")
        return remember(goal="talk_to_human")
