"""Leases: what only one process may do at a time, such as a scheduler or a bind, held in the database."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, or_

from bot.clock import Clock, to_ms
from bot.db import Database, WriteSet
from bot.errors import Taken
from bot.schema import leases

_RELEASE = delete(leases).where(
    leases.c.name == bindparam("of_name"), leases.c.owner == bindparam("of_owner")
)


class Leases:
    """The leases of one process, whose name `owner` no other process shares."""

    def __init__(self, db: Database, clock: Clock, owner: str) -> None:
        self._db = db
        self._clock = clock
        self._owner = owner

    async def hold(self, name: str, seconds: float) -> bool:
        """Take the lease or extend it for `seconds` from now; False while another process has it."""
        now = to_ms(self._clock.now())
        row = {"name": name, "owner": self._owner, "until_at": now + round(seconds * 1000)}
        take = self._db.insert(leases).values(row)
        mine_or_free = or_(leases.c.owner == self._owner, leases.c.until_at <= now)
        writes = WriteSet()
        writes.add(
            take.on_conflict_do_update(
                index_elements=["name"],
                set_={"owner": take.excluded.owner, "until_at": take.excluded.until_at},
                where=mine_or_free,
            ),
            rows=1,
            otherwise=Taken,
        )
        try:
            await self._db.commit(writes)
        except Taken:
            return False
        return True

    async def release(self, name: str) -> None:
        """Let go of a lease before its time, so that another process need not wait; one that is not ours stays."""
        writes = WriteSet()
        writes.add(_RELEASE, {"of_name": name, "of_owner": self._owner})
        await self._db.commit(writes)
