"""The office that a complaint is about, where its words name one that has a desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from complaints.routing import Desks
from dialogs.phrases import any_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Accused:
    """The names of all desks, by desk."""

    names: Mapping[str, re.Pattern[str]]
    # Most complaints name none: one look instead of one for each desk.
    anybody: re.Pattern[str]

    @classmethod
    def load(cls, desks: Desks) -> Accused:
        """Take the names in every language."""
        return cls(
            names={desk.id: any_of(desk.names.values()) for desk in desks},
            anybody=any_of(name for desk in desks for name in desk.names.values()),
        )

    def named(self, text: str) -> str:
        """The id of the desk named first, the longer name at the same place; empty if none is."""
        folded = text.casefold()
        if not self.anybody.search(folded):
            return ""
        hits = {
            desk: (hit.start(), -hit.end())
            for desk, name in self.names.items()
            if (hit := name.search(folded))
        }
        return min(hits, key=lambda desk: hits[desk], default="")
