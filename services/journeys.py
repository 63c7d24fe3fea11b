"""Journeys: what somebody sets out to do that takes several public services, in an order worth trying.

`journeys.yml` of the pack. A journey states no fact of its own: each step leads to its service, which
says what is known of it.

    open-business:
      names: {en: Open a business}
      words: {en: [open a shop, start a business]}   # as people say it
      steps: [enterprise-registration, tax-id]        # services, first to last
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from services.record import Names

_FILE = "journeys.yml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey:
    """One journey: `words` by language, `steps` are ids of services."""

    id: str
    names: Names
    words: Mapping[str, tuple[str, ...]]
    steps: tuple[str, ...]


def load_journeys(pack: Pack) -> Mapping[str, Journey]:
    """The journeys of the pack by id, none without the file; raises the first PackError."""
    problems: list[PackError] = []
    journeys = _read(pack, problems)
    if problems:
        raise problems[0]
    return journeys


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of journeys.yml."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> dict[str, Journey]:
    if not (pack.root / _FILE).exists():
        return {}
    services = {path.stem for path in (pack.root / "services").glob("*.yml")}
    document = Section.open(pack.root / _FILE, problems)
    return {name: _journey(name, entry, pack, services) for name, entry in document.sections()}


def _journey(name: str, entry: Section, pack: Pack, services: set[str]) -> Journey:
    entry.only(("names", "words", "steps"))
    words, steps = entry.section("words"), entry.strings("steps")
    words.only(pack.languages)
    for step in steps:
        if step not in services:
            entry.problem(f"no service {step}", "Write the id of a file in services/.", "steps")
    if not steps:
        entry.problem("a journey without steps", "Write steps: [id-card].", "steps")
    return Journey(
        id=name,
        names=entry.names("names", pack.languages, required=True),
        words={language: words.strings(language) for language in words.data},
        steps=steps,
    )
