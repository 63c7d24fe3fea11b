"""The errors of the floor.

PatouError
├── ConfigurationError    the operator must change a setting
├── PackError             the pack cannot be loaded: file, line, remedy
├── MalformedUrn          not a scheme:address
├── DatabaseUnavailable   the store cannot persist now; try again later
├── KeyUnknown            data sealed under a key that this installation does not hold
├── SealBroken            data that was changed, or moved from another row, since it was sealed
└── Conflict              a write-set met rows other than it expected; nothing of it is stored
    ├── Duplicate         the inbound message was taken before
    ├── Stale             somebody else moved the tracker or record on
    └── Taken             a reference drawn at random is in use
"""

from __future__ import annotations

from dataclasses import dataclass


class PatouError(Exception):
    """Something that Patou names; the docstring of the class is its message."""

    def __str__(self) -> str:
        return super().__str__() or (type(self).__doc__ or type(self).__name__).splitlines()[0]


class ConfigurationError(PatouError):
    """A setting is missing or wrong."""


@dataclass
class PackError(PatouError):
    """The country pack cannot be used."""

    file: str
    line: int
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}. {self.remedy}"


class MalformedUrn(PatouError):
    """Not a usable address."""


class DatabaseUnavailable(PatouError):
    """The database cannot store anything at the moment."""


class KeyUnknown(PatouError):
    """This was sealed with a key that is not here."""


class SealBroken(PatouError):
    """This is not what was sealed here."""


class Conflict(PatouError):
    """The rows are not as this change expected them."""


class Duplicate(Conflict):
    """This inbound message was taken before."""


class Stale(Conflict):
    """Somebody else changed this meanwhile."""


class Taken(Conflict):
    """This reference is in use."""
