"""Looks for the words of many lists in one pass over a text: the lists are many, a message is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick

_SURROGATE = re.compile("[\ud800-\udfff]")

# Where a word starts and ends.
Span = tuple[int, int]


class Search:
    """Finds all words of all its lists, those too that overlap.

    A. Aho and M. Corasick, "Efficient string matching: an aid to bibliographic search", 1975.
    """

    def __init__(self, *lists: Iterable[str]) -> None:
        """Begin with some lists; their numbers go from 0 on."""
        # By word the numbers of the lists that have it.
        self._lists: dict[str, list[int]] = {}
        self._count = 0
        # The automaton of all words, and the lists that have each of them, in one step: several threads may look.
        self._built: tuple[AhoCorasick, list[list[int]]] | None = None
        # What was found last, by list: one after the other is asked about the same text.
        self._last: tuple[str, dict[int, list[Span]]] = "", {}
        for words in lists:
            self.add(words)

    def add(self, words: Iterable[str]) -> int:
        """Take one more list, each word once; gives its number."""
        number = self._count
        self._count += 1
        for word in words:
            self._lists.setdefault(word, []).append(number)
        self._built, self._last = None, ("", {})
        return number

    def find(self, number: int, text: str) -> Sequence[Span]:
        """Where the words of a list are in the text, from left to right, the longest first at each place."""
        last, found = self._last
        if last != text:
            found = self._all(text)
            self._last = text, found
        spans = found.get(number, ())
        return sorted(spans, key=_from_left) if len(spans) > 1 else spans

    def _all(self, text: str) -> dict[int, list[Span]]:
        built = self._built
        if built is None:
            built = self._built = AhoCorasick(self._lists), [*self._lists.values()]
        automaton, owners = built
        try:
            matches = automaton.find_matches_as_indexes(text, overlapping=True)
        except UnicodeEncodeError:  # half a pair of surrogates is no letter of any word
            text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
            matches = automaton.find_matches_as_indexes(text, overlapping=True)
        found: dict[int, list[Span]] = {}
        for index, start, end in matches:
            for number in owners[index]:
                found.setdefault(number, []).append((start, end))
        return found


def _from_left(span: Span) -> Span:
    """What spans are sorted by: the longest of those that start at one place is the first."""
    return span[0], -span[1]
