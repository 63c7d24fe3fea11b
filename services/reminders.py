"""What people asked to be told later: on a day, or when a service works again.

Asking is the consent: whoever asks is written to about that and nothing else, once. A reminder is
sealed; its row tells only whose it is, when it is due and which service it waits for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from bot.clock import Clock, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext, EffectWriters
from bot.errors import Duplicate, KeyUnknown, SealBroken, Stale
from bot.schema import urns
from bot.urns import Urn
from services.tables import reminders

MOST_WAITING = 5  # a person
# A row is kept so long after it was sent or cancelled, or should have been.
KEPT = timedelta(days=30)
# How long somebody waits for a service to come back before we forget that they do.
_PATIENCE = timedelta(days=180)
_ON_EVENT = 0  # the `due_at` of what is due when something happens


class ReminderKind(StrEnum):
    """What makes it due: a day, or that a service works again."""

    DAY = "reminder"
    SERVICE_BACK = "service_back"


@dataclass(frozen=True, kw_only=True, slots=True)
class AskReminder:
    """Effect: the person wants to be told.

    `about` is what of, in their words or empty where `service` says it; `due_at` is None for what
    waits for an event; `replaces` is the id of one of theirs that this one takes the place of.
    """

    kind: ReminderKind
    about: str = ""
    service: str = ""
    due_at: datetime | None = None
    replaces: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelReminders:
    """Effect: the person no longer wants the reminder with this id; with none, no reminder at all."""

    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseReminder:
    """Effect: the person has been told; Stale if the reminder was cancelled meanwhile."""

    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminder:
    """A reminder that waits; `urn` is None where it was asked for from nowhere that could be written to."""

    id: str
    contact_id: str
    kind: ReminderKind
    about: str
    service: str
    due_at: datetime | None
    channel: str
    urn: Urn | None


_INSERT = insert(reminders)
_CLOSE = (
    update(reminders)
    .where(
        reminders.c.id == bindparam("of_id"),
        reminders.c.contact_id == bindparam("of_contact"),
        reminders.c.state == "waiting",
    )
    .values(state=bindparam("to"), purge_at=bindparam("forget_at"))
)
_CANCEL_ALL = (
    update(reminders)
    .where(reminders.c.contact_id == bindparam("of_contact"), reminders.c.state == "waiting")
    .values(state="cancelled", purge_at=bindparam("forget_at"))
)
_CANCEL_SAME = (
    update(reminders)
    .where(
        reminders.c.contact_id == bindparam("of_contact"),
        reminders.c.state == "waiting",
        reminders.c.kind == bindparam("of_kind"),
        reminders.c.service == bindparam("of_service"),
    )
    .values(state="cancelled", purge_at=bindparam("forget_at"))
)
_WAITING = (
    select(reminders)
    .where(reminders.c.contact_id == bindparam("contact_id"), reminders.c.state == "waiting")
    .order_by(reminders.c.due_at, reminders.c.id)
)
_DUE = (
    select(reminders)
    .where(reminders.c.state == "waiting", reminders.c.due_at.between(1, bindparam("now")))
    .order_by(reminders.c.due_at, reminders.c.id)
    .limit(bindparam("most"))
)
_AWAITED = (
    select(reminders.c.service)
    .where(
        reminders.c.state == "waiting",
        reminders.c.due_at == _ON_EVENT,
        reminders.c.kind == ReminderKind.SERVICE_BACK.value,
    )
    .distinct()
)
_IS_BACK = (
    update(reminders)
    .where(
        reminders.c.state == "waiting",
        reminders.c.due_at == _ON_EVENT,
        reminders.c.kind == ReminderKind.SERVICE_BACK.value,
        reminders.c.service == bindparam("of_service"),
    )
    .values(due_at=bindparam("from_now"), purge_at=bindparam("forget_at"))
)
_ADDRESS = select(urns.c.contact_id, urns.c.state).where(urns.c.lookup == bindparam("lookup"))
_POSTPONE = (
    update(reminders)
    .where(reminders.c.id == bindparam("of_id"), reminders.c.state == "waiting")
    .values(due_at=bindparam("later"))
)


def reminder_writers() -> EffectWriters:
    """The writer of each effect."""
    return {AskReminder: write_asked, CancelReminders: write_cancelled, CloseReminder: write_closed}


def write_asked(effect: AskReminder, context: EffectContext, writes: WriteSet) -> None:
    """Add a waiting row; of several waits for one service the last one counts."""
    forget_at = to_ms(context.now + KEPT)
    if effect.replaces:
        _close(effect.replaces, "cancelled", context, writes)
    if effect.kind is ReminderKind.SERVICE_BACK:
        same = {"of_contact": context.contact_id, "of_kind": effect.kind.value, "of_service": effect.service}
        writes.add(_CANCEL_SAME, same | {"forget_at": forget_at})
    row_id = context.chance.id(context.now)
    request = {"about": effect.about, "channel": context.channel, "urn": str(context.urn or "")}
    row = {
        "id": row_id,
        "contact_id": context.contact_id,
        "kind": effect.kind.value,
        "service": effect.service,
        "state": "waiting",
        "request_sealed": context.vault.seal_json(request, f"reminders:{row_id}"),
        "effect_key": context.cause,
        "due_at": to_ms(effect.due_at) if effect.due_at else _ON_EVENT,
        "created_at": to_ms(context.now),
        "purge_at": to_ms(effect.due_at + KEPT if effect.due_at else context.now + _PATIENCE),
    }
    writes.add(_INSERT, row, rows=1, otherwise=Duplicate)


def write_cancelled(effect: CancelReminders, context: EffectContext, writes: WriteSet) -> None:
    """Cancel one, Stale if it waits no more; or all there are."""
    if effect.id:
        _close(effect.id, "cancelled", context, writes)
        return
    forget_at = to_ms(context.now + KEPT)
    writes.add(_CANCEL_ALL, {"of_contact": context.contact_id, "forget_at": forget_at})


def write_closed(effect: CloseReminder, context: EffectContext, writes: WriteSet) -> None:
    """Note that it was said; Stale if it waits no more."""
    _close(effect.id, "sent", context, writes)


class Reminders:
    """Reads what waits, and knows when a service is back."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    async def waiting(self, contact_id: str) -> Sequence[Reminder]:
        """What a person waits for: events first, then days, the nearest first."""
        return list(self._read(await self._db.fetch(_WAITING, {"contact_id": contact_id})))

    async def due(self, most: int = 100) -> Sequence[Reminder]:
        """What people are to be told by now, the longest overdue first; what cannot be read is cancelled."""
        rows = await self._db.fetch(_DUE, {"now": to_ms(self._clock.now()), "most": most})
        readable = list(self._read(rows))
        known = {reminder.id for reminder in readable}
        for row in rows:
            if row.id not in known:
                await self.drop(row.id, row.contact_id)
        return readable

    async def reachable(self, reminder: Reminder) -> bool:
        """Whether its person can still be written to: not erased since, and no opt-out at the provider."""
        if reminder.urn is None:
            return False
        row = await self._db.first(_ADDRESS, {"lookup": self._vault.lookup(str(reminder.urn))})
        return row is not None and row.contact_id == reminder.contact_id and row.state != "opted_out"

    async def drop(self, reminder_id: str, contact_id: str) -> None:
        """Cancel one that can never be sent."""
        writes = WriteSet()
        forget_at = to_ms(self._clock.now() + KEPT)
        values = {"of_id": reminder_id, "of_contact": contact_id, "to": "cancelled", "forget_at": forget_at}
        writes.add(_CLOSE, values)
        await self._db.commit(writes)

    async def postpone(self, reminder_id: str, until: datetime) -> None:
        """Try one again later."""
        writes = WriteSet()
        writes.add(_POSTPONE, {"of_id": reminder_id, "later": to_ms(until)})
        await self._db.commit(writes)

    async def awaited(self) -> Sequence[str]:
        """The services that somebody waits for."""
        return [row.service for row in await self._db.fetch(_AWAITED)]

    async def service_is_back(self, service: str) -> None:
        """Have everybody told who waits for this service."""
        now = self._clock.now()
        writes = WriteSet()
        values = {"of_service": service, "from_now": to_ms(now), "forget_at": to_ms(now + KEPT)}
        writes.add(_IS_BACK, values)
        await self._db.commit(writes)

    def _read(self, rows: Sequence[Row[Any]]) -> Iterator[Reminder]:
        for row in rows:
            try:
                request = self._vault.open_json(row.request_sealed, f"reminders:{row.id}")
            except (KeyUnknown, SealBroken):
                continue
            yield Reminder(
                id=row.id,
                contact_id=row.contact_id,
                kind=ReminderKind(row.kind),
                about=request["about"],
                service=row.service,
                due_at=from_ms(row.due_at) if row.due_at else None,
                channel=request["channel"],
                urn=Urn.parse(request["urn"]) if request["urn"] else None,
            )


def _close(reminder_id: str, state: str, context: EffectContext, writes: WriteSet) -> None:
    values = {
        "of_id": reminder_id,
        "of_contact": context.contact_id,
        "to": state,
        "forget_at": to_ms(context.now + KEPT),
    }
    writes.add(_CLOSE, values, rows=1, otherwise=Stale)
