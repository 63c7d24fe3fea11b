"""How often one address is answered: what robots, loops and mischief could cost.

Two robots that answer each other would never end. What no person does gives them away: the same
words at length again and again, or words that mean nothing to us and differ in their digits alone.
"""

from __future__ import annotations

import hashlib
import re

from bot.trackers import TrackerState

HOUR_MS = 3_600_000
# SMS that one phone causes by dialling, in an hour: screens cost nothing, and are not counted.
COPIES_AN_HOUR = 5
REPLIES_AN_HOUR = 60
IDLE_REPLIES_AN_HOUR = 10
# So often the same words are answered within an hour; while they keep coming they are not answered again.
SAME_WORDS_AN_HOUR = 3
# Characters; who types less may well say it often: a number, yes, the name of a service.
_LONG, _LONG_AND_UNKNOWN = 25, 12
_WORDS_KEPT = 16
_ALL, _IDLE, _COPIES, _WORDS = "replies", "idle_replies", "copies", "words:"
_LIMITS = {_ALL: REPLIES_AN_HOUR}
_IDLE_LIMITS = _LIMITS | {_IDLE: IDLE_REPLIES_AN_HOUR}
_DIGIT = re.compile(r"\d")


def may_reply(state: TrackerState, now_ms: int, text: str, *, understood: bool) -> bool:
    """Whether this address is still answered, `text` being what it said.

    Counts the reply when it may go. What is not understood, or said again, may be answered less often than
    the rest. The counts live in the tracker: they are committed with the turn, so a crash or a second
    process cannot lose them.
    """
    repeated = bool(text) and text == state.last_text
    state.last_text = text
    _forget(state, now_ms)
    if _is_machine(state, now_ms, text, understood=understood):
        return False
    kinds = _IDLE_LIMITS if repeated or not understood else _LIMITS
    for kind, limit in kinds.items():
        if len(state.counts.get(kind, ())) >= limit:
            return False
    for kind in kinds:
        state.counts.setdefault(kind, []).append(now_ms)
    return True


def may_copy(state: TrackerState, now_ms: int) -> bool:
    """Whether what was dialled for may go by SMS, too."""
    return sum(now_ms - at < HOUR_MS for at in state.counts.get(_COPIES, ())) < COPIES_AN_HOUR


def count_copy(state: TrackerState, now_ms: int) -> None:
    """Count that it does."""
    _forget(state, now_ms)
    state.counts.setdefault(_COPIES, []).append(now_ms)


def _forget(state: TrackerState, now_ms: int) -> None:
    """Leave what is older than an hour, and of words all but the last ones."""
    counts = {}
    for kind, moments in state.counts.items():
        if recent := [at for at in moments if now_ms - at < HOUR_MS]:
            counts[kind] = recent
    if len(counts) > _WORDS_KEPT:
        words = sorted((moments[-1], kind) for kind, moments in counts.items() if kind.startswith(_WORDS))
        for _, kind in words[:-_WORDS_KEPT]:
            del counts[kind]
    state.counts = counts


def _is_machine(state: TrackerState, now_ms: int, text: str, *, understood: bool) -> bool:
    """Whether the words have come too often by now; each time that they come is remembered."""
    words = " ".join(text.casefold().split())
    if len(words) < (_LONG if understood else _LONG_AND_UNKNOWN):
        return False
    shape = words if understood else _DIGIT.sub("0", words)
    kind = _WORDS + hashlib.sha256(shape.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    moments = state.counts.setdefault(kind, [])
    too_often = len(moments) >= SAME_WORDS_AN_HOUR
    state.counts[kind] = [*moments[-SAME_WORDS_AN_HOUR:], now_ms]
    return too_often
