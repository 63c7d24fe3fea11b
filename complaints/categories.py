"""Categories: what a case is about, how fast its kind is answered, and whether it touches integrity.

They are data, `categories.yml` of the pack:

    categories:
      delay:
        names: {lo: …, en: …}
        first_response_days: 3    # working days
        update_days: 5
        resolution_days: 15
        sensitive: false          # true: skips the level of the office complained about
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from complaints.clocks import Targets

FILE = "categories.yml"
_FIELDS = ("names", "first_response_days", "update_days", "resolution_days", "sensitive")


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """One category; `names` by language."""

    id: str
    names: Mapping[str, str]
    targets: Targets
    sensitive: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Categories:
    """The categories in the order of the file, which is the order in which they are offered."""

    pack: Pack
    by_id: Mapping[str, Category]

    @classmethod
    def load(cls, pack: Pack) -> Categories:
        """Read the pack's categories; raises the first PackError."""
        problems: list[PackError] = []
        categories = _read(pack, problems)
        if problems:
            raise problems[0]
        return categories

    def get(self, category_id: str) -> Category | None:
        """The category with this id."""
        return self.by_id.get(category_id)

    def name(self, category_id: str, language: str) -> str:
        """What a citizen reads; the id itself for a category that is no longer in the pack."""
        category = self.by_id.get(category_id)
        return self.pack.pick(category.names, language) if category else category_id

    def __iter__(self) -> Iterator[Category]:
        return iter(self.by_id.values())


def check(pack: Pack) -> list[PackError]:
    """Everything that is wrong with the file."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> Categories:
    document = Section.open(pack.root / FILE, problems)
    document.only(("categories",))
    entries = document.section("categories")
    if not entries.data and not problems:
        document.problem("no categories", "Add at least one under categories:")
    by_id = {category_id: _category(category_id, entry, pack) for category_id, entry in entries.sections()}
    return Categories(pack=pack, by_id=by_id)


def _category(category_id: str, entry: Section, pack: Pack) -> Category:
    entry.only(_FIELDS)
    targets = Targets(
        first_response=_days(entry, "first_response_days"),
        next_update=_days(entry, "update_days"),
        resolution=_days(entry, "resolution_days"),
    )
    if targets.first_response > targets.resolution:
        entry.problem(
            "the first response is due after the resolution",
            "Lower it to at most resolution_days.",
            "first_response_days",
        )
    return Category(
        id=category_id,
        names=entry.names("names", pack.languages, required=True),
        targets=targets,
        sensitive=entry.flag("sensitive"),
    )


def _days(entry: Section, key: str) -> int:
    if entry.data.get(key) is None:
        entry.problem(f"{key} is missing", f"Add {key}: with a number of working days.")
        return 1
    return entry.integer(key, least=1) or 1
