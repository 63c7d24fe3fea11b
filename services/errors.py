"""The errors of the services.

PatouError
├── ChangeRefused   a change of living facts would break an answer, or names what does not exist: reasons
└── NotInForce      no change with this id is in force
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import PatouError


class ChangeRefused(PatouError):
    """The change is refused."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("refused: " + "; ".join(reasons))
        self.reasons = tuple(reasons)


class NotInForce(PatouError):
    """No change with this id is in force."""
