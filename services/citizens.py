"""The types of citizen that an answer may differ by: child or adult, first time or renewal, lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    """All types of the pack, by id, and the words that people say for them, each with its type's id."""

    pack: Pack
    by_id: Mapping[str, CitizenType]
    words: Mapping[str, str]
    # From the first two letters of a word to the words, longest first.
    _beginnings: Mapping[str, Sequence[str]]

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
        return self.together(self.words[word] for word in self._named(text.casefold()))

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

    def _named(self, text: str) -> Iterator[str]:
        """The words in the order of the text: Latin ones whole, others anywhere, as Lao has no spaces."""
        position = 0
        while position < len(text):
            for word in self._beginnings.get(text[position : position + 2], ()):
                end = position + len(word)
                if text.startswith(word, position) and (not word.isascii() or _is_whole(text, position, end)):
                    yield word
                    position = end - 1
                    break
            position += 1


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of citizen_types.yml."""
    problems: list[PackError] = []
    read_types(pack, problems)
    return problems


def read_types(pack: Pack, problems: list[PackError]) -> CitizenTypes:
    """What can be read of citizen_types.yml; what cannot goes to `problems`. Without the file: no types."""
    path = pack.root / "citizen_types.yml"
    by_id: dict[str, CitizenType] = {}
    words: dict[str, str] = {}
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
            words |= dict.fromkeys(_words(pack, entry.section("words")), name)
        if sum(each.usual for each in by_id.values() if each.group == group) > 1:
            section.problem(f"{group} has two usual types", "Write usual: true beside one of them.")
    beginnings: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        beginnings.setdefault(word[:2], []).append(word)
    return CitizenTypes(pack=pack, by_id=by_id, words=words, _beginnings=beginnings)


def _words(pack: Pack, section: Section) -> Iterable[str]:
    section.only(pack.languages)
    return (word.casefold() for language in section.data for word in section.strings(language))


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
