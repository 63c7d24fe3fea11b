"""The office that a complaint is about, where its words name one that has a desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from complaints.cases import CaseKind
from complaints.routing import Desks
from dialogs.action import Turn
from dialogs.phrases import any_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Accused:
    """The names of all desks, by desk."""

    names: Mapping[str, re.Pattern[str]]

    @classmethod
    def load(cls, desks: Desks) -> Accused:
        """Take the names in every language."""
        return cls(names={desk.id: any_of(desk.names.values()) for desk in desks})

    def of(self, turn: Turn) -> str:
        """The desk that the case at hand complains about; whoever asks or thanks an office means it to read that."""
        kind = turn.slot("case_kind") or CaseKind.COMPLAINT
        return self.named(turn.slot("complaint_text")) if kind == CaseKind.COMPLAINT else ""

    def named(self, text: str) -> str:
        """The id of the desk named first, the longer name at the same place; empty if none is."""
        folded = text.casefold()
        hits = {
            desk: (hit.start(), -hit.end())
            for desk, name in self.names.items()
            if (hit := name.search(folded))
        }
        return min(hits, key=lambda desk: hits[desk], default="")
