"""Who asks, and for where: what the answer about a service may depend on, asked for only if it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from dialogs.action import Events, Turn, remember
from dialogs.ports import Ports
from services.answers import TYPES_OFFERED, notice_answer
from services.record import PublicService, Topic

# More are asked for by name.
_PLACES_OFFERED = 3

Button = dict[str, str]


class Circumstances:
    """Hears types of citizen and places, and offers those that would get another answer."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def citizen(self, turn: Turn, service_id: str) -> tuple[str, ...]:
        """The types of the person (or of whom they ask for): remembered, then said, then chosen.

        What was said about another service counts only as far as it lasts.
        """
        types = self._ports.services.types
        known: Iterable[str] = turn.slot("citizen").split()
        if turn.slot("citizen_service") != service_id:
            known = types.lasting(known)
        return types.together([*known, *types.said(turn.text), turn.entity("citizen")])

    def remembered(self, turn: Turn, service_id: str) -> Events:
        """The same, kept for what is asked next."""
        return remember(citizen=" ".join(self.citizen(turn, service_id)) or None, citizen_service=service_id)

    def service(self, turn: Turn, service_id: str) -> PublicService:
        """The service as it stands for them, there and now."""
        citizen, now = self.citizen(turn, service_id), self._ports.clock.now()
        return self._ports.services.of(service_id, turn.slot("place"), citizen, at=now)

    def narrowed(self, turn: Turn, service: PublicService, about: Topic) -> list[str]:
        """The names of the types and the place that the answer holds for only."""
        services, language = self._ports.services, turn.words.language
        citizen, place = self.citizen(turn, service.id), turn.slot("place")
        names = [services.types.name(each, language) for each in services.unusual(service.id, citizen)]
        everywhere = services.of(service.id, "", citizen, at=self._ports.clock.now())
        if everywhere.about(about) != service.about(about):
            names.append(self._ports.centres.name(place, language))
        return names

    def other_types(self, turn: Turn, service: PublicService, about: Topic, intent: str) -> list[Button]:
        """The types that would get another answer, to be chosen."""
        services, place = self._ports.services, turn.slot("place")
        citizen, now = self.citizen(turn, service.id), self._ports.clock.now()
        others = services.other_types(service.id, about, place, citizen, at=now)
        return [
            _button(services.types.name(each, turn.words.language), intent, service=service.id, citizen=each)
            for each in others[:TYPES_OFFERED]
        ]

    def ask_where(self, turn: Turn, service: PublicService, about: Topic, intent: str) -> None:
        """Ask for the place if the answer depends on it, and it is not known or has a namesake."""
        services, language = self._ports.services, turn.words.language
        citizen, now = self.citizen(turn, service.id), self._ports.clock.now()
        namesakes = [
            each
            for each in _namesakes(turn)
            if services.of(service.id, each, citizen, at=now).about(about) != service.about(about)
        ]
        if namesakes:
            both = dict.fromkeys([turn.slot("place"), *namesakes])
            turn.say("utter_ask_which_place", self._places(both, language, service, intent))
        elif not turn.slot("place"):
            others = services.other_places(service.id, about, citizen, at=now)
            if others:
                offered = others if len(others) <= _PLACES_OFFERED else ()
                turn.say("utter_differs_by_place", self._places(offered, language, service, intent))

    def announce(self, turn: Turn, service: PublicService) -> None:
        """Say what is in force: first, as it may spare a journey."""
        for notice in service.notices:
            told = notice_answer(self._ports.pack, service, notice, turn.words.language)
            turn.say(told.key, _when_back(turn, service) if notice.outage else [], **told.values)

    def _places(
        self, codes: Iterable[str], language: str, service: PublicService, intent: str
    ) -> list[Button]:
        places = filter(None, map(self._ports.places.get, codes))
        return [
            _button(
                self._ports.places.full_name(place.code, language),
                intent,
                service=service.id,
                **{place.level: place.code},
            )
            for place in places
        ]


def _button(title: str, intent: str, **entities: str) -> Button:
    return {"title": title, "payload": f"/{intent}{orjson.dumps(entities).decode()}"}


def _when_back(turn: Turn, service: PublicService) -> list[Button]:
    title = turn.words.label("tell_me_when_back")
    return [_button(title, "subscribe/service_back", service=service.id)]


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
