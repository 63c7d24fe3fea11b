"""The ministries of a country and who took over from whom, so that a fact outlives a reorganisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.errors import PackError
from bot.pack import Pack, Row, load_csv


@dataclass(frozen=True, kw_only=True, slots=True)
class Ministry:
    """One ministry; `valid_to` is its last day, `successor` the code of who owns its work since."""

    code: str
    names: Mapping[str, str]
    valid_from: date | None
    valid_to: date | None
    successor: str


@dataclass(frozen=True, kw_only=True)
class Ministries:
    """All ministries of the pack, by code, past ones too."""

    by_code: Mapping[str, Ministry]

    @classmethod
    def load(cls, pack: Pack) -> Ministries:
        """Read ministries.csv; raises PackError."""
        problems: list[PackError] = []
        ministries = read_ministries(pack, problems)
        if problems:
            raise problems[0]
        return ministries

    def on(self, code: str, day: date) -> Ministry | None:
        """Who does the work of this ministry on that day; None for a code that never was."""
        ministry = self.by_code.get(code)
        while ministry and ministry.valid_to and ministry.valid_to < day and ministry.successor:
            ministry = self.by_code[ministry.successor]
        return ministry


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of ministries.csv."""
    problems: list[PackError] = []
    read_ministries(pack, problems)
    return problems


def read_ministries(pack: Pack, problems: list[PackError]) -> Ministries:
    """What can be read of ministries.csv; what cannot goes to `problems`."""
    columns = {"code", pack.languages[0], "valid_from", "valid_to", "successor", "source"}
    try:
        rows = load_csv(pack.root / "ministries.csv", columns)
    except PackError as error:
        problems.append(error)
        return Ministries(by_code={})
    by_code = {row.cells["code"]: _ministry(pack, row, problems) for row in rows}
    for row in rows:
        successor = row.cells["successor"]
        if successor and successor not in by_code:
            problems.append(row.error(f"no ministry {successor}", "Add it to the file."))
        elif successor and _circular(by_code, row.cells["code"]):
            problems.append(row.error("successors go in a circle", "One of them has none."))
    return Ministries(by_code=by_code)


def _ministry(pack: Pack, row: Row, problems: list[PackError]) -> Ministry:
    days: dict[str, date | None] = {}
    for column in ("valid_from", "valid_to"):
        cell = row.cells[column]
        try:
            days[column] = date.fromisoformat(cell) if cell else None
        except ValueError:
            days[column] = None
            problems.append(row.error(f"{column} is not a date", "Write year-month-day: 2025-03-21."))
    return Ministry(
        code=row.cells["code"],
        names={language: row.cells[language] for language in pack.languages if row.cells.get(language)},
        valid_from=days["valid_from"],
        valid_to=days["valid_to"],
        successor=row.cells["successor"],
    )


def _circular(by_code: Mapping[str, Ministry], start: str) -> bool:
    seen: set[str] = set()
    at = start
    while at in by_code and at not in seen:
        seen.add(at)
        at = by_code[at].successor
    return at in seen
