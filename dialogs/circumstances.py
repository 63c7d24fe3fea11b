"""Who asks, and for where: what the answer about a service may depend on, asked for only if it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from dialogs.action import Events, Turn, remember
from dialogs.ports import Ports
from services.answers import TYPES_OFFERED, notice_answer
from services.record import Topic

# More are asked for by name.
_PLACES_OFFERED = 3

Button = dict[str, str]


class Circumstances:
    """What one turn says of them, about one service: the types of citizen, the place, the moment.

    The types are those remembered, then those said, then the one chosen; what was said about another
    service counts only as far as it lasts. `service` is the record as it stands for them.
    """

    def __init__(self, ports: Ports, turn: Turn, service_id: str) -> None:
        types, known = ports.services.types, turn.slot("citizen").split()
        if turn.slot("citizen_service") != service_id:
            known = list(types.lasting(known))
        self._ports = ports
        self._turn = turn
        self._now = ports.clock.now()
        self._place = turn.slot("place")
        self._citizen = types.together([*known, *types.said(turn.text), turn.entity("citizen")])
        self.service = ports.services.of(service_id, self._place, self._citizen, at=self._now)

    def remembered(self) -> Events:
        """The types, kept for what is asked next."""
        return remember(citizen=" ".join(self._citizen) or None, citizen_service=self.service.id)

    def announce(self) -> None:
        """Say what is in force: first, as it may spare a journey."""
        turn = self._turn
        back = self._button(turn.words.label("tell_me_when_back"), "subscribe/service_back")
        for notice in self.service.notices:
            told = notice_answer(self._ports.pack, self.service, notice, turn.words.language)
            turn.say(told.key, [back] if notice.outage else [], **told.values)

    def narrowed(self, about: Topic) -> list[str]:
        """The names of the types and the place that the answer holds for only."""
        services, language = self._ports.services, self._turn.words.language
        unusual = services.unusual(self.service.id, self._citizen)
        names = [services.types.name(each, language) for each in unusual]
        if self._differs("", about):
            names.append(self._ports.centres.name(self._place, language))
        return names

    def other_types(self, about: Topic, intent: str) -> list[Button]:
        """The types that would get another answer, to be chosen."""
        services, language = self._ports.services, self._turn.words.language
        others = services.other_types(self.service.id, about, self._place, self._citizen, at=self._now)
        return [
            self._button(services.types.name(each, language), intent, citizen=each)
            for each in others[:TYPES_OFFERED]
        ]

    def ask_where(self, about: Topic, intent: str) -> None:
        """Ask for the place if the answer depends on it, and it is not known or has a namesake."""
        namesakes = [each for each in _namesakes(self._turn) if self._differs(each, about)]
        if namesakes:
            both = dict.fromkeys([self._place, *namesakes])
            self._turn.say("utter_ask_which_place", self._places(both, intent))
            return
        others = self._other_places(about)
        if others:
            offered = others if len(others) <= _PLACES_OFFERED else self._around(others)
            self._turn.say("utter_differs_by_place", self._places(offered, intent))

    def _other_places(self, about: Topic) -> Sequence[str]:
        """The places that would get another answer, where none is known; in a session also those within a province."""
        place = self._ports.places.get(self._place)
        if not self._place:
            return self._ports.services.other_places(self.service.id, about, self._citizen, at=self._now)
        if place is None or place.parent or not self._turn.in_session:
            return ()
        wheres = self._ports.services.wheres(self.service.id)
        within = {self._ports.centres.place_of(each) for each in wheres}
        inside = (each.code for each in self._ports.places.districts(place.code) if each.code in within)
        return [each for each in inside if self._differs(each, about)]

    def _around(self, places: Iterable[str]) -> Iterable[str]:
        """The provinces in which these lie, to be chosen from first; none where a name is typed."""
        if not self._turn.in_session:
            return ()
        known = filter(None, map(self._ports.places.get, places))
        return dict.fromkeys(each.parent or each.code for each in known)

    def _differs(self, place: str, about: Topic) -> bool:
        """Whether another place, or none in particular, would get another answer."""
        there = self._ports.services.of(self.service.id, place, self._citizen, at=self._now)
        return there is not self.service and there.about(about) != self.service.about(about)

    def _places(self, codes: Iterable[str], intent: str) -> list[Button]:
        places, language = self._ports.places, self._turn.words.language
        return [
            self._button(places.full_name(place.code, language), intent, **{place.level: place.code})
            for place in filter(None, map(places.get, codes))
        ]

    def _button(self, title: str, intent: str, **entities: str) -> Button:
        values = orjson.dumps({"service": self.service.id, **entities}).decode()
        return {"title": title, "payload": f"/{intent}{values}"}


def _namesakes(turn: Turn) -> Sequence[str]:
    """The other places that have the name by which the message calls the one that is remembered."""
    found = [
        each
        for each in turn.tracker.latest_message.get("entities", ())
        if each["entity"] in ("province", "district") and each.get("start", 0) < each.get("end", 0)
    ]
    spans = {(each["start"], each["end"]) for each in found if each["value"] == turn.slot("place")}
    return [
        str(each["value"])
        for each in found
        if (each["start"], each["end"]) in spans and each["value"] != turn.slot("place")
    ]
