"""Repeats: by channels without ids, the same words from the same sender within seconds are one message.

A gateway that got no answer in time brings a message again, at once or by another of its processes.
A person may well say "1" twice, but not in so short a time: each answer is read first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import bindparam, or_, select

from bot.clock import Chance, Clock, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.messages import InboundMessage
from bot.schema import repeats

WITHIN = timedelta(seconds=10)
# A store that does not answer is asked again by the gateway; what it asked before must still be known.
_KEPT = timedelta(hours=1)

_WITHIN_MS = WITHIN // timedelta(milliseconds=1)
_NAMED = select(repeats.c.external_id).where(repeats.c.lookup == bindparam("of_lookup"))


class Repeats:
    """Gives an id to messages that came without one; any number of processes may."""

    def __init__(self, db: Database, vault: Vault, clock: Clock, chance: Chance) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._chance = chance
        new = db.insert(repeats)
        self._renew = new.on_conflict_do_update(
            index_elements=[repeats.c.lookup],
            set_={
                "external_id": new.excluded.external_id,
                "at": new.excluded.at,
                "purge_at": new.excluded.purge_at,
            },
            # A clock that was set back must not make everything a repetition.
            where=or_(
                repeats.c.at <= new.excluded.at - _WITHIN_MS, repeats.c.at > new.excluded.at + _WITHIN_MS
            ),
        )

    async def named(self, message: InboundMessage) -> InboundMessage:
        """The message with an id: that of the same words a moment ago, or a new one. Raises DatabaseUnavailable.

        Two processes that ask at once get the same: the row of the words is the lock. With a `stamp` a
        message that its gateway brings again later has the same id too.
        """
        said = (message.channel, str(message.urn), message.recipient, message.text)
        files = (each.reference for each in message.attachments)
        lookup = self._vault.lookup("\0".join((*said, *files)))
        now = self._clock.now()
        fresh = self._vault.lookup(f"{lookup}\0{message.stamp}") if message.stamp else self._chance.id(now)
        writes = WriteSet()
        external_id = f"unnamed-{fresh}"
        values = {
            "lookup": lookup,
            "external_id": external_id,
            "at": to_ms(now),
            "purge_at": to_ms(now + _KEPT),
        }
        writes.add(self._renew, values)
        await self._db.commit(writes)
        row = await self._db.first(_NAMED, {"of_lookup": lookup})
        return replace(message, external_id=row.external_id if row else external_id)
