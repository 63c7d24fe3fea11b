"""What SMSCs brought: deliver_sm has no id, so each is given a name that stays the same when it is brought again."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass

from bot.clock import Clock
from channels.smpp_pdu import Pdu

# An answer that was written so shortly before its link ended may not have arrived.
_UNSURE = 5.0
# An SMSC that brings something again does so soon after it is back; names tell such spans apart.
_AGAIN = 600.0
# For so long after the start, what is known already is what another process took and could not answer.
_START = 60.0
_KEPT = 2_000


@dataclass(kw_only=True, slots=True)
class Brought:
    """A message as it was brought by a link; `external_id` is its name."""

    link: object
    print: str
    external_id: str
    again: bool
    answered_at: float | None = None


class Deliveries:
    """Names messages: a new name for each, but the old one for what a lost link may have left unanswered.

    Two equal messages of one person are two messages ("1", then "1" again): only a link that ended in
    between, or a process that died, makes the second one doubtful.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._names: Counter[tuple[str, int]] = Counter()
        self._lately: deque[Brought] = deque(maxlen=_KEPT)
        self._doubtful: dict[str, tuple[str, float]] = {}

    def begin(self, link: object, pdu: Pdu) -> Brought:
        """What was brought now."""
        print_ = hashlib.sha256(pdu.body).hexdigest()[:40]
        known, at = self._doubtful.pop(print_, ("", 0.0))
        again = bool(known) and self._clock.monotonic() - at < _AGAIN
        name = known if again else self._name(print_)
        brought = Brought(link=link, print=print_, external_id=name, again=again)
        self._lately.append(brought)
        return brought

    def is_another(self, brought: Brought) -> bool:
        """Whether one whose name is taken is another message after all; it then has a new name."""
        if brought.again or self._clock.monotonic() - self._began < _START:
            return False
        brought.external_id = self._name(brought.print)
        return True

    def end(self, brought: Brought) -> None:
        """Say that it was taken, and is answered now."""
        brought.answered_at = self._clock.monotonic()

    def lost(self, link: object) -> None:
        """Say that a link has ended: what it brought last may come again."""
        now = self._clock.monotonic()
        for each in [each for each in self._lately if each.link is link]:
            self._lately.remove(each)
            if each.answered_at is None or now - each.answered_at < _UNSURE:
                self._doubtful[each.print] = (each.external_id, now)
        self._doubtful = {key: value for key, value in self._doubtful.items() if now - value[1] < _AGAIN}

    def _name(self, print_: str) -> str:
        """The first that this process has not given in this span; one that died would have given the same."""
        span = int(self._clock.now().timestamp() // _AGAIN)
        if len(self._names) > _KEPT:
            self._names = Counter({key: count for key, count in self._names.items() if key[1] == span})
        self._names[print_, span] += 1
        return f"{print_}-{span:x}-{self._names[print_, span]}"
