"""The menu as the pack has it: nodes, and choices that lead to further nodes or are wishes that the rules know.

`menu.yml` of the pack:

    root: home
    life_events:
      family: {names: {en: Family}, events: [marriage]}   # of the services; without events: all other services
    nodes:
      home:
        names: {en: "Please choose:"}
        choices:
          - {names: {en: Services}, node: services}
          - {names: {en: Danger}, payload: /danger}
      complaint:
        names: {en: What is it about?}
        choices:
          - {each: categories, payload: '/complaint{"complaint_category": "{category}"}'}

`each` makes a choice of every item of a list; the item is a value by which further titles, lists and wishes
can go. An item with a node and a wish leads to the node where that has something to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson

from bot.errors import PackError
from bot.pack import Pack, Section, placeholders
from services.record import Names

FILE = "menu.yml"
# What an item of each list is.
LISTS: Mapping[str, str] = MappingProxyType(
    {
        "offered": "service",
        "services": "service",
        "life_events": "life_event",
        "journeys": "journey",
        "categories": "category",
        "provinces": "province",
        "districts": "district",
        "centre_districts": "district",
    }
)
# The nodes that other dialogs lead to, where an answer is easier chosen than typed.
SERVICES, JOURNEYS, NEAR, COMPLAINT_PLACE = "services", "journeys", "near", "complaint_place"
ENTRIES = (SERVICES, JOURNEYS, NEAR, COMPLAINT_PLACE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One choice, called by its `names`, or one for each item of the list `each`.

    It leads to a `node`, or is a wish: a `payload` such as `/fee{"service": "{service}"}`.
    """

    names: Names
    each: str
    node: str
    payload: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One menu: what stands above its choices, by language, and the choices."""

    id: str
    names: Names
    choices: tuple[Choice, ...]

    @property
    def needs(self) -> frozenset[str]:
        """The values without which it cannot be shown: chosen on every way to it."""
        said = (placeholders(words) for words in self.names.values())
        wished = (placeholders(each.payload) - {LISTS.get(each.each)} for each in self.choices)
        return frozenset[str]().union(*said, *wished)


@dataclass(frozen=True, kw_only=True, slots=True)
class LifeEvents:
    """What happens to people, as they would call it: the `life_events` of services that belong together."""

    names: Names
    events: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """All nodes by id, and life events by id in the order in which they are offered."""

    root: Node
    nodes: Mapping[str, Node]
    life_events: Mapping[str, LifeEvents]

    @classmethod
    def load(cls, pack: Pack) -> Menu:
        """Read the pack's menu; raises the first PackError."""
        problems: list[PackError] = []
        menu = read_menu(pack, problems)
        if problems or menu is None:
            raise problems[0]
        return menu


def way_to(**values: str) -> str:
    """The payload that leads to a node, with what was chosen on the way to it."""
    return f"/menu{orjson.dumps(values).decode()}"


def read_menu(pack: Pack, problems: list[PackError]) -> Menu | None:
    """The menu as far as it can be read, None without a root; what is wrong goes to `problems`."""
    document = Section.open(pack.root / FILE, problems)
    document.only(("reviewed", "root", "life_events", "nodes"))
    document.flag("reviewed")
    events = {
        name: _life_events(entry, pack.languages)
        for name, entry in document.section("life_events").sections()
    }
    entries = dict(document.section("nodes").sections())
    nodes = {name: _node(name, entry, pack.languages, entries) for name, entry in entries.items()}
    root = document.string("root", required=True)
    for name in (root, *ENTRIES) if nodes else ():
        if name not in nodes:
            document.problem(f"no node {name}", "Add it: people are led to it.", "nodes")
    return Menu(root=nodes[root], nodes=nodes, life_events=events) if root in nodes else None


def _life_events(entry: Section, languages: tuple[str, ...]) -> LifeEvents:
    entry.only(("names", "events"))
    return LifeEvents(
        names=entry.names("names", languages, required=True), events=frozenset(entry.strings("events"))
    )


def _node(name: str, entry: Section, languages: tuple[str, ...], known: Mapping[str, object]) -> Node:
    entry.only(("names", "choices"))
    choices = tuple(_choice(row, languages, known) for row in entry.rows("choices"))
    if not choices:
        entry.problem(f"{name} has no choices", "Add at least one, or remove the node.")
    return Node(id=name, names=entry.names("names", languages, required=True), choices=choices)


def _choice(row: Section, languages: tuple[str, ...], known: Mapping[str, object]) -> Choice:
    row.only(("names", "each", "node", "payload"))
    each, node = row.string("each"), row.string("node")
    payload = row.string("payload")
    if each and each not in LISTS:
        row.problem(f"no list {each}", f"Known here: {', '.join(LISTS)}.", "each")
    if node and node not in known:
        row.problem(f"no node {node}", "Write the name of one below nodes:.", "node")
    if not (node or payload):
        row.problem("a choice that leads nowhere", "Add node: or payload:.")
    if node and payload and not each:
        row.problem("a choice with both a node and a payload", "Keep one of the two.")
    names = row.names("names", languages, required=not each)
    return Choice(names=names, each=each, node=node, payload=payload)
