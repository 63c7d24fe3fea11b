"""The outbox: what waits to be sent, what is in flight, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from bot import outbox_statements as statements
from bot.clock import Chance, Clock, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable, KeyUnknown, SealBroken
from bot.messages import DeliveryState, OutboundMessage
from bot.outbox_rows import opened
from bot.parts_ledger import PartsLedger, SentPart
from bot.urns import Urn

# How long a message in trouble holds back later ones to the same person.
HEAD_WAIT = timedelta(minutes=2)
# The error code of a message given up without knowing whether it was sent: a receipt may still tell.
UNKNOWN_OUTCOME = "in_doubt"

_ENDED = (DeliveryState.FAILED, DeliveryState.EXPIRED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A message that this process may send now, and the attempt under which it does.

    With `again` it is sent, and some of its parts are handed over once more; `doubted` when an attempt to
    do that ended nobody knows how.
    """

    message: OutboundMessage
    contact_id: str
    urn_lookup: str
    attempt_id: str
    attempts: int
    attempted_at: datetime
    expires_at: datetime
    again: bool = False
    doubted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What became of an attempt. `untried` gives the attempt back: the provider did not look at it.

    Where parts are handed over one by one, `number` is the place of the last one: it is the one in `parts`,
    or else the one that the provider did not take. None means that the message went, or did not go, as a whole.
    """

    claimed: Claimed
    state: DeliveryState
    due_at: datetime | None = None
    error_code: str = ""
    parts: Sequence[SentPart] = ()
    number: int | None = None
    untried: bool = False


async def nothing_more(outbox_id: str) -> WriteSet:
    """What is written after a failure where nothing follows it."""
    del outbox_id
    return WriteSet()


class Outbox:
    """Claims, marks and reports; any number of processes may hold one over the same database.

    `after_failure` tells what is to be written with the mark of a message that expires.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Clock,
        chance: Chance,
        after_failure: Callable[[str], Awaitable[WriteSet]] = nothing_more,
    ) -> None:
        self._after_failure = after_failure
        self._db = db
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._ledger = PartsLedger(db)

    async def claim(self, channel: str, count: int) -> Sequence[Claimed]:
        """Up to `count` messages due on a channel, most urgent first, one a person and never out of turn.

        They are `sending` under a new attempt, durably, before this returns: the id of the attempt
        is that of the claim.
        """
        now = self._clock.now()
        params = self._claim_params(now, channel)
        attempt = self._chance.id(now)

        def work(connection: Connection) -> tuple[list[Row[Any]], list[str]]:
            rows = connection.execute(statements.CLAIM, {**params, "count": count}).all()
            late = [row.id for row in rows if row.expires_at <= params["now"]]
            due = [row for row in rows if row.expires_at > params["now"]]
            if due:
                ids = [row.id for row in due]
                connection.execute(
                    statements.START, {"row_ids": ids, "attempt": attempt, "now": params["now"]}
                )
            return due, late

        if await self._db.first(statements.ANY_CLAIMABLE, params) is None:
            return ()
        started, late = await self._db.run(work)
        for outbox_id in late:
            await self._expire(outbox_id, params["now"])
        return await self._opened([(row, attempt, row.attempts + 1, now) for row in started])

    async def lose(self, grace: timedelta) -> int:
        """Doubt every attempt that began longer ago than `grace`: its process died. Their number."""
        now = self._clock.now()
        params = {"before": to_ms(now - grace), "now": to_ms(now)}
        if await self._db.first(statements.ANY_LOST, params) is None:
            return 0
        return await self._db.run(lambda connection: connection.execute(statements.LOSE, params).rowcount)

    async def doubtful(self, channel: str, count: int, lease: timedelta) -> Sequence[Claimed]:
        """Messages of a channel in doubt that it is time to ask about; nobody else asks about them for `lease`."""
        now = self._clock.now()
        params = {"now": to_ms(now), "channel": channel}

        def work(connection: Connection) -> Sequence[Row[Any]]:
            rows = connection.execute(statements.DOUBTFUL, {**params, "count": count}).all()
            if rows:
                until = to_ms(now + lease)
                connection.execute(statements.POSTPONE, [{"row_id": row.id, "until": until} for row in rows])
            return rows

        if await self._db.first(statements.ANY_DOUBTFUL, params) is None:
            return ()
        rows = await self._db.run(work)
        return await self._opened(
            [(row, row.attempt_id, row.attempts, from_ms(row.attempted_at)) for row in rows]
        )

    async def going_again(self, channel: str, count: int, lease: timedelta) -> Sequence[Claimed]:
        """Sent messages of a channel with parts to hand over again; nobody else takes them up for `lease`."""
        now = self._clock.now()
        attempt, at = self._chance.id(now), to_ms(now)
        params = {"now": at, "channel": channel}

        def work(connection: Connection) -> tuple[Sequence[Row[Any]], Collection[str]]:
            rows = connection.execute(statements.AGAIN, {**params, "count": count}).all()
            if not rows:
                return (), ()
            ids = [row.id for row in rows]
            values = {"row_ids": ids, "attempt": attempt, "now": at, "until": to_ms(now + lease)}
            connection.execute(statements.START_AGAIN, values)
            return rows, self._ledger.start(connection, ids, at)

        if await self._db.first(statements.ANY_AGAIN, params) is None:
            return ()
        rows, doubted = await self._db.run(work)
        opened = await self._opened([(row, attempt, max(row.attempts, 1), now) for row in rows])
        return [replace(each, again=True, doubted=each.message.id in doubted) for each in opened]

    async def missing(self, claimed: Claimed, total: int) -> Sequence[int]:
        """The numbers of the parts, of `total`, that the provider is not known to hold."""
        return await self._ledger.missing(claimed.message.id, total)

    async def go_on(
        self, claimed: Claimed, number: int, part: SentPart, total: int, lease: timedelta
    ) -> None:
        """Note that the provider took one part, before the next one is handed over.

        Raises Stale when the attempt is nobody's any more: it lasted too long, or the message has ended.
        """
        now = self._clock.now()
        at, outbox_id, attempt = to_ms(now), claimed.message.id, claimed.attempt_id
        writes = WriteSet()
        self._ledger.take(writes, outbox_id, (part,), first=number, attempt_id=attempt, now=at)
        self._ledger.await_all(writes, outbox_id, total, at)
        values = {"row_id": outbox_id, "attempt": attempt, "now": at, "until": to_ms(now + lease)}
        writes.add(statements.GO_ON, values, rows=1)
        await self._db.commit(writes)

    async def mark(self, marks: Sequence[Mark], *also: WriteSet) -> None:
        """Store what became of attempts, together; an attempt that a receipt has overtaken stays as it is."""
        now = to_ms(self._clock.now())
        writes = WriteSet()
        for mark in marks:
            self._add_mark(writes, mark, now)
        await self._db.commit(writes, *also)

    def _add_mark(self, writes: WriteSet, mark: Mark, now: int) -> None:
        claimed, outbox_id = mark.claimed, mark.claimed.message.id
        if mark.untried and not claimed.again:
            writes.add(statements.UNTRIED, {"row_id": outbox_id, "attempt": claimed.attempt_id})
        if claimed.again:
            self._ledger.release(writes, outbox_id, now)
        if mark.parts:
            self._ledger.take(
                writes, outbox_id, mark.parts, first=mark.number or 0, attempt_id=claimed.attempt_id, now=now
            )
        elif mark.number is not None:
            self._ledger.refuse(writes, outbox_id, mark.number, mark.state, mark.error_code, now)
        ended = mark.state in _ENDED
        values = {
            "row_id": outbox_id,
            "attempt": claimed.attempt_id,
            "new_state": mark.state.value if ended or not claimed.again else DeliveryState.SENT.value,
            # Of what has ended nothing goes again.
            "due": to_ms(mark.due_at) if mark.due_at else 0 if ended and claimed.again else now,
            "error": mark.error_code[:40],
            "now": now,
        }
        writes.add(statements.MARK_AGAIN if claimed.again else statements.MARK, values)
        if ended:
            self._ledger.close(writes, outbox_id, mark.state, mark.error_code, now)

    async def waiting(self) -> Mapping[str, int]:
        """How many messages of each channel are not with a provider yet."""
        return {row.channel: row.number for row in await self._db.fetch(statements.WAITING)}

    async def replies_to(self, cause: str) -> Sequence[OutboundMessage]:
        """What an inbound message, or an event of the system, led to, in order."""
        return [self._message(row) for row in await self._db.fetch(statements.OF_CAUSE, {"of_cause": cause})]

    async def owner(self, provider_id: str) -> str:
        """The id of the message that a provider's id belongs to, or the empty string."""
        return await self._ledger.owner(provider_id)

    async def pull(
        self, channel: str, urn: Urn, shown: Collection[str], count: int = 20
    ) -> Sequence[OutboundMessage]:
        """What waits for a person whose channel cannot be pushed to; `shown` are ids that they have seen.

        What they saw counts as sent; the rest stays queued until they come back.
        """
        lookup = self._vault.lookup(str(urn))
        if shown:
            writes = WriteSet()
            now = to_ms(self._clock.now())
            writes.add(
                statements.PULLED,
                {"urn": lookup, "of_channel": channel, "row_ids": sorted(shown), "now": now},
            )
            await self._db.commit(writes)
        rows = await self._db.fetch(statements.PULLABLE, {"urn": lookup, "channel": channel, "count": count})
        return [self._message(row) for row in rows]

    async def _expire(self, outbox_id: str, now: int) -> None:
        """Give up a message that was never sent in its time; at the next claim, if the store is away now."""
        writes = WriteSet()
        writes.add(statements.EXPIRE, {"row_id": outbox_id, "now": now})
        self._ledger.close(writes, outbox_id, DeliveryState.EXPIRED, "expired", now)
        with suppress(DatabaseUnavailable):
            await self._db.commit(writes, await self._after_failure(outbox_id))

    @staticmethod
    def _claim_params(now: datetime, channel: str) -> dict[str, Any]:
        return {"now": to_ms(now), "head_since": to_ms(now - HEAD_WAIT), "channel": channel}

    async def _opened(self, rows: Sequence[tuple[Row[Any], str, int, datetime]]) -> Sequence[Claimed]:
        """The messages of claimed rows; one that cannot be decrypted is a dead letter and stops no other."""
        claimed = []
        dead = []
        for row, attempt, attempts, at in rows:
            try:
                message = self._message(row)
            except (KeyUnknown, SealBroken):
                dead.append({"row_id": row.id, "now": to_ms(self._clock.now())})
                continue
            claimed.append(
                Claimed(
                    message=message,
                    contact_id=row.contact_id,
                    urn_lookup=row.urn_lookup,
                    attempt_id=attempt,
                    attempts=attempts,
                    attempted_at=at,
                    expires_at=from_ms(row.expires_at),
                )
            )
        if dead:
            writes = WriteSet()
            writes.add(statements.BURY, dead)
            await self._db.commit(writes)
        return claimed

    def _message(self, row: Row[Any]) -> OutboundMessage:
        return opened(row, self._vault)


def set_urn_state(writes: WriteSet, urn_lookup: str, state: str) -> None:
    """Add to a write-set that an address is `active`, `unreachable` or `opted_out`."""
    writes.add(statements.URN_STATE, {"urn": urn_lookup, "new_state": state})
