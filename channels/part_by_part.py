"""Part by part: hands over what a provider does not hold of a message, each part noted before the next one goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.errors import DatabaseUnavailable, Stale
from bot.messages import OutboundMessage
from bot.outbox import UNKNOWN_OUTCOME, Claimed, Outbox
from bot.parts_ledger import SentPart
from channels.base import AskingParts, Channel, Parted
from channels.errors import SendError
from channels.figures import Figures
from channels.pace import Pace
from channels.tariff import Tariff
from channels.verdicts import Landed, Verdicts

log = structlog.get_logger()


class PartByPart:
    """Sends by channels that are `Parted`; a process that dies leaves at most one part in doubt."""

    def __init__(
        self, *, outbox: Outbox, verdicts: Verdicts, pace: Pace, tariff: Tariff, figures: Figures
    ) -> None:
        self._outbox = outbox
        self._verdicts = verdicts
        self._pace = pace
        self._tariff = tariff
        # An attempt is only as old as its last part: each has the whole grace for itself.
        self._lease = timedelta(seconds=figures.grace)

    async def send(self, channel: Channel, parted: Parted, claimed: Claimed) -> Landed:
        """What came of it: the first part that is not taken ends the attempt, and what follows it waits too."""
        total = len(parted.parts(claimed.message))
        try:
            missing = await self._outbox.missing(claimed, total)
        except DatabaseUnavailable:
            return self._verdicts.again(claimed, 0.0, "", untried=True)
        for number in missing[:-1]:
            part = await self._hand(channel, parted, claimed.message, number)
            if isinstance(part, SendError):
                return self._verdicts.refused(claimed, part, number)
            if (landed := await self._noted(claimed, number, part, total)) is not None:
                return landed
            await self._pace.wait(channel.name, claimed.urn_lookup)
        return await self._finish(channel, parted, claimed, missing[-1:])

    async def settle(self, channel: Channel, asking: AskingParts, claimed: Claimed) -> Landed:
        """What became of a message with a part in doubt: it is with the provider, or goes again; the others wait."""
        message = claimed.message
        try:
            found = await asking.look_up_part(message, claimed.attempted_at)
        except SendError:
            return self._verdicts.doubt(claimed, UNKNOWN_OUTCOME)
        if found is None or found.sent is None:
            return self._verdicts.again(claimed, 0.0, UNKNOWN_OUTCOME)
        (part,) = self._tariff.priced(channel, message, (found.sent,))
        if isinstance(channel, Parted) and len(channel.parts(message)) > 1:
            return self._verdicts.interrupted(claimed, part, found.number)
        return self._verdicts.taken(claimed, (part,))

    async def _noted(self, claimed: Claimed, number: int, part: SentPart, total: int) -> Landed | None:
        """None when it is stored that the provider has the part, and the next one may go."""
        try:
            await self._outbox.go_on(claimed, number, part, total, self._lease)
        except Stale:
            log.warning("delivery.overtaken", channel=claimed.message.channel)
            return self._verdicts.taken(claimed, ())
        except DatabaseUnavailable:
            # It is stored with the mark, which is tried until it is; the next part waits for that.
            return self._verdicts.interrupted(claimed, part, number)
        return None

    async def _finish(
        self, channel: Channel, parted: Parted, claimed: Claimed, last: Sequence[int]
    ) -> Landed:
        for number in last:
            part = await self._hand(channel, parted, claimed.message, number)
            if isinstance(part, SendError):
                return self._verdicts.refused(claimed, part, number)
            return self._verdicts.taken(claimed, (part,), number)
        return self._verdicts.taken(claimed, ())

    async def _hand(
        self, channel: Channel, parted: Parted, message: OutboundMessage, number: int
    ) -> SentPart | SendError:
        """The part as the provider knows it, or why it does not."""
        try:
            outcomes = await parted.send_parts(message, (number,))
        except SendError as error:
            return error
        except Exception:
            # Whether the provider got it before our fault is not known.
            log.exception("delivery.channel_fault", channel=channel.name)
            return SendError(code="fault", in_doubt=True)
        for outcome in outcomes:
            if outcome.number == number and outcome.sent is not None:
                return self._tariff.priced(channel, message, (outcome.sent,))[0]
            if outcome.number == number and outcome.error is not None:
                return replace(outcome.error)
        return SendError(code="no_outcome", in_doubt=True)
