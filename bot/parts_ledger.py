"""The ledger of parts: what a provider holds of each message, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from bot.db import Database, WriteSet
from bot.messages import DeliveryState
from bot.schema import outbox_parts

_OWNERS = select(outbox_parts.c.outbox_id).where(outbox_parts.c.provider_id == bindparam("provider"))


@dataclass(frozen=True, kw_only=True, slots=True)
class SentPart:
    """A part as the provider knows it; `price` is in hundredths of the pack's currency."""

    provider_id: str
    state: DeliveryState = DeliveryState.SENT
    price: int = 0


class PartsLedger:
    """Adds what providers tell of parts to write-sets, and finds it again."""

    def __init__(self, db: Database) -> None:
        self._db = db
        insertion = db.insert(outbox_parts)
        # A receipt may come before the mark: its state stays.
        self._add = insertion.on_conflict_do_update(
            index_elements=["outbox_id", "part"],
            set_={"provider_id": insertion.excluded.provider_id, "price": insertion.excluded.price},
        )

    def add(self, writes: WriteSet, outbox_id: str, parts: Sequence[SentPart], now: int) -> None:
        """Add the parts of a message that was taken whole."""
        for number, part in enumerate(parts):
            writes.add(self._add, _values(outbox_id, number, part, now))

    async def owner(self, provider_id: str) -> str:
        """The id of the message that a provider's id belongs to, or the empty string."""
        row = await self._db.first(_OWNERS, {"provider": provider_id})
        return "" if row is None else str(row.outbox_id)


def _values(outbox_id: str, number: int, part: SentPart, now: int) -> dict[str, Any]:
    return {
        "outbox_id": outbox_id,
        "part": number,
        "provider_id": part.provider_id,
        "state": part.state.value,
        "error_code": "",
        "price": part.price,
        "updated_at": now,
    }
