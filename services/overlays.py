"""What staff changed, live: kept in the database, held in memory, and nowhere read while a message waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import orjson
import structlog
from sqlalchemy import Row, bindparam, insert, or_, select, update

from bot.clock import Chance, Clock, from_ms, to_ms
from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable, Stale
from services.centres import Centre, Centres
from services.changes import Change, ChangeKind, StoredChange, centre_of, overlay_of
from services.errors import ChangeRefused, NotInForce
from services.layers import FOREVER, Overlay
from services.tables import overlays
from services.view import Services

# How long another process may go on saying what was changed here.
EVERY_SECONDS = 3.0
_OPEN = 0  # the `valid_to` and `withdrawn_at` of what has no end

# Called with the id of a service that works again, once nothing says any more that it does not.
OnBack = Callable[[str], Awaitable[None]]

T = TypeVar("T")

log = structlog.get_logger()

_INSERT = insert(overlays)
_STANDING = (
    select(overlays)
    .where(
        overlays.c.withdrawn_at == _OPEN,
        or_(overlays.c.valid_to == _OPEN, overlays.c.valid_to > bindparam("now")),
    )
    .order_by(overlays.c.created_at, overlays.c.id)
)
_ALL = select(overlays).order_by(overlays.c.created_at, overlays.c.id)
_ONE = select(overlays).where(overlays.c.id == bindparam("of_id"))
_WITHDRAW = (
    update(overlays)
    .where(overlays.c.id == bindparam("of_id"), overlays.c.withdrawn_at == _OPEN)
    .values(withdrawn_at=bindparam("at"), body=bindparam("said"))
)


class Judge(Protocol):
    """Finds what is wrong with a change."""

    def reasons(self, change: Change, live: Sequence[Overlay], now: datetime) -> list[str]:
        """Why it cannot be made; nothing if it can."""


async def nobody_waits(service: str) -> None:
    """The hook where nobody is told that a service is back."""
    del service


class Overlays:
    """Makes and takes back changes, and hands those in force to the services and the centres."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        chance: Chance,
        services: Services,
        centres: Centres,
        judge: Judge,
        on_back: OnBack = nobody_waits,
    ) -> None:
        self._db = db
        self._clock = clock
        self._chance = chance
        self.services = services
        self.centres = centres
        self._judge = judge
        self._on_back = on_back
        self._zone = services.catalogue.pack.zone
        self._rows: tuple[Any, ...] | None = None
        self._changes: Sequence[StoredChange] = ()
        self._changed: Sequence[Centre] = ()
        self._misfits: set[str] = set()

    async def run(self, every: float = EVERY_SECONDS) -> None:
        """Take over what other processes changed, every so many seconds, until cancelled."""
        while True:
            try:
                await self.refresh()
            except DatabaseUnavailable:
                log.warning("overlays.database_unavailable")
            await asyncio.sleep(every)

    async def refresh(self) -> None:
        """Take over what stands in the database now."""
        rows = await self._db.fetch(_STANDING, {"now": to_ms(self._clock.now())})
        plain = tuple(tuple(row) for row in rows)
        if plain != self._rows:
            self._rows, self._changes = plain, list(_readable(rows))
        elif self._changed == self._centres_now():
            return
        self._changed = self._centres_now()
        self.centres.put(self._changed)
        self.services.put(self._overlays())

    async def make(self, change: Change, by: str) -> str:
        """Make a change in somebody's name; its id. Raises ChangeRefused."""
        await self.refresh()
        now = self._clock.now()
        reasons = self._judge.reasons(change, self.services.live, now)
        if reasons:
            raise ChangeRefused(reasons)
        id_, writes = self._chance.id(now), WriteSet()
        writes.add(_INSERT, _row(id_, change, by, now), rows=1)
        await self._db.commit(writes)
        await self.refresh()
        log.info("overlays.made", id=id_, kind=change.kind.value, service=change.service, by=by)
        return id_

    async def withdraw(self, id_: str, by: str) -> StoredChange:
        """Take a change back in somebody's name, and tell whoever waits for what works again.

        Raises NotInForce for an unknown one, and for one withdrawn or over.
        """
        now = self._clock.now()
        row = await self._db.first(_ONE, {"of_id": id_})
        stored = next(_readable([row]), None) if row else None
        if stored is None or not stored.stands(now):
            raise NotInForce
        writes = WriteSet()
        said = orjson.dumps({**stored.change.body, "withdrawn_by": by}).decode()
        writes.add(_WITHDRAW, {"of_id": id_, "at": to_ms(now), "said": said}, rows=1)
        try:
            await self._db.commit(writes)
        except Stale:  # by somebody else, meanwhile
            raise NotInForce from None
        await self.refresh()
        log.info("overlays.withdrawn", id=id_, kind=stored.change.kind.value, by=by)
        for service in self._back(stored.change, now):
            await self._on_back(service)
        return stored

    async def history(self) -> Sequence[StoredChange]:
        """Every change ever made, the first one first."""
        return list(_readable(await self._db.fetch(_ALL)))

    def _overlays(self) -> list[Overlay]:
        made = (
            self._applied(each, lambda each: overlay_of(each.id, each.change, self._zone))
            for each in self._changes
            if each.change.kind is not ChangeKind.CENTRE
        )
        return [overlay for overlay in made if overlay]

    def _centres_now(self) -> list[Centre]:
        """Every centre that was changed, as it is after the last of its changes that has begun."""
        now, changed = self._clock.now(), dict[str, Centre]()

        def made(stored: StoredChange) -> Centre:
            where = stored.change.where
            return centre_of(stored.change, changed.get(where) or self.centres.seed.get(where))

        for each in self._changes:
            if each.change.kind is ChangeKind.CENTRE and each.change.begins <= now:
                centre = self._applied(each, made)
                if centre:
                    changed[centre.id] = centre
        return list(changed.values())

    def _applied(self, stored: StoredChange, make: Callable[[StoredChange], T]) -> T | None:
        """What a change makes; None if the pack or the release no longer fit it, which is logged once."""
        try:
            return make(stored)
        except (KeyError, TypeError, ValueError) as error:
            if stored.id not in self._misfits:
                log.warning("overlays.misfit", id=stored.id, error=type(error).__name__)
            self._misfits.add(stored.id)
            return None

    def _back(self, change: Change, now: datetime) -> list[str]:
        """The services that this notice kept from working, and that nothing keeps from it now."""
        if change.kind is not ChangeKind.NOTICE or not change.body["outage"]:
            return []
        concerned = [change.service] if change.service else list(self.services.catalogue.services)
        return [service for service in concerned if not self.services.is_down(service, now)]


def _row(id_: str, change: Change, by: str, now: datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": change.kind.value,
        "service": change.service,
        "place": "" if change.kind is ChangeKind.CENTRE else change.where,
        "centre": change.where if change.kind is ChangeKind.CENTRE else "",
        "body": orjson.dumps(change.body).decode(),
        "valid_from": to_ms(change.begins),
        "valid_to": _OPEN if change.ends == FOREVER else to_ms(change.ends),
        "created_by": by,
        "created_at": to_ms(now),
        "withdrawn_at": _OPEN,
    }


def _readable(rows: Iterable[Row[Any]]) -> Iterator[StoredChange]:
    """The changes of the rows; one that this release cannot read is left out, and said in the log."""
    for row in rows:
        try:
            yield _stored(row)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("overlays.unreadable", id=row.id, error=type(error).__name__)


def _stored(row: Row[Any]) -> StoredChange:
    body = orjson.loads(row.body)
    return StoredChange(
        id=row.id,
        change=Change(
            kind=ChangeKind(row.kind),
            service=row.service,
            where=row.centre or row.place,
            body={key: value for key, value in body.items() if key != "withdrawn_by"},
            begins=from_ms(row.valid_from),
            ends=FOREVER if row.valid_to == _OPEN else from_ms(row.valid_to),
        ),
        created_by=row.created_by,
        created_at=from_ms(row.created_at),
        withdrawn_by=body.get("withdrawn_by", ""),
        withdrawn_at=None if row.withdrawn_at == _OPEN else from_ms(row.withdrawn_at),
    )
