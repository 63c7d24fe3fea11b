"""What stands for a part that is another in each conversation: what uses it is made once, for all of them."""

from __future__ import annotations

from typing import Any


class StandIn:
    """Has the methods and attributes of what was put here last."""

    def __init__(self, what: object) -> None:
        self._what = what

    def put(self, what: object) -> None:
        """Stand for this from now on."""
        self._what = what

    def __getattr__(self, name: str) -> Any:
        return getattr(self._what, name)
