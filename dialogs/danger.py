"""Danger to life: numbers to call, before anything else, then the offer to tell staff."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.complaint_form import about_service
from dialogs.hotlines import Hotlines
from dialogs.ports import Ports


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Danger(ports)]


def named_places(ports: Ports, turn: Turn) -> list[str]:
    """The codes of the places that a message names, and of those that they are in."""
    found = (ports.places.get(turn.entity(level)) for level in ("district", "province"))
    return [code for place in found if place for code in (place.code, place.parent) if code]


class Danger(DialogAction):
    """Says which numbers to call; keeps the words, so that filing does not ask for them again."""

    action_name = "action_danger"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._hotlines = Hotlines.load(ports.pack)

    async def respond(self, turn: Turn) -> Events:
        """The numbers; in the midst of a complaint, what was said is an answer too."""
        numbers = self._hotlines.spoken("danger", turn.words, near=named_places(self.ports, turn))
        if numbers:
            turn.say("utter_danger", numbers=numbers)
        else:
            turn.say("utter_danger_no_number")
        told = "" if turn.is_wordless else turn.text
        if turn.form != "complaint_form":
            return remember(goal="danger", complaint_draft=told or None)
        if turn.slot("requested_slot") != "complaint_text" or not told:
            return []
        following = "complaint_confirm" if turn.slot("complaint_place") else "complaint_place"
        service = about_service(turn)
        return remember(complaint_text=told, complaint_service=service, requested_slot=following)
