"""The menu: every wish by digits alone, for whoever dials and for who writes "menu"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from bot.pack import fill
from bot.text.choices import numbered
from bot.text.parts import count
from dialogs.action import DialogAction, Events, Turn
from dialogs.menu_lists import MenuLists, Values
from dialogs.menu_tree import LISTS, Choice, Menu, Node, way_to
from dialogs.ports import Ports

_SHOW = "action_menu"
# Rasa's name for waiting: the question of a form that is left for the menu is not put below it.
_LISTEN = "action_listen"
_TRANSLATE = "action_language"
# The parts that a menu may cost where it is paid by part; the rest of it is one number away.
_PARTS = 2
# No menu is longer than a number of so many digits.
_DIGITS = 3

Button = dict[str, str]


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [ShowMenu(ports), GoOn(ports)]


class ShowMenu(DialogAction):
    """Shows the node that is asked for, with what was chosen on the way to it; without one, the first menu."""

    action_name = _SHOW

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._menu = menu = Menu.load(ports.pack)
        self._lists = MenuLists.of(menu, ports.catalogue, ports.categories, ports.centres, ports.places)

    async def respond(self, turn: Turn) -> Events:
        """One menu; a form under way waits, and the first menu leads back to it."""
        names = self._names(turn)
        node = self._menu.nodes.get(turn.entity("node"), self._menu.root)
        if not node.needs <= names.keys():  # what was to be chosen from is no more
            node = self._menu.root
        values = {name: turn.entity(name) for name in names}
        buttons = list(self._buttons(turn, node, values))
        if turn.form and node is self._menu.root:
            buttons += _way_back(turn)
        title = fill(self.ports.pack.pick(node.names, turn.words.language), names)
        if turn.is_paid:
            buttons = _affordable(turn, title, buttons, {"node": node.id, **values})
        turn.say("utter_menu", buttons, title=title)
        return [FollowupAction(_LISTEN)] if turn.form else []

    def _names(self, turn: Turn) -> Values:
        """What was chosen on the way, by the names that people know."""
        language = turn.words.language
        chosen = {value: turn.entity(value) for value in LISTS.values()}
        called = {value: self._lists.name(value, item, language) for value, item in chosen.items()}
        return {value: name for value, name in called.items() if name}

    def _buttons(self, turn: Turn, node: Node, values: Values) -> Iterator[Button]:
        language = turn.words.language
        for choice in node.choices:
            if not choice.each:
                title = self.ports.pack.pick(choice.names, language)
                yield {"title": title, "payload": self._payload(choice, values)}
                continue
            value = LISTS[choice.each]
            for item in self._lists.items(choice.each, values):
                title = self._lists.name(value, item, language)
                yield {"title": title, "payload": self._payload(choice, {**values, value: item})}

    def _payload(self, choice: Choice, values: Values) -> str:
        """The wish of a choice, or the way to its node where that has something to choose."""
        node = self._menu.nodes.get(choice.node)
        if node and (not choice.payload or self._lists.any_in(node, values)):
            return way_to(node=node.id, **values)
        return fill(choice.payload, values)


class GoOn(DialogAction):
    """Goes on with the form that was left for the menu: the engine puts its question again."""

    action_name = "action_go_on"

    async def respond(self, turn: Turn) -> Events:
        """Say nothing beside the question; without a form there is nothing to go on with but the menu."""
        return [] if turn.form else [FollowupAction(_SHOW)]


def _way_back(turn: Turn) -> list[Button]:
    """The ways out of a form that waits: on with it, or given up; last, so that no other number changes by them."""
    return [
        {"title": turn.words.label("menu_go_on"), "payload": "/menu/go_on"},
        {"title": turn.words.label("menu_give_up"), "payload": "/cancel"},
    ]


def _affordable(turn: Turn, title: str, buttons: Sequence[Button], here: Mapping[str, str]) -> list[Button]:
    """As many of the buttons as the parts have room for, from where the message says on, and the way to the others."""
    # In another language as many others fit.
    said = "" if turn.after == _TRANSLATE else turn.entity("from")
    begin = int(said) if said.isdecimal() and len(said) <= _DIGITS else 0
    rest = list(buttons[begin:]) or list(buttons)
    if _cost(title, rest) <= _PARTS:
        return rest

    def page(shown: int) -> list[Button]:
        further = way_to(**here, **{"from": str(begin + shown)})
        return [*rest[:shown], {"title": turn.words.label("menu_more"), "payload": further}]

    fitting = (page(shown) for shown in range(len(rest) - 1, 1, -1))
    return next((each for each in fitting if _cost(title, each) <= _PARTS), page(1))


def _cost(title: str, buttons: Sequence[Button]) -> int:
    return count(f"{title}\n{numbered([each['title'] for each in buttons])}")
