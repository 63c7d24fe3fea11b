"""The errors of cases.

PatouError
└── CaseError
    ├── NotPossible       this event cannot happen to a case in this state
    ├── ReasonMissing     the event needs a reason, a date, a desk or a case that it does not carry
    ├── NotOffered        a protection that this installation cannot keep yet
    ├── AnchorUnusable    the file outside the data directory cannot be written
    └── NoSuchCase        no case has this reference
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import PatouError


class CaseError(PatouError):
    """Something is wrong with a case."""


@dataclass
class NotPossible(CaseError):
    """This event cannot happen to a case in this state."""

    state: str
    event: str

    def __str__(self) -> str:
        return f"{self.event} cannot happen to a case that is {self.state}"


@dataclass
class ReasonMissing(CaseError):
    """The event does not carry what it needs."""

    event: str
    needs: str

    def __str__(self) -> str:
        return f"{self.event} needs {self.needs}"


class NotOffered(CaseError):
    """Only cases under the citizen's own name can be filed."""


@dataclass
class AnchorUnusable(CaseError):
    """The audit head cannot be anchored."""

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class NoSuchCase(CaseError):
    """There is no case with this number."""
