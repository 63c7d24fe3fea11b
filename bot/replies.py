"""How often one address is answered: what robots, loops and mischief could cost."""

from __future__ import annotations

from bot.trackers import TrackerState

HOUR_MS = 3_600_000
REPLIES_AN_HOUR = 60
IDLE_REPLIES_AN_HOUR = 10
_ALL, _IDLE = "replies", "idle_replies"


def may_reply(state: TrackerState, now_ms: int, *, idle: bool) -> bool:
    """Whether this address is still answered; `idle` is a message not understood or said again.

    Counts the reply when it may go. The counts live in the tracker: they are committed with the
    turn, so a crash or a second process cannot lose them.
    """
    kinds = {_ALL: REPLIES_AN_HOUR} | ({_IDLE: IDLE_REPLIES_AN_HOUR} if idle else {})
    for kind in kinds:
        state.counts[kind] = [at for at in state.counts.get(kind, ()) if now_ms - at < HOUR_MS]
    if any(len(state.counts[kind]) >= limit for kind, limit in kinds.items()):
        return False
    for kind in kinds:
        state.counts[kind].append(now_ms)
    return True
