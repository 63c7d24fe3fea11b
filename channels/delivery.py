"""The door out: takes what is due from the outbox, hands it to its channel, stores what came of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache

import structlog

from bot.clock import Chance, Clock
from bot.db import WriteSet
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.limits import Limits
from bot.messages import DeliveryClass, OutboundMessage
from bot.metrics import Metrics
from bot.outbox import UNKNOWN_OUTCOME, Claimed, Outbox, nothing_more, set_urn_state
from channels.base import Asking, AskingParts, Channel, Linked, Parted, Sent, Templated
from channels.errors import OUTSIDE_WINDOW, SendError
from channels.figures import Figures
from channels.optouts import OptOuts
from channels.outages import Outages
from channels.pace import Pace
from channels.part_by_part import PartByPart
from channels.tariff import Tariff, not_known
from channels.verdicts import Landed, Verdicts

log = structlog.get_logger()

_GLANCE_SECONDS = 0.02
# Who is woken a moment too soon finds nothing, and sleeps for a whole poll.
_WAKE_LATE = 0.001


class Delivery:
    """Sends for the channels that it is given; any number of processes may run one.

    Raises ConfigurationError for a channel whose calls may outlast the grace.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        limits: Limits,
        clock: Clock,
        chance: Chance,
        opt_outs: OptOuts,
        metrics: Metrics,
        figures: Figures | None = None,
        crowded: Callable[[], bool] = lambda: False,
        after_failure: Callable[[str], Awaitable[WriteSet]] = nothing_more,
        price: Callable[[str], int | None] = not_known,
    ) -> None:
        self._after_failure = after_failure
        self._outbox = outbox
        self._crowded = crowded
        # Inline channels show replies in the answer to the request: nothing is pushed to them.
        self._channels = {name: each for name, each in channels.items() if not each.capabilities.inline}
        # What a link that is down, or held by another process, has to send waits for it in the outbox.
        self._linked = {name: each for name, each in self._channels.items() if isinstance(each, Linked)}
        # Asked once, as the question costs time with every message.
        self._parted = {name: each for name, each in self._channels.items() if isinstance(each, Parted)}
        self._clock = clock
        self._opt_outs = opt_outs
        self._outbound = cache(metrics.outbound.labels)
        self._waiting = cache(metrics.waiting.labels)
        self._figures = figures or Figures()
        self._outages = Outages(self._figures, clock, metrics)
        self._verdicts = Verdicts(self._figures, clock, chance, self._outages)
        self._pace = Pace(self._channels.values(), limits, clock, self._figures.ahead)
        self._tariff = Tariff(price)
        self._part_by_part = PartByPart(
            outbox=outbox,
            verdicts=self._verdicts,
            pace=self._pace,
            tariff=self._tariff,
            figures=self._figures,
        )
        _check_grace(self._channels.values(), self._figures)
        self._flights: dict[asyncio.Task[Landed], str] = {}
        self._paused_until: dict[str, datetime] = {}
        self._swept_at = -math.inf
        self._asked_at: dict[str, float] = {}
        self._awake = asyncio.Event()
        self._stopping = False
        self._round = asyncio.Lock()

    def wake(self) -> None:
        """Say that something was added to the outbox; called after the commit."""
        self._awake.set()

    async def run(self) -> None:
        """Deliver until `stop`; a database that is away is waited for."""
        while not self._stopping:
            await self._give_way()
            self._awake.clear()
            try:
                busy = await self.step()
            except DatabaseUnavailable:
                log.warning("delivery.no_database")
                busy = 0
            except Exception:
                log.exception("delivery.fault")
                busy = 0
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self._figures.poll)

    async def _give_way(self) -> None:
        """Let a crowd at the door in be answered first: a provider gives up on us, the outbox waits."""
        until = self._clock.monotonic() + self._figures.courtesy
        while self._crowded() and not self._stopping and self._clock.monotonic() < until:  # noqa: ASYNC110 - a crowd thins out by itself, nobody tells
            await asyncio.sleep(_GLANCE_SECONDS)

    async def stop(self, seconds: float = 10.0) -> None:
        """Take no more, let what is in flight finish for at most `seconds`, store what came of it.

        What is still in flight then is left as it is: it counts as in doubt after the grace.
        """
        self._stopping = True
        self._awake.set()
        async with self._round:
            if not self._flights:
                return
            done, late = await asyncio.wait(self._flights, timeout=seconds)
            await self._store(done)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            self._flights.clear()

    async def step(self) -> int:
        """One round: store what has come back, settle doubts, start what is due, wait for the first to end.

        Returns how much there was to do; 0 when it is time to rest.
        """
        async with self._round:
            await self._store({task for task in self._flights if task.done()})
            if self._stopping:
                return 0
            await self._sweep()
            for name, channel in self._channels.items():
                if self._is_open(name):
                    await self._take_up(name, channel)
            return await self._land() if self._flights else 0

    async def _take_up(self, name: str, channel: Channel) -> None:
        """Begin what is due on one channel; a fault there rests it and holds up no other."""
        try:
            await self._ask(name, channel)
            await self._start(name, channel)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("delivery.channel_fault", channel=name)
            self._pause(name, self._figures.closed_pause)

    async def _sweep(self) -> None:
        """Doubt attempts whose process died: at the start, and now and then."""
        if self._is_fresh(self._swept_at):
            return
        lost = await self._outbox.lose(timedelta(seconds=self._figures.grace))
        self._swept_at = self._clock.monotonic()
        waiting = await self._outbox.waiting()
        for name in self._channels:
            self._waiting(name).set(waiting.get(name, 0))
        if lost:
            self._asked_at.clear()
            log.warning("delivery.lost_attempts", count=lost)

    def _is_fresh(self, looked_at: float) -> bool:
        """Whether a look at the whole outbox is too recent for another: it costs more the more there waits."""
        return self._clock.monotonic() - looked_at < self._figures.sweep

    def _is_open(self, name: str) -> bool:
        linked = self._linked.get(name)
        if linked is not None and not linked.up:
            return False
        until = self._paused_until.get(name)
        return until is None or self._clock.now() >= until

    def _pause(self, name: str, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        self._paused_until[name] = max(until, self._paused_until.get(name, until))

    def _free(self, name: str) -> int:
        lanes = self._figures.lanes + self._pace.waiting(name)
        return lanes - self._flying(name)

    def _flying(self, name: str) -> int:
        return sum(1 for each in self._flights.values() if each == name)

    async def _ask(self, name: str, channel: Channel) -> None:
        """Look after what is in doubt, and after sent messages of which parts failed."""
        free = self._free(name)
        if free <= 0 or self._is_fresh(self._asked_at.get(name, -math.inf)):
            return
        grace = timedelta(seconds=self._figures.grace)
        doubtful = await self._outbox.doubtful(name, free, grace)
        for claimed in doubtful:
            self._flights[asyncio.create_task(self._settle(channel, claimed))] = name
        free -= len(doubtful)
        again = await self._outbox.going_again(name, free, grace) if free else ()
        for claimed in again:
            self._flights[asyncio.create_task(self._send_again(channel, claimed))] = name
        if len(again) < free:
            self._asked_at[name] = self._clock.monotonic()

    async def _start(self, name: str, channel: Channel) -> None:
        if (free := self._free(name)) <= 0:
            return
        count, wait = await self._pace.room(name, free)
        if not wait:
            count, wait = self._outages.room(name, count, self._flying(name))
        if wait > 0:
            self._pause(name, wait)
            self._wake_in(wait)
        taken_up = await self._outbox.claim(name, count) if count else ()
        self._outages.leave(name, len(taken_up))
        for claimed in taken_up:
            self._flights[asyncio.create_task(self._send(channel, claimed))] = name

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds + _WAKE_LATE, self.wake)

    async def _land(self) -> int:
        """Wait until a send ends, something is added or the poll is due; store what has ended."""
        news = asyncio.create_task(self._awake.wait())
        try:
            waiting = {*self._flights, news}
            await asyncio.wait(waiting, timeout=self._figures.poll, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
        self._awake.clear()
        await asyncio.wait(self._flights, timeout=self._figures.linger)
        busy = len(self._flights)
        await self._store({task for task in self._flights if task.done()})
        return busy

    async def _store(self, tasks: Collection[asyncio.Task[Landed]]) -> None:
        """Store what became of sends; they stay in flight until it is stored."""
        if not tasks:
            return
        landed = [task.result() for task in tasks]
        addresses = WriteSet()
        for each in landed:
            error, claimed = each.error, each.mark.claimed
            if error and error.opted_out:
                await self._opt_outs.record(
                    told_in=claimed.message.id,
                    contact_id=claimed.contact_id,
                    urn_lookup=claimed.urn_lookup,
                    channel=claimed.message.channel,
                    code=error.code,
                )
            elif error and error.unreachable:
                set_urn_state(addresses, claimed.urn_lookup, "unreachable")
        followed = [await self._followed(each.mark.claimed.message.id) for each in landed if each.lost]
        await self._outbox.mark([each.mark for each in landed], addresses, *followed)
        for task in tasks:
            del self._flights[task]
        for each in landed:
            self._outbound(each.mark.claimed.message.channel, each.mark.state.value).inc()

    async def _followed(self, outbox_id: str) -> WriteSet:
        """What else a message leads to that is lost; that it is lost is stored in any case."""
        try:
            return await self._after_failure(outbox_id)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("delivery.follow_up_fault")
            return WriteSet()

    async def _send(self, channel: Channel, claimed: Claimed) -> Landed:
        """What came of it, whatever happens: a flight that ended with an error would end every round."""
        try:
            if (wait := await self._pace.too_soon(channel.name, claimed.urn_lookup)) > 0:
                self._wake_in(wait)
                return self._verdicts.again(claimed, wait, "", untried=True)
            await self._pace.wait(channel.name, claimed.urn_lookup)
            if parted := self._parted.get(channel.name):
                return self._rest(channel, await self._part_by_part.send(channel, parted, claimed))
            sent = await self._hand(channel, claimed.message)
        except SendError as error:
            return self._refused(channel, claimed, error)
        except Exception:
            # Whether the provider got it before our fault is not known.
            log.exception("delivery.channel_fault", channel=channel.name)
            return self._refused(channel, claimed, SendError(code="fault", in_doubt=True))
        return self._verdicts.taken(claimed, self._tariff.priced(channel, claimed.message, sent.parts))

    async def _send_again(self, channel: Channel, claimed: Claimed) -> Landed:
        """Hand over what failed of a sent message, while that is worth it and cannot double anything that may not be."""
        if claimed.doubted and claimed.message.delivery_class is DeliveryClass.AT_MOST_ONCE:
            return self._verdicts.given_up(claimed)
        if claimed.expires_at <= self._clock.now():
            return self._verdicts.again(claimed, 0.0, "expired")
        try:
            if not await self._outbox.missing(claimed, 1) and channel.name not in self._parted:
                return self._verdicts.taken(claimed, ())
        except DatabaseUnavailable:
            return self._verdicts.again(claimed, 0.0, "", untried=True)
        return await self._send(channel, claimed)

    def _refused(self, channel: Channel, claimed: Claimed, error: SendError) -> Landed:
        return self._rest(channel, self._verdicts.refused(claimed, error))

    def _rest(self, channel: Channel, landed: Landed) -> Landed:
        if landed.rest > 0:
            self._pause(channel.name, landed.rest)
        return landed

    async def _hand(self, channel: Channel, message: OutboundMessage) -> Sent:
        """Send it; later than the provider lets us write freely by an approved text, or not at all."""
        window, heard_at = channel.capabilities.window, message.heard_at
        if not window or heard_at is None or self._clock.now() < heard_at + timedelta(seconds=window):
            return await channel.send(message)
        if isinstance(channel, Templated):
            return await channel.send_template(message)
        raise SendError(code=OUTSIDE_WINDOW)

    async def _settle(self, channel: Channel, claimed: Claimed) -> Landed:
        """Find out, or decide, what became of a message in doubt."""
        if isinstance(channel, AskingParts):
            return await self._part_by_part.settle(channel, channel, claimed)
        if not isinstance(channel, Asking):
            if claimed.message.delivery_class is DeliveryClass.AT_MOST_ONCE:
                return self._verdicts.given_up(claimed)
            return self._verdicts.again(claimed, 0.0, UNKNOWN_OUTCOME)
        try:
            parts = await channel.look_up(claimed.message, claimed.attempted_at)
            mine = [
                part
                for part in parts
                if await self._outbox.owner(part.provider_id) in ("", claimed.message.id)
            ]
        except Exception as error:
            known = isinstance(error, (SendError, DatabaseUnavailable))
            log.warning("delivery.unanswered_question", channel=channel.name, exc_info=not known)
            return self._verdicts.doubt(claimed, UNKNOWN_OUTCOME)
        if not mine:
            return self._verdicts.again(claimed, 0.0, UNKNOWN_OUTCOME)
        parts = [part for part in mine if part.provider_id == mine[0].provider_id]
        return self._verdicts.taken(claimed, self._tariff.priced(channel, claimed.message, parts))


def _check_grace(channels: Iterable[Channel], figures: Figures) -> None:
    """Raise ConfigurationError where a send could still be under way when it counts as lost: it would go twice."""
    for each in channels:
        if each.timeout + figures.ahead >= figures.grace:
            raise ConfigurationError(
                f"channels.{each.name}.timeout: a call may take {each.timeout:g} s, but after"
                f" PATOU_GRACE_SECONDS, {figures.grace:g} s, it counts as lost; set PATOU_GRACE_SECONDS higher"
            )
