"""The addresses of a person: which there are, and who holds one that somebody else has just proven to be theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select

from bot.consent import Stand, stand
from bot.crypto import Vault
from bot.db import Database
from bot.errors import KeyUnknown, SealBroken
from bot.schema import trackers, urns
from bot.trackers import TrackerState
from bot.urns import Urn

PHONE = "tel"

_OF_CONTACT = (
    select(urns)
    .where(urns.c.contact_id == bindparam("contact_id"))
    .order_by(urns.c.created_at, urns.c.lookup)
)
_HOLDER = (
    select(urns.c.contact_id, trackers.c.version, trackers.c.snapshot_sealed)
    .select_from(urns.outerjoin(trackers, trackers.c.contact_id == urns.c.contact_id))
    .where(urns.c.lookup == bindparam("lookup"))
)
_SCHEMES = select(urns.c.scheme).where(urns.c.contact_id == bindparam("contact_id"))
_STATE = select(urns.c.state).where(urns.c.lookup == bindparam("lookup"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Whose an address is, as read: `version` is that of their tracker, 0 where there is none.

    `schemes` are those of their addresses that are no phones, `stand` what they said to being written to,
    `talk` what is remembered of their conversation.
    """

    contact_id: str
    version: int
    schemes: frozenset[str]
    stand: Stand
    talk: TrackerState


class Addresses:
    """Reads them; an address that was erased, or that nobody here can open, is left out."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def of(self, contact_id: str) -> Sequence[Urn]:
        """A person's addresses, the first known first."""
        rows = await self._db.fetch(_OF_CONTACT, {"contact_id": contact_id})
        return [urn for urn in map(self._open, rows) if urn]

    async def phone_of(self, contact_id: str) -> Urn | None:
        """The phone of a person, the latest where there are several; None where none can be written to."""
        rows = await self._db.fetch(_OF_CONTACT, {"contact_id": contact_id})
        phones = [self._open(row) for row in rows if row.scheme == PHONE and row.state != "opted_out"]
        return next((urn for urn in reversed(phones) if urn), None)

    async def stopped(self, urn: Urn) -> bool:
        """Whether a provider told that whoever holds an address has stopped us there."""
        row = await self._db.first(_STATE, {"lookup": self._vault.lookup(str(urn))})
        return row is not None and row.state == "opted_out"

    async def holder(self, urn: Urn) -> Holder | None:
        """Whose an address is; None where nobody has written from it."""
        row = await self._db.first(_HOLDER, {"lookup": self._vault.lookup(str(urn))})
        if row is None:
            return None
        schemes = await self._db.fetch(_SCHEMES, {"contact_id": row.contact_id})
        return Holder(
            contact_id=row.contact_id,
            version=row.version or 0,
            schemes=frozenset(each.scheme for each in schemes) - {PHONE},
            stand=await stand(self._db, row.contact_id),
            talk=self._talk(row),
        )

    async def stand(self, contact_id: str) -> Stand:
        """What a person last said to being written to."""
        return await stand(self._db, contact_id)

    def _talk(self, row: Row[Any]) -> TrackerState:
        nothing = TrackerState(contact_id=row.contact_id)
        if row.snapshot_sealed is None:
            return nothing
        try:
            snapshot = self._vault.open(row.snapshot_sealed, f"trackers:{row.contact_id}")
        except (KeyUnknown, SealBroken):
            return nothing
        return TrackerState.load(snapshot, row.version)

    def _open(self, row: Row[Any]) -> Urn | None:
        try:
            return Urn.parse(self._vault.open(row.address_sealed, f"urns:{row.lookup}").decode())
        except (KeyUnknown, SealBroken):
            return None
