"""Which one-door centre is near: the one of the place that is said or remembered, told as far as it has opened."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from bot.places import Place
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.complaint_form import places_named
from dialogs.directory import NOT_OPEN, Directory
from dialogs.from_list import from_list
from dialogs.menu_tree import NEAR
from dialogs.ports import Ports
from dialogs.rating import offer_rating
from services.centres import Centre, CentreStatus


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Nearest(ports)]


class Nearest(DialogAction):
    """Names the centre, or says honestly that there is none and where to ask instead."""

    action_name = "action_nearest"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._directory = Directory(ports)

    async def respond(self, turn: Turn) -> Events:
        """Answer for the place, or ask for it; of several that share a name, which one."""
        chosen = turn.entity("district") or turn.entity("province")
        namesakes = places_named(self.ports.places, turn.text)
        place = self.ports.places.get(chosen or turn.slot("place"))
        if len(namesakes) > 1:
            turn.say("utter_ask_which_place", [self._choice(turn, each) for each in namesakes])
        elif place is None:
            turn.say("utter_ask_place", from_list(turn, NEAR))
        else:
            self._tell(turn, place)
            offer_rating(turn)
        return remember(goal="nearest")

    def _tell(self, turn: Turn, place: Place) -> None:
        name = self.ports.places.full_name(place.code, turn.words.language)
        here = next(iter(self.ports.centres.for_place(place.code)), None)
        around = next(iter(self.ports.centres.for_place(place.parent)), None) if place.parent else None
        if here and here.status is CentreStatus.LIVE:
            turn.say("utter_nearest", **self._known(turn, here))
            self._directory.show(turn, here)
        elif around and around.status is CentreStatus.LIVE:
            turn.say("utter_nearest_elsewhere", place=name, **self._known(turn, around))
            self._directory.show(turn, around)
        elif here:
            turn.say(NOT_OPEN[here.status], centre=self._directory.name(turn, here))
        else:
            turn.say("utter_nearest_none", place=name)

    def _known(self, turn: Turn, centre: Centre) -> dict[str, str]:
        return {
            "centre": self._directory.name(turn, centre),
            "details": self._directory.details(turn, centre),
        }

    def _choice(self, turn: Turn, place: Place) -> dict[str, str]:
        title = self.ports.places.full_name(place.code, turn.words.language)
        return {"title": title, "payload": f'/where_hours/nearest{{"{place.level}": "{place.code}"}}'}
