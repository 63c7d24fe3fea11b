"""Numbers that a citizen can call, as sure as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from dialogs.words import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotline:
    """A number; `status` is confirmed or reported, the latter in `year`.

    A `place` limits who it serves; `services` are those that it answers for.
    """

    number: str
    names: Mapping[str, str]
    topics: frozenset[str]
    services: frozenset[str]
    status: str
    year: int | None
    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotlines:
    """The numbers of hotlines.yml that may be told: an unknown one is never in here."""

    told: tuple[Hotline, ...]

    @classmethod
    def load(cls, pack: Pack) -> Hotlines:
        """Read hotlines.yml; raises PackError."""
        problems: list[PackError] = []
        rows = Section.open(pack.root / "hotlines.yml", problems).rows("hotlines")
        read = [_hotline(row, pack.languages) for row in rows]
        if problems:
            raise problems[0]
        return cls(told=tuple(each for each in read if each.status in ("confirmed", "reported")))

    def spoken(self, topic: str, words: Words, limit: int = 2, near: Collection[str] = ()) -> str:
        """The numbers for a topic: those of the places `near`, then those of the whole country; empty if none.

        Of these, confirmed ones come first.
        """
        fitting = [each for each in self.told if topic in each.topics]
        local = [each for each in fitting if each.place in near]
        everywhere = [each for each in fitting if not each.place]
        return ", ".join(_spoken(each, words) for each in [*_surest(local), *_surest(everywhere)][:limit])

    def every(self, words: Words, near: Collection[str] = ()) -> Sequence[str]:
        """All that can be called from the places `near`: their own numbers, then the country's."""
        local = [each for each in self.told if each.place in near]
        everywhere = [each for each in self.told if not each.place]
        return [_spoken(each, words) for each in [*_surest(local), *_surest(everywhere)]]

    def of_service(self, service_id: str, words: Words) -> str:
        """The number that answers for a public service; empty if none is known."""
        fitting = [each for each in self.told if service_id in each.services and not each.place]
        return next((_spoken(each, words) for each in _surest(fitting)), "")


def _surest(hotlines: list[Hotline]) -> list[Hotline]:
    return sorted(hotlines, key=lambda each: each.status != "confirmed")


def _spoken(hotline: Hotline, words: Words) -> str:
    name = words.pack.pick(hotline.names, words.language)
    if hotline.status == "confirmed":
        return words.label("hotline", number=hotline.number, name=name)
    return words.label("hotline_reported", number=hotline.number, name=name, year=hotline.year)


def _hotline(row: Section, languages: tuple[str, ...]) -> Hotline:
    return Hotline(
        number=row.string("number", required=True),
        names=row.names("names", languages, required=True),
        topics=frozenset(row.strings("topics")),
        services=frozenset(row.strings("services")),
        status=row.string("status", required=True),
        year=row.integer("year"),
        place=row.string("place"),
    )
