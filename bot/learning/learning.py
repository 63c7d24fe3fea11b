"""Learning: who notices what is unclear in a turn, and who keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.learning.kept import KeptMessages
from bot.learning.listener import Listener


@dataclass(frozen=True, kw_only=True, slots=True)
class Learning:
    """The two of them, for the pipeline; an installation that must not learn has neither."""

    listener: Listener
    kept: KeptMessages
