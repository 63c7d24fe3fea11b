"""The types of citizen that an answer may differ by: child or adult, first time or renewal, lost."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from services.record import Citizens, Names


@dataclass(frozen=True, kw_only=True, slots=True)
class CitizenType:
    """One type; of the types of a `group` a citizen has one, the `usual` one unless something else is known.

    `lasting` types stay when the talk turns to another service: a foreigner remains one.
    """

    id: str
    group: str
    names: Names
    usual: bool
    lasting: bool


@dataclass(frozen=True, kw_only=True)
class CitizenTypes:
    """All types of the pack, by id, and the words that people say for them."""

    pack: Pack
    by_id: Mapping[str, CitizenType]
    words: Mapping[str, re.Pattern[str]]

    @classmethod
    def load(cls, pack: Pack) -> CitizenTypes:
        """Read citizen_types.yml; raises PackError."""
        problems: list[PackError] = []
        types = read_types(pack, problems)
        if problems:
            raise problems[0]
        return types

    def name(self, type_id: str, language: str) -> str:
        """What the type is called; raises KeyError for an unknown id."""
        return self.pack.pick(self.by_id[type_id].names, language)

    def said(self, text: str) -> tuple[str, ...]:
        """The types that a message names, at most one a group: the one named last."""
        folded = text.casefold()
        places = {
            name: max((hit.end() for hit in words.finditer(folded)), default=-1)
            for name, words in self.words.items()
        }
        return self.together(sorted((name for name, at in places.items() if at >= 0), key=places.__getitem__))

    def together(self, types: Iterable[str]) -> tuple[str, ...]:
        """One type a group, the later ones for the earlier; unknown ones are left out."""
        chosen = {self.by_id[name].group: name for name in types if name in self.by_id}
        return tuple(chosen.values())

    def lasting(self, types: Iterable[str]) -> tuple[str, ...]:
        """Those that stay when the talk turns to another service."""
        return tuple(name for name in types if name in self.by_id and self.by_id[name].lasting)

    def complete(self, types: Collection[str]) -> Citizens:
        """The types with the usual one of every group that they leave open."""
        usual = [each.id for each in self.by_id.values() if each.usual]
        return frozenset(self.together([*usual, *types]))

    def concerns(self, citizens: Citizens, complete: Citizens) -> bool:
        """Whether what is for `citizens` is for somebody of these complete types.

        Types of one group are alternatives, groups add up: [child, lost, renewal] is for a child who
        lost the paper or renews it.
        """
        if not citizens:
            return True
        groups = {self.by_id[name].group for name in citizens}
        return len(groups) == len(citizens & complete)


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of citizen_types.yml."""
    problems: list[PackError] = []
    read_types(pack, problems)
    return problems


def read_types(pack: Pack, problems: list[PackError]) -> CitizenTypes:
    """What can be read of citizen_types.yml; what cannot goes to `problems`. Without the file: no types."""
    path = pack.root / "citizen_types.yml"
    by_id: dict[str, CitizenType] = {}
    words: dict[str, re.Pattern[str]] = {}
    groups = Section.open(path, problems).sections() if path.exists() else ()
    for group, section in groups:
        section.only(("lasting", "types"))
        lasting = section.flag("lasting")
        for name, entry in section.section("types").sections():
            entry.only(("names", "usual", "words"))
            if name in by_id:
                entry.problem(f"{name} is in two groups", "Give every type its own name.")
            names = entry.names("names", pack.languages, required=True)
            usual = entry.flag("usual")
            by_id[name] = CitizenType(id=name, group=group, names=names, usual=usual, lasting=lasting)
            words[name] = _pattern(pack, entry.section("words"))
        if sum(each.usual for each in by_id.values() if each.group == group) > 1:
            section.problem(f"{group} has two usual types", "Write usual: true beside one of them.")
    return CitizenTypes(pack=pack, by_id=by_id, words=words)


def _pattern(pack: Pack, section: Section) -> re.Pattern[str]:
    """Any of the words of all languages: people mix them. A Latin word only as a whole one."""
    section.only(pack.languages)
    words = {word.casefold() for language in section.data for word in section.strings(language)}
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    either = "|".join(rf"\b{re.escape(w)}\b" if w.isascii() else re.escape(w) for w in longest_first)
    return re.compile(either or r"(?!)")
