"""The ledger of parts: what a provider holds of each message, part by part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, exists, literal_column, select, update

from bot.db import Database, Insert, WriteSet
from bot.messages import DeliveryState
from bot.schema import outbox, outbox_parts

# A part in one of these is with the provider; in the others it is still to be handed over.
HELD = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.IN_DOUBT)

# Literals: a statement that is the same every time is compiled once.
_is_open = outbox_parts.c.state.in_([literal_column(f"'{state.value}'") for state in OPEN])
_OWNERS = select(outbox_parts.c.outbox_id).where(outbox_parts.c.provider_id == bindparam("provider"))
_STATES = select(outbox_parts.c.part, outbox_parts.c.state).where(
    outbox_parts.c.outbox_id == bindparam("row_id")
)
_CLOSE = (
    update(outbox_parts)
    .where(
        outbox_parts.c.outbox_id == bindparam("row_id"),
        _is_open,
        exists().where(outbox.c.id == bindparam("row_id"), outbox.c.state == bindparam("new_state")),
    )
    .values(state=bindparam("new_state"), error_code=bindparam("error"), updated_at=bindparam("now"))
)
_START = (
    update(outbox_parts)
    .where(
        outbox_parts.c.outbox_id.in_(bindparam("row_ids", expanding=True)), outbox_parts.c.state == "queued"
    )
    .values(state="sending", updated_at=bindparam("now"))
)
_RELEASE = (
    update(outbox_parts)
    .where(outbox_parts.c.outbox_id == bindparam("row_id"), outbox_parts.c.state == "sending")
    .values(state="queued", updated_at=bindparam("now"))
)
_IN_FLIGHT = select(outbox_parts.c.outbox_id).where(
    outbox_parts.c.outbox_id.in_(bindparam("row_ids", expanding=True)),
    outbox_parts.c.state.in_(("sending", "in_doubt")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SentPart:
    """A part as the provider knows it; `price` is in hundredths of the pack's currency, 0 when not told."""

    provider_id: str
    state: DeliveryState = DeliveryState.SENT
    price: int = 0


class PartsLedger:
    """Adds what providers tell of parts to write-sets, and finds it again."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._take = _taking(db.insert(outbox_parts))
        self._refuse = _refusing(db.insert(outbox_parts))
        self._await = db.insert(outbox_parts).on_conflict_do_nothing()

    def take(
        self,
        writes: WriteSet,
        outbox_id: str,
        parts: Sequence[SentPart],
        *,
        first: int,
        attempt_id: str,
        now: int,
    ) -> None:
        """Add parts, from the number `first` on, that the provider took in an attempt.

        What a receipt has told of one ahead of this stays. The same attempt is counted and paid once,
        however often it is stored.
        """
        for number, part in enumerate(parts, first):
            row = _row(outbox_id, number, part.state, now)
            told = {"provider_id": part.provider_id, "price": part.price}
            writes.add(self._take, row | told | {"attempts": 1, "attempt_id": attempt_id})

    def refuse(
        self, writes: WriteSet, outbox_id: str, number: int, state: DeliveryState, error_code: str, now: int
    ) -> None:
        """Add why a part is not with the provider; one that it holds stays as it is."""
        writes.add(self._refuse, _row(outbox_id, number, state, now) | {"error_code": error_code[:40]})

    def await_all(self, writes: WriteSet, outbox_id: str, total: int, now: int) -> None:
        """Add every part of a message that nothing is known of: it takes all of them to have arrived."""
        rows = [_row(outbox_id, number, DeliveryState.QUEUED, now) for number in range(total)]
        writes.add(self._await, rows)

    @staticmethod
    def close(writes: WriteSet, outbox_id: str, state: DeliveryState, error_code: str, now: int) -> None:
        """Add that no open part of a message is handed over any more, if that has ended in this state."""
        values = {"row_id": outbox_id, "new_state": state.value, "error": error_code[:40], "now": now}
        writes.add(_CLOSE, values)

    @staticmethod
    def release(writes: WriteSet, outbox_id: str, now: int) -> None:
        """Add that parts of a message that were taken up wait again: the attempt is over."""
        writes.add(_RELEASE, {"row_id": outbox_id, "now": now})

    @staticmethod
    def start(connection: Connection, outbox_ids: Sequence[str], now: int) -> Collection[str]:
        """Take up the waiting parts of messages; those messages, of them, that had parts in flight before."""
        doubtful = connection.execute(_IN_FLIGHT, {"row_ids": outbox_ids}).scalars().all()
        connection.execute(_START, {"row_ids": outbox_ids, "now": now})
        return set(doubtful)

    async def missing(self, outbox_id: str, total: int) -> Sequence[int]:
        """The numbers of the parts, of `total`, that the provider is not known to hold."""
        rows = await self._db.fetch(_STATES, {"row_id": outbox_id})
        held = {row.part for row in rows if row.state in HELD}
        return [number for number in range(total) if number not in held]

    async def owner(self, provider_id: str) -> str:
        """The id of the message that a provider's id belongs to, or the empty string."""
        row = await self._db.first(_OWNERS, {"provider": provider_id})
        return "" if row is None else str(row.outbox_id)


def _taking(insertion: Insert) -> Insert:
    """A part that was taken over what is known of it."""
    old, new = outbox_parts.c, insertion.excluded
    again = old.attempt_id != new.attempt_id
    return insertion.on_conflict_do_update(
        index_elements=["outbox_id", "part"],
        set_={
            "provider_id": new.provider_id,
            "state": case((_is_open, new.state), else_=old.state),
            "error_code": case((_is_open, new.error_code), else_=old.error_code),
            "price": old.price + case((again, new.price), else_=0),
            "attempts": old.attempts + case((again, 1), else_=0),
            "attempt_id": new.attempt_id,
            "updated_at": new.updated_at,
        },
    )


def _refusing(insertion: Insert) -> Insert:
    """A part that was not taken over what is known of it."""
    new = insertion.excluded
    return insertion.on_conflict_do_update(
        index_elements=["outbox_id", "part"],
        set_={"state": new.state, "error_code": new.error_code, "updated_at": new.updated_at},
        where=_is_open,
    )


def _row(outbox_id: str, number: int, state: DeliveryState, now: int) -> dict[str, Any]:
    """A part that no attempt has brought anywhere."""
    return {
        "outbox_id": outbox_id,
        "part": number,
        "provider_id": "",
        "state": state.value,
        "error_code": "",
        "price": 0,
        "updated_at": now,
        "attempts": 0,
        "attempt_id": "",
    }
