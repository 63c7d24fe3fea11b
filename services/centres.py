"""The one-door centres: where they are, how far they have opened, when they work."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bot.calendar import WorkingCalendar
from bot.errors import PackError
from bot.pack import Pack, Row, load_csv
from bot.places import DISTRICT, Places
from services.reader import fact_problems
from services.record import Fact, Names, Status
from services.week import Week, read_week

_COLUMNS = (
    "id", "place", "kind", "status", "services", "hours", "phone", "fact", "year", "source", "owner",
    "last_checked",
)  # fmt: skip
_POLE, _DATE_LINE = 90.0, 180.0
_HOURS_REMEDY = "Write mon-fri 08:00-12:00 13:00-16:00; sat 08:00-11:30."


class CentreKind(StrEnum):
    """Territorial: the services of a place in one hall. Sector: those of one ministry."""

    TERRITORIAL = "territorial"
    SECTOR = "sector"


class CentreStatus(StrEnum):
    """How far a centre has opened."""

    PLANNED = "planned"
    LIVE = "live"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Centre:
    """One centre in the province or district `place`; `address` tells the way in words, `phone` as dialled.

    `services` are the ids of those it offers, `week` its own hours; empty when they are not known.
    `position` is in degrees north and east.
    """

    id: str
    names: Names
    place: str
    kind: CentreKind
    status: CentreStatus
    services: tuple[str, ...]
    week: Week
    phone: str
    address: Names
    fact: Fact
    position: tuple[float, float] | None = None

    def calendar(self, usual: WorkingCalendar) -> WorkingCalendar:
        """When it works: its own hours, or those of all offices, with the holidays of everybody."""
        if not self.week:
            return usual
        status = "unknown" if self.fact.status is Status.UNKNOWN else self.fact.status.value
        return replace(usual, week=self.week, status=status, year=self.fact.year)


class Centres:
    """All centres: those of the pack, with what staff changed since."""

    def __init__(self, *, places: Places, seed: Mapping[str, Centre]) -> None:
        self._places = places
        self.seed = seed
        self._by_id = dict(seed)

    @classmethod
    def load(cls, pack: Pack, places: Places) -> Centres:
        """Read centres.csv; raises PackError."""
        problems: list[PackError] = []
        seed = read_centres(pack, places, problems)
        if problems:
            raise problems[0]
        return cls(places=places, seed=seed)

    def put(self, changed: Iterable[Centre]) -> None:
        """Take these in place of those of the same id, and beside all others of the pack."""
        self._by_id = {**self.seed, **{centre.id: centre for centre in changed}}

    def get(self, centre_id: str) -> Centre | None:
        """The centre with this id."""
        return self._by_id.get(centre_id)

    def all(self) -> tuple[Centre, ...]:
        """Every centre, closed ones too, in the order of the file."""
        return tuple(self._by_id.values())

    def for_place(self, code: str) -> tuple[Centre, ...]:
        """The centres that serve a place, the nearest first: its own, those within it, those around it.

        Closed ones are left out; what is only planned or paused comes after what is open.
        """
        chain = self.chain(code)

        def rank(centre: Centre) -> tuple[bool, int, bool]:
            around = chain.index(centre.place) if centre.place in chain else len(chain)
            return (centre.status is not CentreStatus.LIVE, -around, centre.kind is CentreKind.SECTOR)

        near = [
            centre
            for centre in self.all()
            if centre.status is not CentreStatus.CLOSED
            and (centre.place in chain or code in self.chain(centre.place))
        ]
        return tuple(sorted(near, key=rank))

    def chain(self, code: str) -> tuple[str, ...]:
        """The codes around and with that of a place or centre, the widest first; empty for none known.

        A district with one open hall of its own ends with that centre: its people go there.
        """
        centre = self._by_id.get(code) or self._only_hall(code)
        place = self._places.get(centre.place if centre else code)
        codes = (place.parent, place.code) if place else ()
        return tuple(filter(None, (*codes, centre.id if centre else "")))

    def nearest(self, latitude: float, longitude: float) -> Centre | None:
        """The open centre that is nearest as the crow flies; None unless it is known of every one where it is."""
        live = [centre for centre in self.all() if centre.status is CentreStatus.LIVE]
        at = {centre.id: centre.position for centre in live if centre.position}
        if not live or len(at) < len(live):
            return None
        return min(live, key=lambda centre: _arc(*at[centre.id], latitude, longitude))

    def name(self, code: str, language: str) -> str:
        """What a centre or a place is called; raises KeyError for an unknown code."""
        centre = self._by_id.get(code)
        if centre is None:
            return self._places.name(code, language)
        return self._places.pack.pick(centre.names, language)

    def place_of(self, code: str) -> str:
        """The code of the place that a centre is in; that of a place is its own."""
        centre = self._by_id.get(code)
        return centre.place if centre else code

    def _only_hall(self, code: str) -> Centre | None:
        place = self._places.get(code)
        if place is None or place.level != DISTRICT:
            return None
        halls = [
            centre
            for centre in self.all()
            if centre.place == code
            and centre.status is CentreStatus.LIVE
            and centre.kind is CentreKind.TERRITORIAL
        ]
        return halls[0] if len(halls) == 1 else None


def _arc(north: float, east: float, latitude: float, longitude: float) -> float:
    """The haversine of the arc between two places on earth: it grows as their distance does."""
    up, across = math.radians(latitude - north), math.radians(longitude - east)
    middle = math.cos(math.radians(north)) * math.cos(math.radians(latitude))
    return math.sin(up / 2) ** 2 + middle * math.sin(across / 2) ** 2


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of centres.csv."""
    problems: list[PackError] = []
    try:
        places = Places.load(pack)
    except PackError:  # told by its own check
        return ()
    read_centres(pack, places, problems)
    return problems


def read_centres(pack: Pack, places: Places, problems: list[PackError]) -> dict[str, Centre]:
    """What can be read of centres.csv; what cannot goes to `problems`. Without the file: no centres."""
    path = pack.root / "centres.csv"
    if not path.exists():
        return {}
    language = pack.languages[0]
    try:
        rows = load_csv(path, {*_COLUMNS, f"name_{language}", f"address_{language}"})
    except PackError as error:
        problems.append(error)
        return {}
    centres: dict[str, Centre] = {}
    for row in rows:
        centre = _centre(pack, row, problems)
        if centre.id in centres or places.get(centre.id):
            problems.append(row.error(f"{centre.id} is taken", "Give every centre and place its own id."))
        if places.get(centre.place) is None:
            problems.append(row.error(f"no place {centre.place}", "Write a code of places/*.csv."))
        centres[centre.id] = centre
    return centres


def _centre(pack: Pack, row: Row, problems: list[PackError]) -> Centre:
    def kind(column: str, kinds: type[StrEnum]) -> str:
        value = row.cells[column]
        if value not in set(kinds):
            problems.append(row.error(f"no {column} {value}", f"Write one of {', '.join(kinds)}."))
            return next(iter(kinds)).value
        return value

    try:
        week = read_week(row.cells["hours"])
    except ValueError as error:
        problems.append(row.error(str(error), _HOURS_REMEDY))
        week = ()
    return Centre(
        id=row.cells["id"],
        names=_by_language(pack, row, "name"),
        place=row.cells["place"],
        kind=CentreKind(kind("kind", CentreKind)),
        status=CentreStatus(kind("status", CentreStatus)),
        services=row.list("services"),
        week=week,
        phone=row.cells["phone"],
        address=_by_language(pack, row, "address"),
        fact=_fact(row, Status(kind("fact", Status)), problems),
        position=_position(row, problems),
    )


def _position(row: Row, problems: list[PackError]) -> tuple[float, float] | None:
    """The optional columns `latitude` and `longitude`, both or neither."""
    north, east = row.cells.get("latitude", ""), row.cells.get("longitude", "")
    if not (north or east):
        return None
    try:
        position = float(north), float(east)
    except ValueError:
        position = math.nan, math.nan
    if not (abs(position[0]) <= _POLE and abs(position[1]) <= _DATE_LINE):
        problems.append(
            row.error("no place on earth", "Write latitude 17.9667 and longitude 102.6, or neither.")
        )
    return position


def _fact(row: Row, status: Status, problems: list[PackError]) -> Fact:
    def told(column: str) -> date | int | None:
        cell = row.cells[column]
        try:
            return (int(cell) if column == "year" else date.fromisoformat(cell)) if cell else None
        except ValueError:
            problems.append(row.error(f"{column} cannot be read", "Write 2025, or 2025-03-21."))
            return None

    year, checked = told("year"), told("last_checked")
    fact = Fact(
        status=status,
        year=year if isinstance(year, int) else None,
        source=row.cells["source"],
        last_checked=checked if isinstance(checked, date) else None,
        owner=row.cells["owner"],
    )
    problems += [row.error(problem, remedy) for problem, remedy in fact_problems(fact)]
    return fact


def _by_language(pack: Pack, row: Row, column: str) -> Names:
    cells = {language: row.cells.get(f"{column}_{language}", "") for language in pack.languages}
    return {language: words for language, words in cells.items() if words}
