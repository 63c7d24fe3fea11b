"""What a complaint is about, guessed from its words; a person on the desk can correct it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from complaints.categories import Categories, Category
from dialogs.phrases import any_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Subjects:
    """The words of category_words.yml, in its order; `general` is the category for everything else."""

    categories: Categories
    words: Mapping[str, re.Pattern[str]]
    general: str
    about_fees: frozenset[str]

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
        patterns = {
            name: any_of(word for language in lists.data for word in lists.strings(language))
            for name, lists in words.sections()
        }
        if problems:
            raise problems[0]
        return cls(categories=categories, words=patterns, general=general, about_fees=frozenset(about_fees))

    def guess(self, text: str) -> Category:
        """The category with most words in the text, the earlier one on a tie."""
        folded = text.casefold()
        hits = {name: len(words.findall(folded)) for name, words in self.words.items()}
        best = max(hits, key=lambda name: hits[name], default="")
        return self.categories.by_id[best if hits.get(best) else self.general]
