"""What the pack knows to be different in a place or from a day on: the files in overlays/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.errors import PackError
from bot.pack import Pack, Section
from bot.places import Places
from services.catalogue import Catalogue
from services.centres import Centres, read_centres
from services.layers import Overlay, span
from services.reader import ServiceReader, inheriting, read_fact
from services.record import Status

_FIELDS = (
    "service", "place", "centre", "valid_to", "fees", "days", "office", "office_short", "notes", "fact",
)  # fmt: skip


def load_local(catalogue: Catalogue, centres: Centres) -> tuple[Overlay, ...]:
    """Read overlays/*.yml; raises PackError."""
    problems: list[PackError] = []
    overlays = tuple(_read(catalogue, centres, problems))
    if problems:
        raise problems[0]
    return overlays


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of overlays/*.yml."""
    try:
        catalogue, places = Catalogue.load(pack), Places.load(pack)
    except PackError:  # told by their own checks
        return ()
    problems: list[PackError] = []
    centres = Centres(places=places, seed=read_centres(pack, places, []))
    for _ in _read(catalogue, centres, problems):
        pass
    return problems


def _read(catalogue: Catalogue, centres: Centres, problems: list[PackError]) -> Iterable[Overlay]:
    taken: set[str] = set()
    for path in sorted((catalogue.pack.root / "overlays").glob("*.yml")):
        for name, section in Section.open(path, problems).sections():
            if name in taken:
                section.problem(f"{name} is in another file too", "Give every overlay its own name.")
            taken.add(name)
            yield _overlay(name, section, catalogue, centres)


def _overlay(name: str, section: Section, catalogue: Catalogue, centres: Centres) -> Overlay:
    section.only(_FIELDS)
    pack, reader = catalogue.pack, ServiceReader(pack=catalogue.pack, types=catalogue.types)
    service = catalogue.get(section.string("service", required=True))
    if service is None and section.data.get("service"):
        section.problem(f"no service {section.string('service')}", "Name a file of services/.", "service")
    fact, last = read_fact(section), section.day("valid_to")
    begins, ends = span(pack.zone, fact.valid_from, last)
    if ends <= begins:
        section.problem("it ends before it begins", "Write a later valid_to.", "valid_to")
    known = (
        ("fees", {cost.id for cost in service.costs} if service else set()),
        ("days", {duration.id for duration in service.durations} if service else set()),
    )
    values = {key: _values(section, key, ids if service else None) for key, ids in known}
    if any(values.values()) and fact.status is Status.UNKNOWN:
        section.problem("a value that nobody stands for", "Write who said it: status: reported …", "fact")
    return Overlay(
        id=name,
        service=service.id if service else "",
        where=_where(section, centres),
        begins=begins,
        ends=ends,
        fees=values["fees"],
        days=values["days"],
        office=section.names("office", pack.languages),
        office_short=section.names("office_short", pack.languages),
        notes=tuple(reader.note(inheriting(section, row)) for row in section.rows("notes")),
        fact=fact,
    )


def _where(section: Section, centres: Centres) -> str:
    place, centre = section.string("place"), section.string("centre")
    if place and centre:
        section.problem("place and centre", "Name the centre alone: it knows its place.", "place")
    code = centre or place
    if code and not centres.chain(code):
        section.problem(f"no place or centre {code}", "Write a code of places/*.csv or centres.csv.")
    if centre and centres.get(centre) is None:
        section.problem(f"no centre {centre}", "Write an id of centres.csv.", "centre")
    return code


def _values(section: Section, key: str, known: Iterable[str] | None) -> Mapping[str, int]:
    entries = section.section(key)
    if known is not None:
        entries.only(sorted(known), f"Known {key} of the service: {', '.join(sorted(known))}.")
    found = {name: entries.integer(name) for name in entries.data}
    return {name: value for name, value in found.items() if value is not None}
