"""The way to an answer by digits, where digits are pressed more easily than words are typed."""

from __future__ import annotations

from dialogs.action import Turn
from dialogs.menu_tree import way_to


def from_list(turn: Turn, node: str) -> list[dict[str, str]]:
    """The choice that leads to a node of the menu; none where people type anyway."""
    if not turn.in_session:
        return []
    return [{"title": turn.words.label("from_list"), "payload": way_to(node=node)}]
