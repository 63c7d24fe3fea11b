"""Follow-up: what mattered and did not reach a person where they write goes once to their phone, if they agreed to that.

It is written with the mark that says so, under an id that follows from the message that failed: told
of the failure twice, or by two at once, it goes once. Whoever stopped us is not followed up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, exists, literal_column, select

from bot.addresses import PHONE, Addresses
from bot.clock import Clock, to_ms
from bot.consent import Purpose, current
from bot.correspondence import FOLLOW_UP
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable, KeyUnknown, SealBroken
from bot.messages import OutboundMessage, Priority
from bot.outbox_rows import opened, row_of
from bot.rendering import DEFAULT_BUDGET
from bot.schema import contacts, outbox
from bot.sending import SendingHours
from bot.spending import Spending
from bot.text.parts import count
from bot.text.typography import plain
from bot.urns import Urn

_TIME_DIGITS = 16  # of an id: the moment, and the order within it

_FAILED = (
    select(outbox, contacts.c.language)
    .select_from(outbox.outerjoin(contacts, contacts.c.id == outbox.c.contact_id))
    .where(outbox.c.id == bindparam("failed"))
)
_failed = outbox.alias("failed")
_STILL_FAILED = exists().where(
    _failed.c.id == bindparam("failed_id"),
    _failed.c.state.in_([literal_column("'failed'"), literal_column("'expired'")]),
)
# A row that is only written where the message has failed, by the end of this very commit.
_IF_FAILED = select(
    *(bindparam(f"new_{column.name}", type_=column.type).label(column.name) for column in outbox.c)
).where(_STILL_FAILED)

log = structlog.get_logger()


class FollowUp:
    """Writes follow-ups; `routes` name for a channel the one that follows it up.

    `short` puts into few words, in a language, what is too long for the phone.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        db: Database,
        vault: Vault,
        clock: Clock,
        routes: Mapping[str, str],
        hours: SendingHours,
        spending: Spending,
        may_write: Callable[[Urn], bool],
        short: Callable[[str, str], str],
        kept: timedelta,
    ) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._routes = routes
        self._hours = hours
        self._spending = spending
        self._may_write = may_write
        self._short = short
        self._kept = kept
        self._addresses = Addresses(db, vault)
        names = [column.name for column in outbox.c]
        self._write = db.insert(outbox).from_select(names, _IF_FAILED).on_conflict_do_nothing()

    async def after(self, outbox_id: str) -> WriteSet:
        """What is to be written with the mark that this message has failed for good; nothing for most."""
        if not self._routes:
            return WriteSet()
        try:
            return await self._after(outbox_id)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # a fault here must not keep the mark itself from being written
            log.exception("follow_up.fault", error=type(error).__name__)
            return WriteSet()

    async def _after(self, outbox_id: str) -> WriteSet:
        writes = WriteSet()
        row = await self._db.first(_FAILED, {"failed": outbox_id})
        if row is None or row.channel not in self._routes or row.priority >= Priority.BROADCAST:
            return writes
        try:
            failed = opened(row, self._vault)
        except (KeyUnknown, SealBroken):
            return writes
        if not failed.matters or not await current(self._db, row.contact_id, Purpose.FOLLOW_UP):
            return writes
        phone = await self.phone(row.contact_id, failed.urn)
        if phone is None or not await self._spending.allows():
            return writes
        self._add(failed, phone, row, writes)
        log.info("follow_up.written", channel=row.channel, by=self._routes[row.channel])
        return writes

    async def phone(self, contact_id: str, urn: Urn) -> Urn | None:
        """The phone that is written to: the linked one, else the one that the address itself is made of."""
        phone = await self._addresses.phone_of(contact_id)
        if phone is None and urn.phone and urn.scheme != PHONE:
            phone = Urn(PHONE, urn.phone)
        if phone is None or not self._may_write(phone) or await self._addresses.stopped(phone):
            return None
        return phone

    def _add(self, failed: OutboundMessage, phone: Urn, row: Any, writes: WriteSet) -> None:
        now = self._clock.now()
        text = plain(failed.text)
        if (parts := count(text)) > DEFAULT_BUDGET:
            text = plain(self._short(failed.text, row.language or ""))
            parts = count(text)
        message = OutboundMessage(
            id=_derived(failed.id),
            channel=self._routes[failed.channel],
            urn=phone,
            text=text,
            cause=f"{FOLLOW_UP}{failed.id}",
            created_at=now,
            priority=Priority.NOTICE,
        )
        values = row_of(
            message,
            contact_id=row.contact_id,
            urn_lookup=self._vault.lookup(str(phone)),
            vault=self._vault,
            purge_at=to_ms(now + self._kept),
        )
        values["due_at"] = to_ms(self._decent(now))
        self._spending.add(parts)
        writes.add(
            self._write, {f"new_{name}": value for name, value in values.items()} | {"failed_id": failed.id}
        )

    def _decent(self, now: datetime) -> datetime:
        """Now, or the next hour in which nobody is woken."""
        if self._hours.allow(now):
            return now
        today = now.astimezone(self._hours.zone).date()
        begins = self._hours.begin_of(today)
        return begins if begins > now else self._hours.begin_of(today + timedelta(days=1))


def _derived(outbox_id: str) -> str:
    """The id of the follow-up of a message: as old as that, so that several keep their order."""
    digest = hashlib.sha256(f"{FOLLOW_UP}{outbox_id}".encode()).hexdigest()
    return outbox_id[:_TIME_DIGITS] + digest[: len(outbox_id) - _TIME_DIGITS]
