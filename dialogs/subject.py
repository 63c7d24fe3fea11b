"""What a complaint is about, guessed from its words; a person on the desk can correct it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from complaints.categories import Categories, Category


@dataclass(frozen=True, kw_only=True, slots=True)
class Subjects:
    """The words of category_words.yml; `general` is the category for everything else.

    `words` are in small letters, by category in the order of the file.
    """

    categories: Categories
    words: Mapping[str, Sequence[str]]
    general: str
    about_fees: frozenset[str]
    # From the first `_head` letters of a word to the words, longest first, each with its category.
    _table: Mapping[str, Sequence[tuple[str, str]]]
    _head: int

    @classmethod
    def load(cls, pack: Pack, categories: Categories) -> Subjects:
        """Read category_words.yml; raises PackError."""
        problems: list[PackError] = []
        document = Section.open(pack.root / "category_words.yml", problems)
        document.only(("general", "about_fees", "words"))
        words = document.section("words")
        general, about_fees = document.string("general", required=True), document.strings("about_fees")
        for name in {general, *about_fees, *words.data} - set(categories.by_id):
            document.problem(f"no category {name}", "Name one of categories.yml.")
        by_category = {
            name: tuple(word.casefold() for language in lists.data for word in lists.strings(language))
            for name, lists in words.sections()
        }
        if problems:
            raise problems[0]
        head = min((len(word) for several in by_category.values() for word in several), default=1)
        return cls(
            categories=categories,
            words=by_category,
            general=general,
            about_fees=frozenset(about_fees),
            _table=_by_beginning(by_category, head),
            _head=head,
        )

    def guess(self, text: str) -> Category:
        """The category with most words in the text, the earlier one on a tie."""
        hits = self._hits(text.casefold())
        best = max(self.words, key=lambda name: hits[name], default="")
        return self.categories.by_id[best if hits[best] else self.general]

    def _hits(self, folded: str) -> Counter[str]:
        """How many words of each category are in the text; those of one category do not overlap."""
        hits: Counter[str] = Counter()
        free: dict[str, int] = {}
        table, head = self._table, self._head
        for at in [at for at in range(len(folded)) if folded[at : at + head] in table]:
            for word, name in table[folded[at : at + head]]:
                end = at + len(word)
                if folded.startswith(word, at) and at >= free.get(name, 0) and _stands(folded, at, end):
                    hits[name] += 1
                    free[name] = end
        return hits


def _by_beginning(words: Mapping[str, Sequence[str]], head: int) -> dict[str, list[tuple[str, str]]]:
    table: dict[str, list[tuple[str, str]]] = {}
    pairs = {(word, name) for name, several in words.items() for word in several}
    for word, name in sorted(pairs, key=lambda pair: (pair[0].isascii(), -len(pair[0]), pair)):
        table.setdefault(word[:head], []).append((word, name))
    return table


def _stands(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is found as `any_of` finds a word: a Latin one as a whole only."""
    if not text[start:end].isascii():
        return True
    return _parted(text, start) and _parted(text, end)


def _parted(text: str, at: int) -> bool:
    before, after = text[max(at - 1, 0) : at], text[at : at + 1]
    return (before.isalnum() or before == "_") != (after.isalnum() or after == "_")
