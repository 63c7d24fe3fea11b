"""The public services offered by name where a question leaves open which one is meant."""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import PackError
from bot.pack import Pack, Section
from services.catalogue import Catalogue, PublicService

_FILE = "offered.yml"


def offered(catalogue: Catalogue) -> tuple[PublicService, ...]:
    """The services that the pack's offered.yml lists, in its order; all without that file.

    Raises PackError for an id that no service has.
    """
    problems: list[PackError] = []
    ids = _read(catalogue.pack, problems)
    if problems:
        raise problems[0]
    return tuple(catalogue.services[each] for each in ids)


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of offered.yml."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> tuple[str, ...]:
    known = sorted(path.stem for path in (pack.root / "services").glob("*.yml"))
    if not (pack.root / _FILE).exists():
        return tuple(known)
    section = Section.open(pack.root / _FILE, problems)
    section.only(("services",))
    listed = section.strings("services")
    for index, each in enumerate(listed):
        if each not in known:
            section.problem(f"no service {each}", "Write the id of a file of services/.", "services", index)
    return tuple(each for each in listed if each in known)
