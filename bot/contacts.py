"""People: a contact, its addresses, and what the service remembers of it, loaded in one read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, exists, func, insert, select, update

from bot.clock import Chance, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import SealBroken, Stale
from bot.schema import contacts, inbox, is_pending, trackers, urns
from bot.trackers import TrackerState
from bot.urns import Urn

_PENDING = exists().where(
    inbox.c.urn_lookup == bindparam("lookup"), is_pending(), inbox.c.id < bindparam("before")
)
# One row always: the first message of somebody new may be waiting too.
_ASKED = select(bindparam("lookup", type_=urns.c.lookup.type).label("lookup")).subquery("asked")
_LOAD = select(
    urns.c.contact_id,
    urns.c.state,
    trackers.c.version,
    trackers.c.snapshot_sealed,
    trackers.c.updated_at,
    func.length(urns.c.address_sealed).label("address_bytes"),
    _PENDING.label("pending"),
).select_from(
    _ASKED.outerjoin(urns, urns.c.lookup == _ASKED.c.lookup).outerjoin(
        trackers, trackers.c.contact_id == urns.c.contact_id
    )
)
_NEW_CONTACT = insert(contacts)
_RETURNED = (
    update(urns)
    .where(urns.c.lookup == bindparam("of_lookup"))
    .values(address_sealed=bindparam("address_sealed"))
)
# Whether the address is still this person's: it may have been linked to another, or unlinked, meanwhile.
_STILL = (
    update(urns)
    .where(urns.c.lookup == bindparam("of_lookup"), urns.c.contact_id == bindparam("of_contact"))
    .values(state=urns.c.state)
)
_MOVE_TRACKER = (
    update(trackers)
    .where(trackers.c.contact_id == bindparam("of_contact"), trackers.c.version == bindparam("of_version"))
    .values(
        version=bindparam("version"),
        snapshot_sealed=bindparam("snapshot_sealed"),
        updated_at=bindparam("updated_at"),
        purge_at=bindparam("purge_at"),
    )
)
_SEEN = (
    update(contacts)
    .where(contacts.c.id == bindparam("of_contact"))
    .values(language=bindparam("language"), seen_at=bindparam("seen_at"), purge_at=bindparam("purge_at"))
)
# "Last seen" decides what is forgotten after months: once a day is exact enough.
_SEEN_EVERY_MS = 24 * 3600 * 1000


log = structlog.get_logger()


@dataclass(kw_only=True, slots=True)
class Person:
    """Who wrote.

    `new` when nobody has written from this address before, `pending` when older messages of
    theirs still wait for an answer; `updated_at` is their last turn, in milliseconds. `forgotten`
    when they had themselves erased before they wrote again, `unreached` when a provider said last
    that it cannot bring them our messages.
    """

    contact_id: str
    lookup: str
    urn: Urn
    state: TrackerState
    new: bool
    pending: bool
    forgotten: bool = False
    unreached: bool = False
    language: str = ""
    updated_at: int = 0


class People:
    """Loads a person by address and adds what changed of them to a write-set."""

    def __init__(self, db: Database, vault: Vault, chance: Chance, kept: timedelta) -> None:
        self._db = db
        self._vault = vault
        self._chance = chance
        self._kept = kept
        self._new_tracker = db.insert(trackers).on_conflict_do_nothing()
        self._new_urn = db.insert(urns).on_conflict_do_nothing()

    async def load(self, urn: Urn, lookup: str, now: datetime, before: str = "") -> Person:
        """The person behind an address; somebody new gets an id that is stored with the first turn.

        `before` is the id of a message in the inbox: those that came earlier may be `pending`.
        """
        (row,) = await self._db.fetch(_LOAD, {"lookup": lookup, "before": before})
        if row.contact_id is None:
            contact_id = self._chance.id(now)
            return Person(
                contact_id=contact_id,
                lookup=lookup,
                urn=urn,
                state=TrackerState(contact_id=contact_id),
                new=True,
                pending=bool(row.pending),
            )
        state = self._state(row)
        return Person(
            contact_id=row.contact_id,
            lookup=lookup,
            urn=urn,
            state=state,
            new=False,
            pending=bool(row.pending),
            forgotten=not row.address_bytes,
            unreached=row.state != "active",
            language=state.language,
            updated_at=row.updated_at or 0,
        )

    def _state(self, row: Row[Any]) -> TrackerState:
        if row.snapshot_sealed is None:
            return TrackerState(contact_id=row.contact_id)
        try:
            snapshot = self._vault.open(row.snapshot_sealed, f"trackers:{row.contact_id}")
        except SealBroken:
            # Nobody can ever read it: the person is heard again, from the beginning.
            log.exception("contacts.tracker_unreadable", contact=row.contact_id)
            return TrackerState(contact_id=row.contact_id, version=row.version)
        return TrackerState.load(snapshot, row.version)

    def save(self, person: Person, state: TrackerState, now: datetime, writes: WriteSet) -> None:
        """Add the person's new state; Stale is raised at commit when another turn was faster."""
        at, purge_at = to_ms(now), to_ms(now + self._kept)
        snapshot = self._vault.seal(state.dump(), f"trackers:{person.contact_id}")
        if person.new:
            self._add(person, state, at, purge_at, writes)
        elif person.forgotten:
            writes.add(_RETURNED, {"of_lookup": person.lookup, "address_sealed": self._address(person)})
        if state.version == 0:
            if not person.new:
                # A tracker that exists guards by its version; where there is none, the address does.
                still = {"of_lookup": person.lookup, "of_contact": person.contact_id}
                writes.add(_STILL, still, rows=1, otherwise=Stale)
            row = {
                "contact_id": person.contact_id,
                "version": 1,
                "snapshot_sealed": snapshot,
                "updated_at": at,
                "purge_at": purge_at,
            }
            writes.add(self._new_tracker, row, rows=1, otherwise=Stale)
            return
        move = {
            "of_contact": person.contact_id,
            "of_version": state.version,
            "version": state.version + 1,
            "snapshot_sealed": snapshot,
            "updated_at": at,
            "purge_at": purge_at,
        }
        writes.add(_MOVE_TRACKER, move, rows=1, otherwise=Stale)
        if at - person.updated_at > _SEEN_EVERY_MS or state.language != person.language:
            seen = {
                "of_contact": person.contact_id,
                "language": state.language,
                "seen_at": at,
                "purge_at": purge_at,
            }
            writes.add(_SEEN, seen)

    def _add(self, person: Person, state: TrackerState, at: int, purge_at: int, writes: WriteSet) -> None:
        urn = {
            "lookup": person.lookup,
            "contact_id": person.contact_id,
            "scheme": person.urn.scheme,
            "address_sealed": self._address(person),
            "state": "active",
            "created_at": at,
        }
        contact = {
            "id": person.contact_id,
            "language": state.language,
            "created_at": at,
            "seen_at": at,
            "purge_at": purge_at,
        }
        writes.add(self._new_urn, urn, rows=1, otherwise=Stale)
        writes.add(_NEW_CONTACT, contact)

    def _address(self, person: Person) -> bytes:
        return self._vault.seal(str(person.urn).encode(), f"urns:{person.lookup}")
