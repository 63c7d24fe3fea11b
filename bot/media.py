"""Media: what came with messages besides words, as rows that a turn writes and others attach or erase."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from bot.clock import from_ms, id_from, to_ms
from bot.db import WriteSet
from bot.effects import EffectContext, EffectWriters
from bot.errors import Duplicate
from bot.messages import Attachment, MediaKind
from bot.retention import Rule
from bot.schema import media, media_pieces

# The `purge_at` of what is attached: it goes with what it is attached to.
NEVER = to_ms(datetime(9999, 1, 1, tzinfo=UTC))
WAITING, STORED, REFUSED = "waiting", "stored", "refused"
_ID_DIGITS = 26
# An upload's pieces have this before an id that begins with its time, and no row here: ids of rows are hexadecimal.
UPLOAD = "u"
# So long the collector may be away; without the row that has their key they are noise from the beginning.
_UPLOADS_KEPT = timedelta(days=7)
# Each is overwritten piece by piece where the database overwrites what it frees.
_FILES = 5

_INSERT = insert(media)
_ATTACH = (
    update(media)
    .where(media.c.id == bindparam("of_id"), media.c.contact_id == bindparam("of_contact"))
    .where(media.c.subject == "", media.c.purge_at > 0)
    .values(subject=bindparam("to_subject"), purge_at=NEVER)
)
_LOOSE = media.c.contact_id == bindparam("of_contact"), media.c.subject == ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeepMedia:
    """Effect: what came with the message of this key is fetched and kept until it is attached, or its time is over."""

    message: str
    attachments: tuple[Attachment, ...]


def media_id(message: str, position: int) -> str:
    """The id of what stands at a position (from 0) in the message of this key."""
    return hashlib.sha256(f"{message}/{position}".encode()).hexdigest()[:_ID_DIGITS]


class MediaWriter:
    """Writes `KeepMedia`; `loose` is how long something is kept that is attached to nothing."""

    def __init__(self, loose: timedelta) -> None:
        self._loose = loose

    def by_effect(self) -> EffectWriters:
        """The writer of the effect."""
        return {KeepMedia: self.write}

    def write(self, effect: KeepMedia, context: EffectContext, writes: WriteSet) -> None:
        """Add a row for each; the commit raises Duplicate where they were kept before."""
        now = to_ms(context.now)
        rows = []
        for position, each in enumerate(effect.attachments):
            row_id = media_id(effect.message, position)
            here = each.kind is MediaKind.LOCATION
            # Of a place nothing is ever told to its sender: it is there at once.
            told = asdict(each) | ({} if here else {"urn": str(context.urn or "")})
            rows.append(
                {
                    "id": row_id,
                    "contact_id": context.contact_id,
                    "subject": "",
                    "channel": context.channel,
                    "kind": each.kind,
                    "state": STORED if here else WAITING,
                    "reason": "",
                    "attempts": 0,
                    "due_at": 0 if here else now,
                    "told_sealed": context.vault.seal_json(told, f"media:{row_id}"),
                    "key_sealed": b"",
                    "media_type": "",
                    "size": 0,
                    "created_at": now,
                    "purge_at": to_ms(context.now + self._loose),
                }
            )
        writes.add(_INSERT, rows, rows=len(rows), otherwise=Duplicate)


def attach(ids: Collection[str], contact_id: str, subject: str, writes: WriteSet) -> None:
    """Add that these, as far as they are this person's and still loose, belong to a subject and stay as long as it."""
    rows = [{"of_id": each, "of_contact": contact_id, "to_subject": subject} for each in ids]
    if rows:
        writes.add(_ATTACH, rows)


# With its key a file is gone; what is left of it is a matter of minutes for retention, not of a turn.
ERASED: Mapping[str, Any] = MappingProxyType(
    {"subject": "", "told_sealed": b"", "key_sealed": b"", "due_at": 0, "purge_at": 0}
)
# All of a person's that is attached to nothing.
FORGET_LOOSE = update(media).where(*_LOOSE).values(ERASED)

_DUE = (
    select(media.c.id)
    .where(media.c.purge_at <= bindparam("now"))
    .order_by(media.c.purge_at)
    .limit(bindparam("batch"))
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ERASE_OF = update(media).where(media.c.subject.in_(_IDS)).values(ERASED)
_DELETE_PIECES = delete(media_pieces).where(media_pieces.c.media_id.in_(_IDS))
_FORGET_UPLOADS = delete(media_pieces).where(
    media_pieces.c.media_id >= UPLOAD, media_pieces.c.media_id < bindparam("before")
)
_DELETE = delete(media).where(media.c.id.in_(_IDS))


def media_rule() -> Rule:
    """The rule for `bot.retention.purge`: it comes after those of what media is attached to."""
    return Rule(name="media", erase=_erase, most=_FILES)


def erase_of(subjects: Sequence[str], connection: Connection) -> None:
    """Erase what is attached to these, in the transaction in which they go."""
    connection.execute(_ERASE_OF, {"ids": list(subjects)})


def _erase(connection: Connection, now: int, batch: int) -> int:
    ids = list(connection.execute(_DUE, {"now": now, "batch": batch}).scalars())
    if ids:
        connection.execute(_DELETE_PIECES, {"ids": ids})
        connection.execute(_DELETE, {"ids": ids})
    connection.execute(_FORGET_UPLOADS, {"before": UPLOAD + id_from(from_ms(now) - _UPLOADS_KEPT)})
    return len(ids)
