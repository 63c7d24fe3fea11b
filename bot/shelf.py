"""The shelf: where files lie sealed, in pieces; what is due is taken from it, and what is kept is read from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Row, bindparam, delete, func, insert, literal_column, select, update

from bot.clock import Clock, from_ms, to_ms
from bot.crypto import KEY_BYTES, Vault
from bot.db import Database, WriteSet
from bot.errors import KeyUnknown, SealBroken, Stale
from bot.files.errors import Reason
from bot.files.workshop import CleanFile
from bot.media import REFUSED, STORED, WAITING
from bot.messages import Attachment, MediaKind
from bot.schema import media, media_pieces
from bot.urns import Urn

log = structlog.get_logger()

# So much is written at once: other writes wait no longer than for a long message.
PIECE_BYTES = 256 * 1024
_DAY_MS = 24 * 3600 * 1000
# What was refused within these seconds is told together.
_TOGETHER = timedelta(seconds=5)

_DUE = (
    select(media)
    .where(media.c.due_at > literal_column("0"), media.c.due_at <= bindparam("now"))
    .where(media.c.state == bindparam("in_state"))
    .order_by(media.c.due_at)
    .limit(bindparam("most"))
)
_CLAIM = (
    update(media)
    .where(media.c.id == bindparam("of_id"), media.c.due_at == bindparam("was"))
    .values(due_at=bindparam("until"), attempts=media.c.attempts + 1)
)
_MOVE = update(media).where(media.c.id == bindparam("of_id"), media.c.due_at == bindparam("was"))
_LOSE = _MOVE.values(state=REFUSED, reason=bindparam("because"), due_at=bindparam("then"))
# Its sender is told with tries of their own.
_REFUSE = _LOSE.values(attempts=0, told_sealed=bindparam("told"))
_LATER = _MOVE.values(due_at=bindparam("then"))
_SETTLE = _MOVE.values(due_at=0, told_sealed=bindparam("told"))
_STORE = _MOVE.values(
    state=STORED,
    kind=bindparam("as_kind"),
    due_at=0,
    told_sealed=bindparam("told"),
    key_sealed=bindparam("key"),
    media_type=bindparam("type"),
    size=bindparam("bytes"),
)
_ADD_PIECE = insert(media_pieces)
_CLEAR = delete(media_pieces).where(media_pieces.c.media_id == bindparam("of_id"))
_PIECES = (
    select(media_pieces.c.piece)
    .where(media_pieces.c.media_id == bindparam("of_id"))
    .order_by(media_pieces.c.ordinal)
)
_OF_SUBJECT = (
    select(media).where(media.c.subject == bindparam("of_subject")).order_by(media.c.created_at, media.c.id)
)
_LATELY = (
    select(func.count())
    .select_from(media)
    .where(media.c.contact_id == bindparam("of_contact"), media.c.created_at > bindparam("since"))
    .where(media.c.created_at <= bindparam("until"), media.c.kind != MediaKind.LOCATION)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """Something that this process works on until `until` (milliseconds); `attempts` counts this one."""

    id: str
    contact_id: str
    channel: str
    attachment: Attachment
    urn: Urn | None
    reason: str
    attempts: int
    created_at: int
    until: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One attachment as it stands; `sha256` is that of its bytes, empty while there are none."""

    id: str
    subject: str
    channel: str
    state: str
    reason: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime
    told: Attachment


class Shelf:
    """Claims, stores and reads; any number of processes may."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    async def waiting(self, most: int, seconds: float) -> Sequence[Claimed]:
        """What is to be fetched now, claimed for so many seconds; who dies meanwhile has used up an attempt."""
        return await self._claim(WAITING, most, seconds)

    async def untold(self, most: int, seconds: float) -> Sequence[Claimed]:
        """What was refused and its sender not told, likewise."""
        return await self._claim(REFUSED, most, seconds)

    async def lately(self, claimed: Claimed) -> int:
        """How many files this person had sent within a day when this came."""
        of = {
            "of_contact": claimed.contact_id,
            "since": claimed.created_at - _DAY_MS,
            "until": claimed.created_at,
        }
        row = await self._db.first(_LATELY, of)
        return int(row[0]) if row else 0

    async def store(self, claimed: Claimed, file: CleanFile) -> None:
        """Keep the file; durable on return. Raises Stale when it was erased or taken by another meanwhile."""
        key = os.urandom(KEY_BYTES)
        pieces = [file.data[at : at + PIECE_BYTES] for at in range(0, len(file.data), PIECE_BYTES)]
        cipher = AESGCM(key)
        await self._commit(_CLEAR, {"of_id": claimed.id})
        for ordinal, piece in enumerate(pieces):
            sealed = cipher.encrypt(_nonce(ordinal), piece, _place(claimed.id, ordinal, len(pieces)))
            await self._commit(_ADD_PIECE, {"media_id": claimed.id, "ordinal": ordinal, "piece": sealed})
        about = {"key": key.hex(), "pieces": len(pieces), "sha256": hashlib.sha256(file.data).hexdigest()}
        stored = {
            "of_id": claimed.id,
            "was": claimed.until,
            "as_kind": file.kind,
            "told": self._told(claimed),
            "key": self._vault.seal_json(about, f"media:{claimed.id}"),
            "type": file.media_type,
            "bytes": len(file.data),
        }
        writes = WriteSet()
        writes.add(_STORE, stored, rows=1, otherwise=Stale)
        try:
            await self._db.commit(writes)
        except Stale:
            await self._commit(_CLEAR, {"of_id": claimed.id})
            raise

    async def refuse(self, claimed: Claimed, reason: Reason) -> None:
        """Note that it will never be kept; its sender is told soon, where we know one."""
        then = to_ms(self._clock.now() + _TOGETHER) if claimed.urn else 0
        sender = {"urn": str(claimed.urn)} if claimed.urn else {}
        refused = {"because": reason.value, "then": then, "told": self._told(claimed, **sender)}
        await self._commit(_REFUSE, {"of_id": claimed.id, "was": claimed.until, **refused})

    async def later(self, claimed: Claimed, seconds: float) -> None:
        """Leave it for another attempt after so many seconds."""
        then = to_ms(self._clock.now() + timedelta(seconds=seconds))
        await self._commit(_LATER, {"of_id": claimed.id, "was": claimed.until, "then": then})

    async def settled(self, claimed: Sequence[Claimed]) -> None:
        """Nothing more is to be done about these; who sent them is forgotten."""
        writes = WriteSet()
        rows = [{"of_id": each.id, "was": each.until, "told": self._told(each)} for each in claimed]
        writes.add(_SETTLE, rows)
        await self._db.commit(writes)

    async def of(self, subject: str) -> Sequence[Kept]:
        """What is attached to a subject, in the order in which it came."""
        rows = await self._db.fetch(_OF_SUBJECT, {"of_subject": subject})
        return [self._kept(row) for row in rows]

    async def read(self, kept: Kept) -> bytes:
        """The bytes of a stored file. Raises SealBroken for pieces that are not those that were stored."""
        row = await self._db.first(select(media.c.key_sealed).where(media.c.id == kept.id))
        if row is None or not row.key_sealed:
            raise SealBroken
        about = self._vault.open_json(row.key_sealed, f"media:{kept.id}")
        cipher, count = AESGCM(bytes.fromhex(about["key"])), about["pieces"]
        found = await self._db.fetch(_PIECES, {"of_id": kept.id})
        if len(found) != count:
            raise SealBroken
        try:
            return b"".join(
                cipher.decrypt(_nonce(n), bytes(each.piece), _place(kept.id, n, count))
                for n, each in enumerate(found)
            )
        except InvalidTag:
            raise SealBroken from None

    async def _claim(self, state: str, most: int, seconds: float) -> Sequence[Claimed]:
        now = self._clock.now()
        until = to_ms(now + timedelta(seconds=seconds))
        claimed = []
        for row in await self._db.fetch(_DUE, {"now": to_ms(now), "in_state": state, "most": most}):
            writes = WriteSet()
            writes.add(_CLAIM, {"of_id": row.id, "was": row.due_at, "until": until}, rows=1, otherwise=Stale)
            try:
                await self._db.commit(writes)
            except Stale:
                continue  # another process was faster
            try:
                claimed.append(self._claimed(row, until))
            except (KeyUnknown, SealBroken):
                # Nobody can ever tell where it lies, or whom to tell so.
                log.exception("shelf.unreadable")
                lost = {"of_id": row.id, "was": until, "because": Reason.GONE.value, "then": 0}
                await self._commit(_LOSE, lost)
        return claimed

    def _told(self, claimed: Claimed, **sender: str) -> bytes:
        """What is still known of it, sealed; not where it lay at the provider, which may still open it."""
        told = {"kind": claimed.attachment.kind, "name": claimed.attachment.name}
        return self._vault.seal_json(told | sender, f"media:{claimed.id}")

    def _claimed(self, row: Row[Any], until: int) -> Claimed:
        told = self._vault.open_json(row.told_sealed, f"media:{row.id}")
        urn = told.pop("urn", "")
        return Claimed(
            id=row.id,
            contact_id=row.contact_id,
            channel=row.channel,
            attachment=_attachment(told),
            urn=Urn.parse(urn) if urn else None,
            reason=row.reason,
            attempts=row.attempts + 1,
            created_at=row.created_at,
            until=until,
        )

    def _kept(self, row: Row[Any]) -> Kept:
        told = self._vault.open_json(row.told_sealed, f"media:{row.id}")
        told.pop("urn", "")
        about = self._vault.open_json(row.key_sealed, f"media:{row.id}") if row.key_sealed else {}
        return Kept(
            id=row.id,
            subject=row.subject,
            channel=row.channel,
            state=row.state,
            reason=row.reason,
            media_type=row.media_type,
            size=row.size,
            sha256=about.get("sha256", ""),
            created_at=from_ms(row.created_at),
            told=_attachment(told | {"kind": row.kind}),
        )

    async def _commit(self, statement: Any, params: dict[str, Any]) -> None:
        writes = WriteSet()
        writes.add(statement, params)
        await self._db.commit(writes)


def _attachment(told: dict[str, Any]) -> Attachment:
    return Attachment(**{**told, "kind": MediaKind(told["kind"])})


def _nonce(ordinal: int) -> bytes:
    """Each key seals each piece once."""
    return ordinal.to_bytes(12, "big")


def _place(media_id: str, ordinal: int, count: int) -> bytes:
    """What a piece is bound to: it opens nowhere else, and none can be missing at the end."""
    return f"media:{media_id}:{ordinal}:{count}".encode()
