"""Joining: parts of messages are kept in the database until all have come, in any order; then the whole is taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, Protocol

import structlog
from sqlalchemy import Row, bindparam, delete, insert, select, true, update

from bot.clock import Clock, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import KeyUnknown, SealBroken
from bot.messages import Ignored, InboundEvent, InboundMessage
from bot.retention import Rule, by_date
from bot.schema import inbound_parts
from bot.urns import Urn
from channels.base import Accepted, InboundPart

WAIT = timedelta(minutes=10)
# Parts that are over are known again for so long: a provider may bring one a second time.
_KEPT = timedelta(hours=1)
# Stands for parts that never came.
_GAP = "\u2026"
_MOST = 200

_OF_GROUP = (
    select(inbound_parts)
    .where(inbound_parts.c.group_lookup == bindparam("of_group"))
    .order_by(inbound_parts.c.number)
)
_INSERT = insert(inbound_parts)
_FORGET = delete(inbound_parts).where(inbound_parts.c.group_lookup == bindparam("of_group"))
_OVER = (
    update(inbound_parts)
    .where(inbound_parts.c.id == bindparam("of_id"))
    .values(waiting=False, part_sealed=b"")
)
_OVERDUE = (
    select(inbound_parts.c.group_lookup)
    .where(inbound_parts.c.waiting == true(), inbound_parts.c.received_at <= bindparam("before"))
    .distinct()
    .limit(_MOST)
)

log = structlog.get_logger()


class Taking(Protocol):
    """What takes whole events: the intake."""

    async def take(self, channel: str, event: InboundEvent) -> Accepted:
        """Durable on return. Raises DatabaseUnavailable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """A part as it is kept."""

    id: str
    number: int
    total: int
    waiting: bool
    content: str
    message: InboundMessage | None


class Joining:
    """Takes events; `mended` makes one text of those of the parts. Any number of processes may hold one.

    A part is stored, and with that taken. The whole is taken under the id of its first part, by
    whoever brings the last one, and again by nobody: taken twice, it is a duplicate.
    """

    def __init__(
        self,
        *,
        intake: Taking,
        db: Database,
        vault: Vault,
        clock: Clock,
        mended: Callable[[Sequence[str]], str],
        wait: timedelta = WAIT,
    ) -> None:
        self._intake = intake
        self._db = db
        self._vault = vault
        self._clock = clock
        self._mended = mended
        self._wait = wait
        self._turn = asyncio.Lock()

    async def take(self, channel: str, event: InboundEvent | InboundPart) -> Accepted:
        """Take an event, or store a part; durable on return. Raises DatabaseUnavailable."""
        if not isinstance(event, InboundPart):
            return await self._intake.take(channel, event)
        group = self._vault.lookup(f"{channel}/{event.message.urn}/{event.group}")
        async with self._turn:
            kept = await self._kept(group)
            same = next((each for each in kept if each.number == event.number), None)
            content = self._vault.lookup(f"{event.total}/{event.message.text!a}")
            if same is not None and same.content == content:
                done = Accepted(event=event.message, kind="duplicate")
            else:
                if same is not None:
                    # The sender's phone counts its messages from the start again.
                    await self._hand_over(kept, "reused")
                    kept = []
                await self._store(group, content, event, forget=same is not None)
                done = Accepted(event=event.message, kind="part")
                kept = await self._kept(group)
        if _is_whole(kept):
            await self._hand_over(kept, "")
        return done

    async def sweep(self) -> int:
        """Take what has come of messages whose other parts do not come; how many messages that were."""
        before = to_ms(self._clock.now() - self._wait)
        rows = await self._db.fetch(_OVERDUE, {"before": before})
        for row in rows:
            async with self._turn:
                kept = await self._kept(row.group_lookup)
                await self._hand_over(kept, "" if _is_whole(kept) else "incomplete_message")
        return len(rows)

    async def _hand_over(self, kept: Sequence[_Kept], reason: str) -> None:
        """Take one message of the waiting parts, and only then count them as over."""
        waiting = [each for each in kept if each.waiting]
        readable = [(each, each.message) for each in waiting if each.message is not None]
        if readable:
            message = readable[0][1]
            texts = [readable[0][1].text]
            for (before, _), (after, part) in pairwise(readable):
                texts += [part.text] if after.number == before.number + 1 else [_GAP, part.text]
            if reason:
                log.warning("joining.incomplete", channel=message.channel, reason=reason, parts=len(readable))
                await self._intake.take(message.channel, Ignored(reason=reason))
            await self._intake.take(message.channel, replace(message, text=self._mended(texts)))
        writes = WriteSet()
        for each in waiting:
            writes.add(_OVER, {"of_id": each.id})
        await self._db.commit(writes)

    async def _store(self, group: str, content: str, part: InboundPart, *, forget: bool) -> None:
        now = self._clock.now()
        row_id = self._vault.lookup(f"{group}/{part.number}")
        writes = WriteSet()
        if forget:
            writes.add(_FORGET, {"of_group": group})
        values = {
            "id": row_id,
            "group_lookup": group,
            "number": part.number,
            "total": part.total,
            "waiting": True,
            "content_lookup": content,
            "part_sealed": self._vault.seal(_dumped(part.message), f"inbound_parts:{row_id}"),
            "received_at": to_ms(now),
            "purge_at": to_ms(now + self._wait + _KEPT),
        }
        writes.add(_INSERT, values)
        await self._db.commit(writes)

    async def _kept(self, group: str) -> Sequence[_Kept]:
        return [self._read(row) for row in await self._db.fetch(_OF_GROUP, {"of_group": group})]

    def _read(self, row: Row[Any]) -> _Kept:
        message = None
        if row.waiting:
            try:
                message = _loaded(self._vault.open(row.part_sealed, f"inbound_parts:{row.id}"))
            except (KeyUnknown, SealBroken):
                log.warning("joining.unreadable")
        return _Kept(
            id=row.id,
            number=row.number,
            total=row.total,
            waiting=row.waiting,
            content=row.content_lookup,
            message=message,
        )


def joining_rule() -> Rule:
    """Erases parts that are over."""
    return Rule(name="inbound parts", erase=by_date(inbound_parts, inbound_parts.c.id))


def _is_whole(kept: Sequence[_Kept]) -> bool:
    waiting = [each for each in kept if each.waiting]
    return bool(waiting) and len(waiting) == waiting[0].total


def _dumped(message: InboundMessage) -> bytes:
    """In ASCII: half a character is no UTF-8."""
    values = {
        "channel": message.channel,
        "external_id": message.external_id,
        "urn": str(message.urn),
        "text": message.text,
        "received_at": to_ms(message.received_at),
        "recipient": message.recipient,
    }
    return json.dumps(values).encode("ascii")


def _loaded(data: bytes) -> InboundMessage:
    values = json.loads(data)
    return InboundMessage(
        channel=values["channel"],
        external_id=values["external_id"],
        urn=Urn.parse(values["urn"]),
        text=values["text"],
        received_at=from_ms(values["received_at"]),
        recipient=values["recipient"],
    )
