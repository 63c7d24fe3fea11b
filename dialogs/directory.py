"""The one-door centres in words: which one serves a place, its address, hours and number."""

from __future__ import annotations

from bot.calendar import WorkingCalendar
from bot.messages import Enclosure, MediaKind
from dialogs.action import Turn
from dialogs.ports import Ports
from services.centres import Centre, CentreStatus
from services.record import Status

# What is said of a centre that nobody can go to.
NOT_OPEN = {CentreStatus.PLANNED: "utter_nearest_planned", CentreStatus.PAUSED: "utter_nearest_paused"}


class Directory:
    """Finds centres, and says of them only what is known."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def offering(self, service_id: str, place: str) -> Centre | None:
        """The nearest open centre that is known to offer a service to the people of a place."""
        return next((each for each in self._open(place) if service_id in each.services), None)

    def keeping_hours(self, place: str) -> Centre | None:
        """The nearest open centre whose own hours are known."""
        return next((each for each in self._open(place) if each.week), None)

    def tell_not_open(self, turn: Turn, place: str) -> bool:
        """Say that the centre of a place has not opened yet, or is closed for a while, and whether that is so."""
        near = self._ports.centres.for_place(place) if place else ()
        centre = near[0] if near and near[0].place == place else None
        if centre is None or centre.status not in NOT_OPEN:
            return False
        turn.say(NOT_OPEN[centre.status], centre=self.name(turn, centre))
        return True

    def calendar(self, centre: Centre | None) -> WorkingCalendar:
        """When a centre works; without one, when offices do."""
        usual = self._ports.calendar
        return centre.calendar(usual) if centre else usual

    def name(self, turn: Turn, centre: Centre) -> str:
        """What it is called, with the year of what was only reported."""
        name = self._ports.pack.pick(centre.names, turn.words.language)
        if centre.fact.status is not Status.REPORTED:
            return name
        return turn.words.label("line_reported", line=name, year=centre.fact.year)

    def show(self, turn: Turn, centre: Centre) -> None:
        """Show where it is on a map, beside what was said last, where that is known."""
        if centre.position:
            north, east = centre.position
            pick, language = self._ports.pack.pick, turn.words.language
            place = Enclosure(
                kind=MediaKind.LOCATION,
                title=pick(centre.names, language),
                address=pick(centre.address, language) if centre.address else "",
                latitude=north,
                longitude=east,
            )
            turn.enclose(place)

    def details(self, turn: Turn, centre: Centre) -> str:
        """Address, hours and number, as far as they are known; the usual hours of offices are called that."""
        words = turn.words
        hours = words.hours(self.calendar(centre))
        known = [
            self._ports.pack.pick(centre.address, words.language) if centre.address else "",
            hours if centre.week else words.label("usual_hours", hours=hours),
            words.label("telephone", phone=centre.phone) if centre.phone else "",
        ]
        return ". ".join(filter(None, known))

    def _open(self, place: str) -> list[Centre]:
        near = self._ports.centres.for_place(place) if place else ()
        return [each for each in near if each.status is CentreStatus.LIVE]
