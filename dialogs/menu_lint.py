"""The menu of a pack, judged: what stops it from working, and what whoever dials would miss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import orjson

from bot.errors import PackError
from bot.pack import Pack, Yaml, fill, load_yaml, placeholders
from bot.places import Places
from bot.rules import Rules
from bot.text.gsm import is_gsm, septets
from complaints.categories import Categories
from dialogs.menu_lists import MenuLists, Values
from dialogs.menu_tree import ENTRIES, FILE, LISTS, Choice, Menu, Node, read_menu
from services.catalogue import Catalogue
from services.centres import Centres
from services.record import Names

# What a screen holds (UTF-16 units where letters are outside GSM 03.38), and what of that stands beside one
# choice: its number, and the lines for more and back.
_UNITS, _SEPTETS, _BESIDE = 80, 182, 20
_PAYLOAD = re.compile(r"/(?P<wish>\w+(?:/\w+)?)(?P<values>\{.*\})?", re.DOTALL)
# Answered by the engine without a rule.
_STEERING = frozenset(("cancel", "go_back", "repeat"))

_Keys = tuple[str | int, ...]


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of menu.yml."""
    problems: list[PackError] = []
    menu = read_menu(pack, problems)
    for node in menu.nodes.values() if menu else ():
        document = load_yaml(pack.root / FILE)
        for index, choice in enumerate(node.choices):
            if choice.payload and not _is_taken(choice.payload):
                problem, remedy = f"no rule takes {choice.payload}", "Write an intent of dialogs/rules: /fee."
                keys = ("nodes", node.id, "choices", index, "payload")
                problems.append(document.error(problem, remedy, *keys))
    return problems


def lint(pack: Pack) -> Iterable[PackError]:
    """What should be mended; raises the first PackError of what cannot be read."""
    menu, catalogue, places = Menu.load(pack), Catalogue.load(pack), Places.load(pack)
    centres, categories = Centres.load(pack, places), Categories.load(pack)
    lists = MenuLists.of(menu, catalogue, categories, centres, places)
    judge = _Judge(pack=pack, menu=menu, lists=lists, document=load_yaml(pack.root / FILE))
    return {str(each): each for each in judge.findings()}.values()


@cache
def _rules() -> Rules:
    return Rules.load(Path(__file__).parent / "rules")


def _is_taken(payload: str) -> bool:
    """Whether a rule begins with the wish that a payload is."""
    found = _PAYLOAD.fullmatch(fill(payload, dict.fromkeys(placeholders(payload), "x")))
    if found is None:
        return False
    try:
        values = orjson.loads(found["values"] or "{}")
    except orjson.JSONDecodeError:
        return False
    return found["wish"] in _STEERING or bool(_rules().actions(found["wish"], values))


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Walks every way from the first menu on, and notes what is seen."""

    pack: Pack
    menu: Menu
    lists: MenuLists
    document: Yaml
    reached: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)

    def findings(self) -> Iterator[PackError]:
        """Everything, in the order of the walk."""
        seen = set[tuple[str, tuple[tuple[str, str], ...]]]()
        ways: list[tuple[str, Values]] = [(self.menu.root.id, {}), *((entry, {}) for entry in ENTRIES)]
        while ways:
            name, values = ways.pop(0)
            if (state := (name, tuple(values.items()))) in seen:
                continue
            seen.add(state)
            self.reached.add(name)
            node = self.menu.nodes[name]
            if missing := node.needs - values.keys():
                yield self._at(
                    f"{name} is reached without a {min(missing)}", "Choose it before.", "nodes", name
                )
                continue
            yield from self._title(node, values)
            for index, choice in enumerate(node.choices):
                yield from self._choice(choice, values, ("nodes", name, "choices", index), ways)
        yield from self._unreached()

    def _title(self, node: Node, values: Values) -> Iterator[PackError]:
        keys = ("nodes", node.id)
        yield from self._unsaid(node.names, keys)
        for language, words in node.names.items():
            called = {name: self.lists.name(name, item, language) for name, item in values.items()}
            yield from self._long(fill(words, called), keys)

    def _choice(
        self, choice: Choice, values: Values, keys: _Keys, ways: list[tuple[str, Values]]
    ) -> Iterator[PackError]:
        if not choice.each:
            yield from self._unsaid(choice.names, keys)
            for words in choice.names.values():
                yield from self._long(words, keys)
            ways += [(choice.node, values)] if choice.node else []
            return
        value = LISTS[choice.each]
        for item in self.lists.items(choice.each, values):
            for language in self.pack.languages:
                yield from self._long(self.lists.name(value, item, language), keys)
            chosen = {**values, value: item}
            node = self.menu.nodes.get(choice.node)
            if node and (not choice.payload or self.lists.any_in(node, chosen)):
                ways.append((node.id, chosen))
            if value == "service":
                self.services.add(item)

    def _unsaid(self, names: Names, keys: _Keys) -> Iterator[PackError]:
        for language in self.pack.languages:
            if language not in names:
                yield self._at(f"no words in {language}", "Translate it.", *keys, "names")

    def _long(self, words: str, keys: _Keys) -> Iterator[PackError]:
        room = (_SEPTETS if is_gsm(words) else _UNITS) - _BESIDE
        length = septets(words) if is_gsm(words) else len(words.encode("utf-16-le")) // 2
        if length > room:
            problem = f"{words!r} has {length} units, a screen has room for {room}"
            yield self._at(problem, "Write it shorter.", *keys)

    def _unreached(self) -> Iterator[PackError]:
        for name in self.menu.nodes:
            if name not in self.reached:
                yield self._at(f"nothing leads to {name}", "Add a choice with this node.", "nodes", name)
        for service in self.lists.catalogue.services:
            if service not in self.services:
                remedy = "Add one of its life events, or one without events for all other services."
                yield self._at(f"no choice leads to the service {service}", remedy, "life_events")

    def _at(self, problem: str, remedy: str, *keys: str | int) -> PackError:
        return self.document.error(problem, remedy, *keys)
