"""Marks in an example, as Rasa writes them: what it mentions stands in brackets, with its meaning right behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_MARKED = re.compile(
    r"\[(?P<text>[^\]]+)\](?:\{(?P<about>[^}]*)\}|\((?P<name>[^():]+)(?::(?P<value>[^()]+))?\)"
    r"|\[(?P<several>\{[^\]]*\})\])"
)
# What is left of a mark that was begun.
_BEGUN = re.compile(r"\](?:[({]|\[\{)")
_SHOWN = 60


class Mark(NamedTuple):
    """The words from code point `start` to `end` are an entity `name` and mean `value`."""

    name: str
    value: str
    start: int
    end: int


class MarkBroken(Exception):
    """A mark that cannot be read; `problem` says which, `remedy` how it is written."""

    def __init__(
        self, problem: str, remedy: str = 'Write [words](name) or [words]{"entity": "name"}.'
    ) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(problem)


def read_marks(marked: str) -> tuple[str, tuple[Mark, ...]]:
    """The words of an example and what is marked in them; raises MarkBroken.

    Brackets with nothing behind them mark nothing: they are part of the words.
    """
    if "]" not in marked:
        return marked, ()
    text, marks, position = "", list[Mark](), 0
    for match in _MARKED.finditer(marked):
        text += _plain(marked[position : match.start()])
        words = match["text"]
        if "[" in words:
            raise MarkBroken(f"a mark within a mark: {match.group()[:_SHOWN]}", "Mark the words once.")
        if not words.strip():
            raise MarkBroken(f"a mark of no words: {match.group()[:_SHOWN]}")
        start, end = len(text), len(text) + len(words)
        marks += [Mark(name, value, start, end) for name, value in _about(match)]
        text += words
        position = match.end()
    return text + _plain(marked[position:]), tuple(marks)


def _plain(words: str) -> str:
    """Words outside of all marks; raises MarkBroken for what was meant as one."""
    begun = _BEGUN.search(words)
    if begun:
        begin = max(words.rfind("[", 0, begun.start()), 0)
        raise MarkBroken(f"a mark that does not end: {words[begin:][:_SHOWN]}")
    return words


def _about(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    """(name, value) of each entity of a mark."""
    if match["name"]:
        yield match["name"].strip(), match["value"] or match["text"]
        return
    try:
        told = (
            json.loads(f"[{match['several']}]") if match["several"] else [json.loads(f"{{{match['about']}}}")]
        )
        found = [(about["entity"], str(about.get("value", match["text"]))) for about in told]
    except (ValueError, KeyError, TypeError) as error:
        remedy = 'Write [words]{"entity": "name", "value": "value"}.'
        raise MarkBroken(f"not an entity: {match.group()[:_SHOWN]}", remedy) from error
    for name, value in found:
        if not isinstance(name, str) or not name:
            raise MarkBroken(f"an entity without a name: {match.group()[:_SHOWN]}")
        yield name, value
