"""The collector: fetches what came with messages from the providers, has it made safe, and puts it on the shelf."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import structlog

from bot.clock import Chance
from bot.errors import DatabaseUnavailable, Stale
from bot.files.errors import NotKept, Reason
from bot.files.workshop import Workshop
from bot.messages import MediaKind
from bot.metrics import Metrics
from bot.pipeline import Handled, Outcome
from bot.shelf import Claimed, Shelf
from bot.uploads import Upload, Uploads
from bot.urns import Urn
from channels.base import Channel, Fetching
from channels.egress import Egress
from channels.errors import FetchError, SendError
from channels.uploads import HandedIn

# The intent of the turn in which a person is told; its entities are the reasons, with how many files each is for.
INTENT = "media_refused"

Originate = Callable[[Urn, str, str, Mapping[str, Any], str], Awaitable[Outcome]]

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Taking:
    """What is taken, and how; durations in seconds, `limits` in bytes by kind (0: not taken).

    `lanes` files are fetched at once. One is tried `tries` times, after `first_pause`, then three times
    that, and so on; a process that died in the middle is given up after `claim`. Of one person at most
    `a_day` are taken in a day.
    """

    limits: Mapping[MediaKind, int]
    lanes: int = 4
    tries: int = 6
    first_pause: float = 5.0
    claim: float = 300.0
    poll: float = 5.0
    told_again: float = 3600.0
    a_day: int = 60


class Collector:
    """Works for the channels that it is given; any number of processes may run one."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        shelf: Shelf,
        uploads: Uploads,
        channels: Mapping[str, Channel],
        egress: Egress,
        workshop: Workshop,
        originate: Originate,
        chance: Chance,
        metrics: Metrics,
        taking: Taking,
    ) -> None:
        self._shelf = shelf
        self._uploads = uploads
        self._handed = frozenset(name for name, each in channels.items() if isinstance(each, HandedIn))
        self._channels = {name: each for name, each in channels.items() if isinstance(each, Fetching)}
        self._egress = egress
        self._workshop = workshop
        self._originate = originate
        self._chance = chance
        self._files = cache(metrics.files.labels)
        self._taking = taking
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Say that something may have come; called after the commit."""
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled; a database that is away is waited for."""
        while True:
            self._awake.clear()
            try:
                busy = await self.step()
            except DatabaseUnavailable:
                log.warning("collector.database_unavailable")
                busy = 0
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self._taking.poll)

    async def step(self) -> int:
        """One round; how much there was to do."""
        waiting = await self._shelf.waiting(self._taking.lanes, self._taking.claim)
        # None is left running behind an error: whoever closes the store would close it under the others.
        for ended in await asyncio.gather(*map(self._collect, waiting), return_exceptions=True):
            if ended is not None:
                raise ended
        untold = await self._shelf.untold(100, self._taking.claim)
        for _, together in groupby(sorted(untold, key=_whom), key=_whom):
            await self._tell(list(together))
        return len(waiting) + len(untold)

    async def _collect(self, claimed: Claimed) -> None:
        """Fetch one, and note what became of it."""
        try:
            await self._fetch(claimed)
            self._files(claimed.channel, "stored").inc()
        except NotKept as error:
            log.info("collector.refused", channel=claimed.channel, reason=error.reason.value)
            await self._refuse(claimed, error.reason)
        except (FetchError, SendError) as error:
            log.info("collector.not_fetched", channel=claimed.channel, code=error.code)
            await self._again(claimed, worth_it=_may_come(error))
        except Stale:
            log.info("collector.erased_meanwhile", channel=claimed.channel)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("collector.fault", channel=claimed.channel)
            await self._again(claimed, worth_it=True)

    async def _fetch(self, claimed: Claimed) -> None:
        limits = self._taking.limits
        limit = limits.get(claimed.attachment.kind, 0)
        if not limit:
            raise NotKept(Reason.NOT_TAKEN)
        if claimed.attempts > self._taking.tries:
            raise NotKept(Reason.GONE)
        if claimed.attachment.size > limit:
            raise NotKept(Reason.TOO_LARGE)
        if await self._shelf.lately(claimed) > self._taking.a_day:
            raise NotKept(Reason.TOO_MANY)
        data = await self._bytes(claimed, limit)
        file = await self._workshop.clean(data)
        # What it was said to be decided how much was fetched; what it is decides whether it is taken.
        own = limits.get(file.kind, 0)
        if len(data) > own:
            raise NotKept(Reason.TOO_LARGE if own else Reason.NOT_TAKEN)
        await self._shelf.store(claimed, file)
        await self._drop(claimed)

    async def _bytes(self, claimed: Claimed, limit: int) -> bytes:
        """The file from where it lies: here, or at the provider."""
        if upload := self._upload(claimed):
            return await self._uploads.read(upload)
        channel = self._channels.get(claimed.channel)
        if channel is None:
            raise NotKept(Reason.GONE)
        return await self._egress.fetch(await channel.locate(claimed.attachment), limit)

    def _upload(self, claimed: Claimed) -> Upload | None:
        """What was handed in; of other channels no reference can lead here."""
        return Upload.parse(claimed.attachment.reference) if claimed.channel in self._handed else None

    async def _drop(self, claimed: Claimed) -> None:
        if upload := self._upload(claimed):
            await self._uploads.drop(upload)

    async def _again(self, claimed: Claimed, *, worth_it: bool) -> None:
        if not worth_it or claimed.attempts >= self._taking.tries:
            await self._refuse(claimed, Reason.GONE)
            return
        self._files(claimed.channel, "later").inc()
        pause = self._taking.first_pause * 3.0 ** (claimed.attempts - 1)
        await self._shelf.later(claimed, pause * self._chance.random.uniform(0.75, 1.25))

    async def _refuse(self, claimed: Claimed, reason: Reason) -> None:
        await self._shelf.refuse(claimed, reason)
        await self._drop(claimed)
        self._files(claimed.channel, reason.value).inc()

    async def _tell(self, refused: Sequence[Claimed]) -> None:
        """Tell one person what could not be kept, in one message; what cannot be told now is told later."""
        first = refused[0]
        reasons = {reason: str(count) for reason, count in Counter(each.reason for each in refused).items()}
        names = hashlib.sha256(" ".join(sorted(each.id for each in refused)).encode()).hexdigest()
        try:
            if first.urn is None or first.attempts > self._taking.tries:
                await self._shelf.settled(refused)
                return
            outcome = await self._originate(
                first.urn, first.channel, INTENT, reasons, f"media-refused:{names[:40]}"
            )
        except DatabaseUnavailable:
            raise
        except Exception:  # one that cannot be told must not hold up the others
            log.exception("collector.untold", channel=first.channel)
            outcome = Outcome(kind=Handled.LIMITED)
        if outcome.kind in (Handled.DONE, Handled.DUPLICATE):
            await self._shelf.settled(refused)
            return
        for each in refused:
            await self._shelf.later(each, self._taking.told_again)


def _whom(claimed: Claimed) -> tuple[str, str]:
    return claimed.contact_id, claimed.channel


def _may_come(error: FetchError | SendError) -> bool:
    """Whether another try may bring it."""
    if isinstance(error, FetchError):
        return error.retryable
    return error.retryable or error.away or error.throttled or error.in_doubt or error.misconfigured
