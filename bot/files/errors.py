"""Why a file is not kept."""

from __future__ import annotations

from enum import StrEnum

from bot.errors import PatouError


class Reason(StrEnum):
    """What its sender is told; each has a text of its own in the pack."""

    TOO_LARGE = "too_large"
    NOT_TAKEN = "not_taken"  # a kind of file that is not kept here
    UNREADABLE = "unreadable"  # it says that it is such a file, and is none
    TOO_MANY = "too_many"  # of one person in a day
    GONE = "gone"  # the provider has it no more, or never answered


class NotKept(PatouError):
    """A file that is not kept; `reason` is what its sender is told."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
