"""The figures of the door out: how long it waits, and how much it does at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """How the door out behaves; durations in seconds.

    `grace` is how long a lost answer is waited for before anyone asks: the provider's own time
    limit and its processing time (asking earlier doubled messages). `lanes` is the number of
    messages in flight on one channel. A message is tried again after `first_pause`, then twice that, up
    to `longest_pause`; a channel whose account is refused rests for `closed_pause`. What is in doubt,
    by us or by a process that died, is looked for every `sweep`. When a send ends, the others have
    `linger` to end too: they share a commit and a claim. While the door in is crowded, a round waits
    for it, at most for `courtesy`. A message that is taken up leaves within `ahead`, at its own moment.
    """

    lanes: int = 32
    poll: float = 1.0
    grace: float = 30.0
    first_pause: float = 2.0
    longest_pause: float = 600.0
    closed_pause: float = 60.0
    sweep: float = 5.0
    linger: float = 0.02
    ahead: float = 0.8
    courtesy: float = 1.0
