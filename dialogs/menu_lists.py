"""What the lists of the menu hold, and what their items are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.pack import Pack
from bot.places import Places
from complaints.categories import Categories
from dialogs.menu_tree import Menu, Node
from services.catalogue import Catalogue, PublicService
from services.centres import Centres
from services.journeys import Journey, load_journeys
from services.offered import offered

# By the name of a value its item: {"service": "passport"}.
Values = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuLists:
    """The items of each list by id, as they follow from the values gathered on the way to it."""

    pack: Pack
    menu: Menu
    catalogue: Catalogue
    often: Sequence[PublicService]
    journeys: Mapping[str, Journey]
    categories: Categories
    places: Places
    centres: Centres

    @classmethod
    def of(
        cls, menu: Menu, catalogue: Catalogue, categories: Categories, centres: Centres, places: Places
    ) -> MenuLists:
        """The lists of a country; raises PackError."""
        return cls(
            pack=catalogue.pack,
            menu=menu,
            catalogue=catalogue,
            often=offered(catalogue),
            journeys=load_journeys(catalogue.pack),
            categories=categories,
            places=places,
            centres=centres,
        )

    def items(self, each: str, values: Values) -> Sequence[str]:
        """The ids of a list's items."""
        province = values.get("province", "")
        lists: Mapping[str, Callable[[], Iterable[str]]] = {
            "offered": lambda: (service.id for service in self.often),
            "services": lambda: self._services(values.get("life_event", "")),
            "life_events": lambda: (name for name in self.menu.life_events if self._services(name)),
            "journeys": lambda: self.journeys,
            "categories": lambda: self.categories.by_id,
            "provinces": lambda: (place.code for place in self.places.provinces()),
            "districts": lambda: self._districts(province),
            "centre_districts": lambda: filter(self._has_centre, self._districts(province)),
        }
        return tuple(lists[each]())

    def any_in(self, node: Node, values: Values) -> bool:
        """Whether a list of the node has an item."""
        return any(each.each and self.items(each.each, values) for each in node.choices)

    def name(self, value: str, item: str, language: str) -> str:
        """What an item is called; empty for one that does not exist."""
        pick = self.pack.pick
        match value:
            case "service" if item in self.catalogue.services:
                return self.catalogue.name(item, language)
            case "life_event" if item in self.menu.life_events:
                return pick(self.menu.life_events[item].names, language)
            case "journey" if item in self.journeys:
                return pick(self.journeys[item].names, language)
            case "category" if item in self.categories.by_id:
                return self.categories.name(item, language)
            case "province" | "district" if self._is_place(value, item):
                return self.places.name(item, language)
        return ""

    def _services(self, life_event: str) -> Sequence[str]:
        """The services of life events; all without any."""
        services = self.catalogue.services.values()
        group = self.menu.life_events.get(life_event)
        if group is None:
            return [service.id for service in services]
        if group.events:
            return [service.id for service in services if not group.events.isdisjoint(service.life_events)]
        others = frozenset[str]().union(*(each.events for each in self.menu.life_events.values()))
        return [service.id for service in services if others.isdisjoint(service.life_events)]

    def _districts(self, province: str) -> Sequence[str]:
        return [place.code for place in self.places.districts(province)] if province else []

    def _has_centre(self, district: str) -> bool:
        """Whether a one-door centre is, or is to be, in the district itself."""
        return any(each.place == district for each in self.centres.for_place(district))

    def _is_place(self, level: str, code: str) -> bool:
        place = self.places.get(code)
        return place is not None and place.level == level
