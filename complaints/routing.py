"""Routing: which desk owns a case. There is no wrong door: somebody always does, never the accused office.

Desks are data, `desks.yml` of the pack; one that names neither places nor categories nor services is
reached only as a superior, as the default or for review:

    default: national-desk      # takes what no other desk covers
    review: inspection-desk     # takes complaints about the default desk
    desks:
      one-door-vientiane:
        names: {lo: …, en: …}
        places: [LA-VT]         # codes of places; none: the whole country
        categories: [delay]     # none: all
        services: [id-card]     # none: all
        superior: province-vt   # where it goes when this desk must not or cannot own it
        answers: true           # false: not staffed yet; its cases go to the superior
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from complaints.categories import Category

FILE = "desks.yml"
_FIELDS = ("names", "places", "categories", "services", "superior", "answers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """People who own cases; empty `places`, `categories` or `services` mean all of them."""

    id: str
    names: Mapping[str, str]
    places: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    superior: str = ""
    answers: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Desks:
    """All desks, the one for what no other covers, and the one above suspicion of that."""

    pack: Pack
    by_id: Mapping[str, Desk]
    default: str
    review: str

    @classmethod
    def load(cls, pack: Pack) -> Desks:
        """Read the pack's desks; raises the first PackError."""
        problems: list[PackError] = []
        desks = _read(pack, problems)
        if problems:
            raise problems[0]
        return desks

    def get(self, desk_id: str) -> Desk | None:
        """The desk with this id."""
        return self.by_id.get(desk_id)

    def name(self, desk_id: str, language: str) -> str:
        """What a citizen reads; the id itself for a desk that is no longer in the pack."""
        desk = self.by_id.get(desk_id)
        return self.pack.pick(desk.names, language) if desk else desk_id

    def route(self, category: Category, places: Sequence[str], service: str = "", office: str = "") -> Desk:
        """The desk that owns a new case.

        `places` are the codes from the narrowest place outwards (district, province). Of the desks
        that cover the case the one with the narrowest place wins, then the one named for the
        service, then for the category. What is sensitive goes to a desk named for its category
        before any other, wherever that is. A case about `office` never goes there; one of a
        sensitive category goes to the desk that the whole country has for it, else above the office.
        """
        desk = self._covering(category, places, service)
        accused = office in self.by_id
        if accused and category.sensitive and (desk.places or category.id not in desk.categories):
            return self.above(office)
        return desk if desk.id != office and desk.answers else self.above(desk.id, office)

    def above(self, desk_id: str, office: str = "") -> Desk:
        """The nearest staffed desk above `desk_id`, never `office`; in the end the review desk.

        A superior that is missing, unstaffed or accused is passed over, one further up.
        """
        passed = {desk_id}
        at = self._superior(desk_id)
        while at in self.by_id and at not in passed:
            if at != office and self.by_id[at].answers:
                return self.by_id[at]
            passed.add(at)
            at = self._superior(at)
        return self.by_id[self._last_resort(desk_id, office)]

    def _superior(self, desk_id: str) -> str:
        return self.by_id[desk_id].superior if desk_id in self.by_id else ""

    def _last_resort(self, desk_id: str, office: str) -> str:
        """The default desk, unless it is what the case is leaving; the accused one in no event."""
        if self.default in (desk_id, office) and self.review != office:
            return self.review
        return self.default

    def _covering(self, category: Category, places: Sequence[str], service: str) -> Desk:
        def rank(desk: Desk) -> tuple[bool, int, bool, bool]:
            near = min((places.index(place) for place in desk.places if place in places), default=len(places))
            other = category.id not in desk.categories
            return category.sensitive and other, near, service not in desk.services, other

        fitting = [
            desk
            for desk in self.by_id.values()
            if desk.id != self.review
            and (not desk.places or desk.places.intersection(places))
            and (not desk.categories or category.id in desk.categories)
            and (not desk.services or service in desk.services)
            and (desk.places or desk.categories or desk.services)
        ]
        return min(fitting, key=rank, default=self.by_id[self.default])

    def __iter__(self) -> Iterator[Desk]:
        return iter(self.by_id.values())


def check(pack: Pack) -> list[PackError]:
    """Everything that is wrong with the file."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> Desks:
    document = Section.open(pack.root / FILE, problems)
    document.only(("default", "review", "desks"))
    entries = document.section("desks")
    by_id = {desk_id: _desk(desk_id, entry, entries, pack) for desk_id, entry in entries.sections()}
    desks = Desks(
        pack=pack,
        by_id=by_id,
        default=_named(document, "default", by_id),
        review=_named(document, "review", by_id),
    )
    if desks.default and desks.default == desks.review:
        document.problem(
            "review is the default desk", "Name another desk: it hears complaints about that one.", "review"
        )
    for desk_id, entry in entries.sections():
        if _circular(by_id, desk_id):
            entry.problem("superiors go in a circle", "Break it: one of them answers to nobody.", "superior")
    return desks


def _named(document: Section, key: str, by_id: Mapping[str, Desk]) -> str:
    desk_id = document.string(key, required=True)
    if desk_id and desk_id not in by_id:
        document.problem(f"{key}: no desk {desk_id}", "Name one of the desks below.", key)
    elif desk_id and not by_id[desk_id].answers:
        document.problem(f"{key}: nobody answers at {desk_id}", "Name a staffed desk.", key)
    return desk_id


def _desk(desk_id: str, entry: Section, entries: Section, pack: Pack) -> Desk:
    entry.only(_FIELDS)
    superior = entry.string("superior")
    if superior and superior not in entries.data:
        entry.problem(f"no desk {superior}", "Name a desk of this file, or leave superior out.", "superior")
    return Desk(
        id=desk_id,
        names=entry.names("names", pack.languages, required=True),
        places=frozenset(entry.strings("places")),
        categories=frozenset(entry.strings("categories")),
        services=frozenset(entry.strings("services")),
        superior=superior,
        answers=entry.flag("answers", default=True),
    )


def _circular(by_id: Mapping[str, Desk], start: str) -> bool:
    seen, at = set(), start
    while at in by_id and at not in seen:
        seen.add(at)
        at = by_id[at].superior
    return at == start
