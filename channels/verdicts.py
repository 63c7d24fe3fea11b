"""Verdicts: what follows from what became of an attempt to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot.clock import Chance, Clock
from bot.messages import DeliveryState
from bot.outbox import UNKNOWN_OUTCOME, Claimed, Mark
from bot.parts_ledger import SentPart
from bot.receipts import combined
from channels.errors import SendError
from channels.figures import Figures
from channels.outages import Outages

log = structlog.get_logger()

_BAD = (DeliveryState.FAILED, DeliveryState.EXPIRED)
# A provider that asks for more than an hour is asked again after one.
_LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """What to store of a send that has ended; `rest` is how long its channel rests after it, in seconds."""

    mark: Mark
    error: SendError | None = None
    rest: float = 0.0

    @property
    def lost(self) -> bool:
        """Whether it will not arrive, and not because the person stopped us."""
        bad = self.mark.state in (DeliveryState.FAILED, DeliveryState.EXPIRED)
        return bad and not (self.error and self.error.opted_out)


class Verdicts:
    """Judges attempts by what the provider said of them."""

    def __init__(self, figures: Figures, clock: Clock, chance: Chance, outages: Outages) -> None:
        self._outages = outages
        self._figures = figures
        self._clock = clock
        self._chance = chance

    def taken(self, claimed: Claimed, parts: Sequence[SentPart], number: int | None = None) -> Landed:
        """The provider has it, or with a `number` its last part; no parts where it had everything before."""
        if parts:
            self._outages.hear(claimed.message.channel, None)
        state = combined([part.state for part in parts] or [DeliveryState.SENT])
        if number is not None and state not in _BAD:
            # Receipts tell of the others: with the last part it is sent, and no more than that.
            state = DeliveryState.SENT
        return Landed(mark=Mark(claimed=claimed, state=state, parts=parts, number=number))

    def interrupted(self, claimed: Claimed, part: SentPart, number: int) -> Landed:
        """The provider has this part; the others wait, for no fault of theirs."""
        landed = self.again(claimed, 0.0, "", untried=True)
        return replace(landed, mark=replace(landed.mark, parts=(part,), number=number))

    def refused(self, claimed: Claimed, error: SendError, number: int | None = None) -> Landed:
        """What an error's facts say to do; see SendError. With a `number` it is that of the part in question."""
        rest = self._outages.hear(claimed.message.channel, error)
        landed = self._refused(claimed, error, rest)
        return replace(landed, mark=replace(landed.mark, number=number), rest=max(landed.rest, rest))

    def _refused(self, claimed: Claimed, error: SendError, rest: float) -> Landed:
        figures, name = self._figures, claimed.message.channel
        if error.in_doubt:
            return self.doubt(claimed, error.code)
        if error.opted_out or error.unreachable:
            return _failed(claimed, error)
        if error.misconfigured:
            log.error("delivery.channel_refused", channel=name, code=error.code)
            landed = self.again(claimed, figures.closed_pause, error.code, untried=True)
            return replace(landed, rest=figures.closed_pause)
        if error.away or error.throttled:
            wait = rest if error.away else min(max(error.retry_after, figures.first_pause), _LONGEST_PAUSE)
            log.warning("delivery.away" if error.away else "delivery.throttled", channel=name, seconds=wait)
            return replace(self.again(claimed, wait, error.code, untried=True), rest=wait)
        if error.retryable and (not error.tries or claimed.attempts < error.tries):
            asked = min(error.retry_after, _LONGEST_PAUSE)
            return self.again(claimed, max(self._backoff(claimed.attempts), asked), error.code)
        log.warning("delivery.failed", channel=name, code=error.code, attempts=claimed.attempts)
        return _failed(claimed, error)

    def again(self, claimed: Claimed, wait: float, code: str, *, untried: bool = False) -> Landed:
        """Back into the queue for `wait` seconds, unless it would not live that long."""
        due = self._clock.now() + timedelta(seconds=wait)
        if due >= claimed.expires_at:
            return Landed(mark=Mark(claimed=claimed, state=DeliveryState.EXPIRED, error_code=code))
        mark = Mark(claimed=claimed, state=DeliveryState.QUEUED, due_at=due, error_code=code, untried=untried)
        return Landed(mark=mark)

    def doubt(self, claimed: Claimed, code: str) -> Landed:
        """Whether the provider has it is not known: it is found out after the grace."""
        due = self._clock.now() + timedelta(seconds=self._figures.grace)
        if due >= claimed.expires_at:
            return self.given_up(claimed)
        return Landed(mark=Mark(claimed=claimed, state=DeliveryState.IN_DOUBT, due_at=due, error_code=code))

    def given_up(self, claimed: Claimed) -> Landed:
        """Lost without knowing whether it was sent; a receipt may still tell."""
        return Landed(mark=Mark(claimed=claimed, state=DeliveryState.FAILED, error_code=UNKNOWN_OUTCOME))

    def _backoff(self, attempts: int) -> float:
        """Doubling, with a quarter of chance either way so that a crowd does not come back together."""
        pause = min(self._figures.first_pause * 2.0 ** min(attempts - 1, 30), self._figures.longest_pause)
        return pause * self._chance.random.uniform(0.75, 1.25)


def _failed(claimed: Claimed, error: SendError) -> Landed:
    return Landed(mark=Mark(claimed=claimed, state=DeliveryState.FAILED, error_code=error.code), error=error)
