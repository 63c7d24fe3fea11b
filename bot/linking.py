"""Linking: two addresses turn out to be one person's, or are to be so no longer; each in the commit of its turn.

A channel that vouches for a phone makes its holder and whoever speaks one contact: everything of both is
kept, and what is spoken on goes on. A phone that another account has proven before only changes hands:
what was written stays with that account. An unlinked phone leaves with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Executable, bindparam, delete, func, insert, select, update

from bot.addresses import Holder
from bot.clock import to_ms
from bot.consent import Purpose, RecordConsent, Stand, kept_refusals, write_consent
from bot.correspondence import HAND_OVER, end_follow_ups_at
from bot.db import WriteSet
from bot.effects import EffectContext, EffectWriters
from bot.errors import Stale
from bot.guesses import CarriedGuesses
from bot.retention import DEDUP
from bot.schema import consents, contacts, inbox, media, messages, trackers, urns
from bot.urns import Urn

_DEDUP_MS = int(DEDUP.total_seconds() * 1000)

# Hands the rows of the person `lost` to the person `kept`, for a domain.
Join = Callable[[str, str, WriteSet], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkPhone:
    """Effect: the phone is this person's, says their channel; Stale if it changed hands since `holder` was read.

    `stand` is what the speaker had said to being written to.
    """

    phone: Urn
    holder: Holder | None
    stand: Stand
    scheme: str

    @property
    def joins(self) -> bool:
        """Whether both become one; not where the phone belongs to another account of the same kind."""
        return self.holder is not None and self.scheme not in self.holder.schemes


@dataclass(frozen=True, kw_only=True, slots=True)
class UnlinkPhones:
    """Effect: these phones are this person's no longer; Stale if one was not."""

    phones: tuple[Urn, ...]


_NEW_URN = insert(urns)
_NEW_CONTACT = insert(contacts)
_TAKE = (
    update(urns)
    .where(urns.c.lookup == bindparam("of_lookup"), urns.c.contact_id == bindparam("of_contact"))
    .values(contact_id=bindparam("to_contact"), address_sealed=bindparam("address_sealed"))
)
_NO_TRACKER = delete(trackers).where(
    trackers.c.contact_id == bindparam("lost"), trackers.c.version == bindparam("version")
)
_both = contacts.alias("both")
_KNOWN_SINCE = (
    update(contacts)
    .where(contacts.c.id == bindparam("kept"))
    .values(
        created_at=select(func.min(_both.c.created_at))
        .where(_both.c.id.in_([bindparam("lost"), bindparam("kept_too")]))
        .scalar_subquery()
    )
)
_NO_CONTACT = delete(contacts).where(contacts.c.id == bindparam("lost"))
# What was sent to them is found by the words, which go after it.
_HAND_OVER: tuple[Executable, ...] = (
    *HAND_OVER,
    *(
        update(table).where(table.c.contact_id == bindparam("lost")).values(contact_id=bindparam("kept"))
        for table in (urns, messages, consents, media)
    ),
)
# What somebody else may hold the phone for must not lie under it: the words go, the keys stay.
_BLANK_INBOX = (
    update(inbox)
    .where(inbox.c.urn_lookup == bindparam("of_lookup"), inbox.c.state != "pending")
    .values(message_sealed=b"", purge_at=inbox.c.received_at + _DEDUP_MS)
)


class Linking:
    """Writes the effects; `joins` hand over the rows of the domains, `kept` is how long a silent person is remembered."""

    def __init__(self, guesses: CarriedGuesses, joins: Sequence[Join], kept: timedelta) -> None:
        self._guesses = guesses
        self._joins = joins
        self._kept = kept

    def by_effect(self) -> EffectWriters:
        """The writer of each effect."""
        return {LinkPhone: self.link, UnlinkPhones: self.unlink}

    def link(self, effect: LinkPhone, context: EffectContext, writes: WriteSet) -> None:
        """Add the phone to the person, with all that its holder has where both are one."""
        lookup = context.vault.lookup(str(effect.phone))
        sealed = context.vault.seal(str(effect.phone).encode(), f"urns:{lookup}")
        holder = effect.holder
        if not effect.joins:
            # Somebody else's news must not reach the phone of who holds it now.
            end_follow_ups_at(lookup, context.now, writes, but_of=context.contact_id)
        if holder is None:
            row = {
                "lookup": lookup,
                "contact_id": context.contact_id,
                "scheme": effect.phone.scheme,
                "address_sealed": sealed,
                "state": "active",
                "created_at": to_ms(context.now),
            }
            writes.add(_NEW_URN, row, rows=1, otherwise=Stale)
            return
        if holder.contact_id == context.contact_id:
            return
        # The address first: of two accounts that prove it at once the later finds it gone, and runs again.
        taken = {
            "of_lookup": lookup,
            "of_contact": holder.contact_id,
            "to_contact": context.contact_id,
            "address_sealed": sealed,
        }
        writes.add(_TAKE, taken, rows=1, otherwise=Stale)
        if effect.joins:
            self._join(holder, effect.stand, context, writes)

    def _join(self, holder: Holder, stand: Stand, context: EffectContext, writes: WriteSet) -> None:
        lost, kept = holder.contact_id, context.contact_id
        # A turn of the other address that is under way finds its tracker gone, and runs again as this person.
        tracker = {"lost": lost, "version": holder.version}
        writes.add(_NO_TRACKER, tracker, rows=1 if holder.version else 0, otherwise=Stale)
        for statement in _HAND_OVER:
            writes.add(statement, {"lost": lost, "kept": kept})
        writes.add(_KNOWN_SINCE, {"lost": lost, "kept": kept, "kept_too": kept})
        writes.add(_NO_CONTACT, {"lost": lost})
        self._guesses.move(lost, kept, writes)
        for purpose, topic in kept_refusals(stand, holder.stand):
            write_consent(_refusal(purpose, topic), context, writes)
        for join in self._joins:
            join(lost, kept, writes)

    def unlink(self, effect: UnlinkPhones, context: EffectContext, writes: WriteSet) -> None:
        """Make each phone the address of somebody new, of whom nothing is known."""
        at, purge_at = to_ms(context.now), to_ms(context.now + self._kept)
        for phone in effect.phones:
            lookup, fresh = context.vault.lookup(str(phone)), context.chance.id(context.now)
            taken = {
                "of_lookup": lookup,
                "of_contact": context.contact_id,
                "to_contact": fresh,
                "address_sealed": context.vault.seal(str(phone).encode(), f"urns:{lookup}"),
            }
            writes.add(_TAKE, taken, rows=1, otherwise=Stale)
            row = {"id": fresh, "language": "", "created_at": at, "seen_at": at, "purge_at": purge_at}
            writes.add(_NEW_CONTACT, row, rows=1)
            writes.add(_BLANK_INBOX, {"of_lookup": lookup})
            end_follow_ups_at(lookup, context.now, writes)
            self._guesses.copy(context.contact_id, fresh, writes)


def _refusal(purpose: Purpose, topic: str) -> RecordConsent:
    return RecordConsent(purpose=purpose, granted=False, topic=topic)
