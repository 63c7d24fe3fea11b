"""Opt-outs told by providers: recorded as the person's word, unless so many come that a fault is likelier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam, select

from bot.clock import Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import Conflict
from bot.limits import Limits
from bot.messages import Reachability
from bot.outbox import set_urn_state
from bot.schema import urns

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOut:
    """A provider said that a person stopped us there; `proof` is its code and our message's id."""

    contact_id: str
    urn_lookup: str
    channel: str
    cause: str
    proof: str
    at: datetime


OnOptOut = Callable[[OptOut, WriteSet], None]


_PERSON = select(urns.c.contact_id, urns.c.state).where(urns.c.lookup == bindparam("lookup"))


class OptOuts:
    """Records opt-outs: the state of the address, and what the subscriber adds, in one commit.

    More than `limit` in `seconds` on one channel are not believed: nothing is recorded and an
    alarm is logged, for one wrong provider error must not unsubscribe everyone.
    """

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        limits: Limits,
        clock: Clock,
        on_opt_out: OnOptOut,
        limit: int = 20,
        seconds: float = 600.0,
    ) -> None:
        self._db = db
        self._vault = vault
        self._limits = limits
        self._clock = clock
        self._on_opt_out = on_opt_out
        self._limit = limit
        self._seconds = seconds

    async def hear(self, event: Reachability) -> bool:
        """Record what was told outside a send; False when nobody is known by that address.

        To be reachable again brings no consent back: only the person's own word does.
        """
        lookup = self._vault.lookup(str(event.urn))
        row = await self._db.first(_PERSON, {"lookup": lookup})
        if row is None:
            return False
        if event.reachable:
            writes = WriteSet()
            set_urn_state(writes, lookup, "active")
            await self._db.commit(writes)
            return True
        return await self.record(
            told_in=event.external_id,
            contact_id=row.contact_id,
            urn_lookup=lookup,
            channel=event.channel,
            code="stopped",
        )

    async def record(
        self, *, told_in: str, contact_id: str, urn_lookup: str, channel: str, code: str
    ) -> bool:
        """Record one; False when there are too many to be believed. A repetition changes nothing.

        `told_in` is the id of our message that it answered, or of the provider's event.
        """
        if await self._limits.take(f"opt-outs:{channel}", self._limit, self._seconds) > 0:
            log.error("delivery.mass_opt_out", channel=channel, code=code, limit=self._limit)
            return False
        state = WriteSet()
        set_urn_state(state, urn_lookup, "opted_out")
        await self._db.commit(state)
        # The address may have become another's since the message was written: linked, or unlinked.
        row = await self._db.first(_PERSON, {"lookup": urn_lookup})
        contact_id = row.contact_id if row else contact_id
        opt_out = OptOut(
            contact_id=contact_id,
            urn_lookup=urn_lookup,
            channel=channel,
            cause=f"opt-out:{told_in}",
            proof=f"{channel} {code} {told_in}",
            at=self._clock.now(),
        )
        writes = WriteSet()
        self._on_opt_out(opt_out, writes)
        try:
            await self._db.commit(writes)
        except Conflict:
            log.info("delivery.opt_out_known", channel=channel)
        return True
