"""Delivery reports: what providers say became of a message, applied so that it only moves forward."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from bot.clock import Clock, to_ms
from bot.db import Database, WriteSet
from bot.errors import Stale
from bot.messages import DeliveryReport, DeliveryState
from bot.outbox import UNKNOWN_OUTCOME, nothing_more
from bot.parts_ledger import HELD, OPEN, PartsLedger
from bot.schema import outbox, outbox_parts

_RANK = {
    DeliveryState.QUEUED: 0,
    DeliveryState.SENDING: 1,
    DeliveryState.IN_DOUBT: 1,
    DeliveryState.SENT: 2,
    DeliveryState.DELIVERED: 3,
    DeliveryState.FAILED: 3,
    DeliveryState.EXPIRED: 3,
    DeliveryState.READ: 4,
}
_BAD = (DeliveryState.FAILED, DeliveryState.EXPIRED)
# A part that failed for a cause that may pass goes again after so many seconds, and so often.
_PAUSES = (60, 600)
# Reports of several parts meet; each try reads what the other left.
_TRIES = 8

_BY_ID = select(outbox).where(outbox.c.id == bindparam("row_id"), outbox.c.channel == bindparam("channel"))
_BY_PROVIDER_ID = (
    select(outbox)
    .join(outbox_parts, outbox_parts.c.outbox_id == outbox.c.id)
    .where(outbox_parts.c.provider_id == bindparam("provider"), outbox.c.channel == bindparam("channel"))
)
_PARTS = (
    select(outbox_parts).where(outbox_parts.c.outbox_id == bindparam("row_id")).order_by(outbox_parts.c.part)
)
_MOVE = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("row_id"),
        outbox.c.state == bindparam("old_state"),
        outbox.c.updated_at == bindparam("old_time"),
    )
    .values(
        state=bindparam("new_state"),
        error_code=bindparam("error"),
        again_at=bindparam("again"),
        updated_at=bindparam("new_time"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """The message that a report is about; `moved` tells whether the report changed its state."""

    id: str
    contact_id: str
    urn_lookup: str
    channel: str
    state: DeliveryState
    moved: bool = False


def later(old: DeliveryState, new: DeliveryState) -> bool:
    """Whether a state may follow another: only forward; failed, expired and read are final."""
    return old not in _BAD and _RANK[new] > _RANK[old]


def combined(states: Collection[DeliveryState]) -> DeliveryState:
    """The state of a message from those of its parts: one bad part spoils it, else the slowest part tells."""
    for bad in _BAD:
        if bad in states:
            return bad
    return min(states, key=_RANK.__getitem__)


class Receipts:
    """Applies delivery reports to the outbox; late, repeated and backward ones change nothing."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        after_failure: Callable[[str], Awaitable[WriteSet]] = nothing_more,
    ) -> None:
        """`after_failure` tells what is to be written with the mark of a message that failed after all."""
        self._after_failure = after_failure
        self._db = db
        self._clock = clock
        insertion = db.insert(outbox_parts)
        self._move_part = insertion.on_conflict_do_update(
            index_elements=["outbox_id", "part"],
            set_={
                "state": insertion.excluded.state,
                "error_code": insertion.excluded.error_code,
                "updated_at": insertion.excluded.updated_at,
            },
        )

    async def find(self, report: DeliveryReport) -> Reported | None:
        """The message of the report's channel that it is about, unchanged; None for an unknown one."""
        row = await self._row(report)
        return None if row is None else _reported(row, DeliveryState(row.state))

    async def apply(self, report: DeliveryReport, *also: WriteSet) -> Reported | None:
        """Store what a report changes, and `also` with it; None when it is about no message of its channel.

        Raises Stale when other reports of the same message kept getting in first.
        """
        for _ in range(_TRIES):
            row = await self._row(report)
            if row is None:
                return None
            parts = await self._db.fetch(_PARTS, {"row_id": row.id})
            writes = WriteSet()
            state = self._collect(writes, row, parts, report)
            failed = state in _BAD and state.value != row.state and not report.opted_out
            more = await self._after_failure(row.id) if failed else WriteSet()
            try:
                await self._db.commit(writes, *also, more)
            except Stale:
                continue
            return _reported(row, state)
        raise Stale

    async def _row(self, report: DeliveryReport) -> Row[Any] | None:
        row = None
        if report.outbound_id:
            row = await self._db.first(_BY_ID, {"row_id": report.outbound_id, "channel": report.channel})
        if row is None and report.provider_id:
            params = {"provider": report.provider_id, "channel": report.channel}
            row = await self._db.first(_BY_PROVIDER_ID, params)
        return row

    def _collect(
        self, writes: WriteSet, row: Row[Any], parts: Sequence[Row[Any]], report: DeliveryReport
    ) -> DeliveryState:
        """Add the changes to the write-set; the state of the message after them."""
        meant = _parts_meant(parts, report)
        numbers = [each for each in meant if _concerns(row, parts, each, report)]
        if not numbers and (meant or report.state in _BAD):
            # It is known, or of an attempt that another one has replaced.
            return DeliveryState(row.state)
        now = to_ms(self._clock.now())
        again_at = self._again_at(row, parts, numbers, report, now)
        new_part = DeliveryState.QUEUED if again_at else report.state
        states = {part.part: _state(part) for part in parts} | dict.fromkeys(numbers, new_part)
        for number in numbers:
            writes.add(self._move_part, _part_values(row, number, report, now) | {"state": new_part.value})
        new = combined(states.values()) if numbers else report.state
        moved = later(_state(row), new)
        state = new if moved else DeliveryState(row.state)
        waits = state not in _BAD and any(each in OPEN for each in states.values())
        values = {
            "row_id": row.id,
            "old_state": row.state,
            "old_time": row.updated_at,
            "new_state": state.value,
            "error": report.error_code[:40] if moved else row.error_code,
            "again": min(filter(None, (row.again_at, again_at)), default=0) if waits else 0,
            # Always another value: reports of two parts at once notice each other.
            "new_time": max(now, row.updated_at + 1),
        }
        writes.add(_MOVE, values, rows=1)
        if moved and state in _BAD:
            PartsLedger.close(writes, row.id, state, report.error_code, now)
        return state

    @staticmethod
    def _again_at(
        row: Row[Any], parts: Sequence[Row[Any]], numbers: Sequence[int], report: DeliveryReport, now: int
    ) -> int:
        """When what the report is about is handed over again; 0 when it is not."""
        tried = max((part.attempts for part in parts if part.part in numbers), default=0)
        over = row.state in _BAD or report.state not in _BAD
        if over or not report.retryable or not 0 < tried <= len(_PAUSES):
            return 0
        again_at = now + _PAUSES[tried - 1] * 1000
        return again_at if again_at < row.expires_at else 0


def _state(row: Row[Any]) -> DeliveryState:
    """The state to move on from: what was given up in doubt may still turn out to have arrived."""
    if row.state == DeliveryState.FAILED and row.error_code == UNKNOWN_OUTCOME:
        return DeliveryState.IN_DOUBT
    return DeliveryState(row.state)


def _concerns(row: Row[Any], parts: Sequence[Row[Any]], number: int, report: DeliveryReport) -> bool:
    """Whether a report changes what is known of a part."""
    part = next((each for each in parts if each.part == number), None)
    if part is None:
        # Ahead of the mark. Of a message that waits again, an earlier attempt has failed once more.
        return report.state not in _BAD or _state(row) is not DeliveryState.QUEUED
    state = _state(part)
    if part.attempts and state not in (*HELD, *_BAD):
        # It is to go again, as it failed: only that it arrived after all is news.
        return _RANK[report.state] >= _RANK[DeliveryState.DELIVERED] and report.state not in _BAD
    return later(state, report.state)


def _parts_meant(parts: Sequence[Row[Any]], report: DeliveryReport) -> list[int]:
    """The parts that a report is about; none for an attempt that a later one has replaced.

    A provider that takes a message whole has one id for all its parts, or none at all.
    """
    if not parts:
        return [0]
    known = [part.part for part in parts if part.provider_id == report.provider_id]
    if known or (report.provider_id and all(part.provider_id for part in parts)):
        return known
    return [part.part for part in parts]


def _part_values(row: Row[Any], number: int, report: DeliveryReport, now: int) -> dict[str, Any]:
    return {
        "outbox_id": row.id,
        "part": number,
        "provider_id": report.provider_id[:120],
        "state": report.state.value,
        "error_code": report.error_code[:40],
        "price": 0,
        "updated_at": now,
        "attempts": 0,
        "attempt_id": "",
    }


def _reported(row: Row[Any], state: DeliveryState) -> Reported:
    return Reported(
        id=row.id,
        contact_id=row.contact_id,
        urn_lookup=row.urn_lookup,
        channel=row.channel,
        state=state,
        moved=state.value != row.state,
    )
