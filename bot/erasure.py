"""Erasure: what a person asks to have forgotten goes in the commit of their message; what it needs stays.

Whoever still waits for an answer keeps an address until it has come. Everybody keeps a word that
they are not to be written to, under a hash of the address that tells nobody which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Select, bindparam, delete, select, update

from bot.clock import to_ms
from bot.consent import Purpose, RecordConsent, write_consent
from bot.db import WriteSet
from bot.effects import EffectContext, EffectWriter, EffectWriters
from bot.media import FORGET_LOOSE
from bot.retention import DEDUP
from bot.schema import consents, contacts, inbox, messages, outbox, trackers, urns

_DEDUP_MS = DEDUP.total_seconds() * 1000


@dataclass(frozen=True, slots=True)
class ForgetPerson:
    """Effect: the person wants everything erased that nobody has to work on any more."""


class Erasure:
    """Writes `ForgetPerson`; `held` selects the ids of people who wait for something, `parts` erase for the domains."""

    def __init__(self, held: Select[Any], parts: Sequence[EffectWriter]) -> None:
        self._statements = (*_FORGOTTEN, *_kept_while(held))
        self._parts = parts

    def by_effect(self) -> EffectWriters:
        """The writer of the effect."""
        return {ForgetPerson: self.write}

    def write(self, effect: ForgetPerson, context: EffectContext, writes: WriteSet) -> None:
        """Add the statements; they find this very turn's words too, if it was added before."""
        of = {"of_contact": context.contact_id, "now_ms": to_ms(context.now)}
        for statement in self._statements:
            writes.add(statement, of)
        for purpose in (Purpose.AWARENESS, Purpose.SURVEYS):
            write_consent(RecordConsent(purpose=purpose, granted=False), context, writes)
        for part in self._parts:
            part(effect, context, writes)


_OWN_LOOKUPS = select(urns.c.lookup).where(urns.c.contact_id == bindparam("of_contact"))
_FORGOTTEN: tuple[Executable, ...] = (
    delete(messages).where(messages.c.contact_id == bindparam("of_contact")),
    delete(trackers).where(trackers.c.contact_id == bindparam("of_contact")),
    delete(consents).where(consents.c.contact_id == bindparam("of_contact")),
    FORGET_LOOSE,
    # The key of a message outlives its words: a provider may deliver it again.
    update(inbox)
    .where(inbox.c.urn_lookup.in_(_OWN_LOOKUPS), inbox.c.state != "pending")
    .values(message_sealed=b"", purge_at=inbox.c.received_at + int(_DEDUP_MS)),
    # What is on its way is sent first; retention takes the row within the hour.
    update(outbox).where(outbox.c.contact_id == bindparam("of_contact")).values(purge_at=bindparam("now_ms")),
)


def _kept_while(held: Select[Any]) -> tuple[Executable, ...]:
    return (
        update(urns)
        .where(urns.c.contact_id == bindparam("of_contact"), urns.c.contact_id.not_in(held))
        .values(address_sealed=b""),
        # Who waits is forgotten by retention as soon as the wait is over.
        update(contacts)
        .where(contacts.c.id == bindparam("of_contact"), contacts.c.id.in_(held))
        .values(purge_at=bindparam("now_ms")),
        update(contacts).where(contacts.c.id == bindparam("of_contact")).values(language=""),
    )
