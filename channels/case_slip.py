"""A slip: the number and the PIN that a message tells, so that a page can show them large."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
_VALUES = {"reference": r"(?P<reference>\d[\d ]{4,18}\d)", "pin": r"(?P<pin>\d{4,16})"}
_OTHER = ".+?"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseSlip:
    """What has to be written down; `reference` grouped as it is told."""

    reference: str
    pin: str

    @property
    def digits(self) -> str:
        """The reference as addresses have it."""
        return self.reference.replace(" ", "")


class CaseSlips:
    """Finds slips by the pack's own wordings: those that have both a `{reference}` and a `{pin}`."""

    def __init__(self, templates: Iterable[str]) -> None:
        telling = [each for each in templates if set(_VALUES) <= set(_PLACEHOLDER.findall(each))]
        self._patterns = [re.compile(_pattern(each), re.DOTALL) for each in telling]

    def find(self, text: str) -> CaseSlip | None:
        """The slip in a message, or None."""
        for pattern in self._patterns:
            if found := pattern.search(text):
                return CaseSlip(reference=found["reference"], pin=found["pin"])
        return None


def _pattern(template: str) -> str:
    """A wording as a pattern; only the first of a value that is told twice is caught."""
    pieces = _PLACEHOLDER.split(template)  # words and names in turn
    named: set[str] = set()
    pattern = []
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            pattern.append(re.escape(piece))
        else:
            pattern.append(_OTHER if piece in named else _VALUES.get(piece, _OTHER))
            named.add(piece)
    return "".join(pattern)
