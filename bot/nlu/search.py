"""Looks for the words of many lists in one pass over a text: the lists are many, a message is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick

_SURROGATE = re.compile("[\ud800-\udfff]")

# Where a word starts, and its end below zero: so the longest at each place is sorted first.
Place = tuple[int, int]


class Search:
    """Finds all words of all its lists, those too that overlap.

    A. Aho and M. Corasick, "Efficient string matching: an aid to bibliographic search", 1975.
    """

    def __init__(self, *lists: Iterable[str]) -> None:
        """Begin with some lists; their numbers go from 0 on."""
        # By word the numbers of the lists that have it.
        self._lists: dict[str, list[int]] = {}
        self._count = 0
        self._automaton: AhoCorasick | None = None
        self._owners: list[list[int]] = []
        # What was found last, by list: one after the other is asked about the same text.
        self._last: tuple[str, dict[int, list[Place]]] = "", {}
        for words in lists:
            self.add(words)

    def add(self, words: Iterable[str]) -> int:
        """Take one more list, each word once; gives its number."""
        number = self._count
        self._count += 1
        for word in words:
            self._lists.setdefault(word, []).append(number)
        self._automaton, self._last = None, ("", {})
        return number

    def find(self, number: int, text: str) -> Sequence[Place]:
        """Where the words of a list are in the text, from left to right, the longest first at each place."""
        last, found = self._last
        if last != text:
            found = self._all(text)
            self._last = text, found
        places = found.get(number, ())
        return sorted(places) if len(places) > 1 else places

    def _all(self, text: str) -> dict[int, list[Place]]:
        if self._automaton is None:
            self._automaton, self._owners = AhoCorasick(self._lists), [*self._lists.values()]
        owners = self._owners
        found: dict[int, list[Place]] = {}
        try:
            matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        except UnicodeEncodeError:  # half a pair of surrogates is no letter of any word
            text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
            matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        for index, start, end in matches:
            for number in owners[index]:
                found.setdefault(number, []).append((start, -end))
        return found
