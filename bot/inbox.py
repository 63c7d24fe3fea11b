"""The inbox: every message is taken once, and those that could not be answered at once wait here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, exists, select, update

from bot.clock import Chance, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import Duplicate, KeyUnknown, SealBroken
from bot.messages import Attachment, InboundMessage, MediaKind, SessionEvent
from bot.schema import inbox, is_pending
from bot.urns import Urn

ATTEMPTS = 5
_older = inbox.alias("older")
# A message whose next attempt is still to come holds back what its person wrote after it.
_held_back = exists().where(
    _older.c.urn_lookup == inbox.c.urn_lookup,
    is_pending(_older),
    _older.c.id < inbox.c.id,
    _older.c.due_at > bindparam("now"),
)
_PENDING = (
    select(inbox)
    .where(is_pending(), inbox.c.due_at <= bindparam("now"), ~_held_back)
    .order_by(inbox.c.id)
    .limit(bindparam("most"))
)
_FAULT = (
    update(inbox)
    .where(inbox.c.id == bindparam("of_id"), is_pending())
    .values(
        state=bindparam("state"),
        attempts=bindparam("attempts"),
        due_at=bindparam("due_at"),
        error=bindparam("error"),
    )
)
_ANY_NAMED = (
    select(inbox.c.id)
    .where(
        inbox.c.channel == bindparam("of_channel"),
        inbox.c.external_id >= bindparam("first"),
        inbox.c.external_id < bindparam("behind"),
    )
    .limit(1)
)
_BURY = (
    update(inbox)
    .where(inbox.c.id == bindparam("of_id"), is_pending())
    .values(state="failed", error="unreadable")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A message that waits for its answer, with the number of attempts that failed."""

    id: str
    message: InboundMessage
    attempts: int


class Inbox:
    """Adds inbound rows to write-sets and finds those that still wait."""

    def __init__(self, db: Database, vault: Vault, chance: Chance, kept: timedelta) -> None:
        self._db = db
        self._vault = vault
        self._chance = chance
        self._kept = kept
        new = db.insert(inbox)
        self._wait = new.on_conflict_do_nothing()
        self._take = new.on_conflict_do_update(
            index_elements=[inbox.c.channel, inbox.c.external_id],
            set_={"state": new.excluded.state, "error": new.excluded.error},
            where=is_pending(),
        )

    def row_id(self, now: datetime) -> str:
        """The id of a row, made when its message comes: the order of ids is that in which a person wrote."""
        return self._chance.id(now)

    def take(
        self, row_id: str, message: InboundMessage, lookup: str, now: datetime, writes: WriteSet
    ) -> None:
        """Mark as answered, with the turn; the commit raises Duplicate when it was answered before."""
        writes.add(self._take, self._row(row_id, message, lookup, now, "done"), rows=1, otherwise=Duplicate)

    def wait(
        self, row_id: str, message: InboundMessage, lookup: str, now: datetime, writes: WriteSet
    ) -> None:
        """Keep for the worker; a message that is here already stays as it is."""
        writes.add(self._wait, self._row(row_id, message, lookup, now, "pending"))

    def fault(self, waiting: Waiting, now: datetime, error: str, writes: WriteSet) -> bool:
        """Note a failed attempt: the next comes later each time; true after the last, a dead letter.

        The commit raises Duplicate when the message was answered meanwhile.
        """
        attempts = waiting.attempts + 1
        dead = attempts >= ATTEMPTS
        values = {
            "of_id": waiting.id,
            "state": "failed" if dead else "pending",
            "attempts": attempts,
            "due_at": to_ms(now + timedelta(seconds=2**attempts)),
            "error": error,
        }
        writes.add(_FAULT, values, rows=1, otherwise=Duplicate)
        return dead

    async def has_any(self, channel: str, first: str, behind: str) -> bool:
        """Whether a message came by the channel whose external id is from `first` to before `behind`."""
        params = {"of_channel": channel, "first": first, "behind": behind}
        return await self._db.first(_ANY_NAMED, params) is not None

    async def waiting(self, now: datetime, most: int = 100) -> Sequence[Waiting]:
        """Messages due for an attempt and next in turn for their person, oldest first.

        One that cannot be decrypted is a dead letter and stops no other.
        """
        readable, dead = [], []
        for row in await self._db.fetch(_PENDING, {"now": to_ms(now), "most": most}):
            try:
                readable.append(self._read(row))
            except (KeyUnknown, SealBroken):
                dead.append({"of_id": row.id})
        if dead:
            writes = WriteSet()
            writes.add(_BURY, dead)
            await self._db.commit(writes)
        return readable

    def _row(
        self, row_id: str, message: InboundMessage, lookup: str, now: datetime, state: str
    ) -> dict[str, Any]:
        return {
            "channel": message.channel,
            "external_id": message.external_id,
            "id": row_id,
            "urn_lookup": lookup,
            "state": state,
            "attempts": 0,
            "due_at": to_ms(now),
            "message_sealed": self._vault.seal_json(_dump(message), f"inbox:{row_id}"),
            "error": "",
            "received_at": to_ms(message.received_at),
            "purge_at": to_ms(now + self._kept),
        }

    def _read(self, row: Row[Any]) -> Waiting:
        stored = self._vault.open_json(row.message_sealed, f"inbox:{row.id}")
        message = _load(stored, row.channel, row.external_id, from_ms(row.received_at))
        return Waiting(id=row.id, message=message, attempts=row.attempts)


def _dump(message: InboundMessage) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "urn": str(message.urn),
        "text": message.text,
        "recipient": message.recipient,
        "payload": message.payload,
        "language": message.language,
        "session": message.session or "",
        "session_id": message.session_id,
    }
    if message.attachments:
        stored["attachments"] = [asdict(each) for each in message.attachments]
    if message.proven:
        stored["proven"] = str(message.proven)
    if message.reply_token:
        stored["reply_token"] = message.reply_token
    return stored


def _load(stored: dict[str, Any], channel: str, external_id: str, received_at: datetime) -> InboundMessage:
    return InboundMessage(
        channel=channel,
        external_id=external_id,
        urn=Urn.parse(stored["urn"]),
        text=stored["text"],
        received_at=received_at,
        recipient=stored["recipient"],
        payload=stored["payload"],
        language=stored["language"],
        session=SessionEvent(stored["session"]) if stored["session"] else None,
        session_id=stored["session_id"],
        attachments=tuple(_attachment(each) for each in stored.get("attachments", ())),
        proven=Urn.parse(stored["proven"]) if "proven" in stored else None,
        reply_token=stored.get("reply_token", ""),
    )


def _attachment(stored: dict[str, Any]) -> Attachment:
    return Attachment(**{**stored, "kind": MediaKind(stored["kind"])})
