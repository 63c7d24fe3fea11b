"""Uploads: files that people hand to us themselves, sealed in pieces until the collector makes them safe."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Executable, bindparam, delete, insert, select

from bot.clock import Chance, Clock
from bot.crypto import KEY_BYTES
from bot.db import Database, WriteSet
from bot.files.errors import NotKept, Reason
from bot.media import UPLOAD
from bot.schema import media_pieces

# So much is written at once: other writes wait no longer than for a long message.
PIECE_BYTES = 256 * 1024
_ID_DIGITS = 26
_REFERENCE = re.compile(
    rf"({UPLOAD}[0-9a-f]{{{_ID_DIGITS - 1}}})\.([0-9a-f]{{{2 * KEY_BYTES}}})\.(\d{{1,5}})"
)

_ADD = insert(media_pieces)
_PIECES = (
    select(media_pieces.c.piece)
    .where(media_pieces.c.media_id == bindparam("of_id"))
    .order_by(media_pieces.c.ordinal)
)
_DROP = delete(media_pieces).where(media_pieces.c.media_id == bindparam("of_id"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file that lies here, and the key that opens it, which nobody has but who is given this."""

    id: str
    key: bytes
    pieces: int

    @property
    def reference(self) -> str:
        """The same as text, for `bot.messages.Attachment`."""
        return f"{self.id}.{self.key.hex()}.{self.pieces}"

    @classmethod
    def parse(cls, reference: str) -> Self | None:
        """What a reference names; None for one that is of no upload."""
        found = _REFERENCE.fullmatch(reference)
        return cls(id=found[1], key=bytes.fromhex(found[2]), pieces=int(found[3])) if found else None


class Uploads:
    """Takes files in and gives them to the collector; any number of processes may."""

    def __init__(self, db: Database, clock: Clock, chance: Chance) -> None:
        self._db = db
        self._clock = clock
        self._chance = chance

    def begin(self) -> Receiving:
        """A file that begins to come."""
        upload_id = (UPLOAD + self._chance.id(self._clock.now()))[:_ID_DIGITS]
        return Receiving(self._db, upload_id, os.urandom(KEY_BYTES))

    async def read(self, upload: Upload) -> bytes:
        """The bytes as they came. Raises NotKept for one that is gone."""
        found = await self._db.fetch(_PIECES, {"of_id": upload.id})
        cipher = AESGCM(upload.key)
        if len(found) != upload.pieces:
            raise NotKept(Reason.GONE)
        try:
            return b"".join(
                cipher.decrypt(_nonce(ordinal), bytes(each.piece), upload.id.encode())
                for ordinal, each in enumerate(found)
            )
        except InvalidTag:
            raise NotKept(Reason.GONE) from None

    async def drop(self, upload: Upload) -> None:
        """Erase it: it is kept elsewhere, or never will be."""
        await _commit(self._db, _DROP, {"of_id": upload.id})


class Receiving:
    """A file on its way in: never more than a piece of it is in memory."""

    def __init__(self, db: Database, upload_id: str, key: bytes) -> None:
        self._db = db
        self._id = upload_id
        self._key = key
        self._rest = bytearray()
        self._pieces = 0
        self.size = 0

    async def add(self, chunk: bytes) -> None:
        """Take what came next."""
        self._rest += chunk
        self.size += len(chunk)
        while len(self._rest) >= PIECE_BYTES:
            await self._write(bytes(self._rest[:PIECE_BYTES]))
            del self._rest[:PIECE_BYTES]

    async def done(self) -> Upload:
        """That was all; durable on return."""
        if self._rest:
            await self._write(bytes(self._rest))
        return Upload(id=self._id, key=self._key, pieces=self._pieces)

    async def abandon(self) -> None:
        """Erase what there is of it."""
        if self._pieces:
            await _commit(self._db, _DROP, {"of_id": self._id})

    async def _write(self, piece: bytes) -> None:
        sealed = AESGCM(self._key).encrypt(_nonce(self._pieces), piece, self._id.encode())
        await _commit(self._db, _ADD, {"media_id": self._id, "ordinal": self._pieces, "piece": sealed})
        self._pieces += 1


async def _commit(db: Database, statement: Executable, params: dict[str, object]) -> None:
    writes = WriteSet()
    writes.add(statement, params)
    await db.commit(writes)


def _nonce(ordinal: int) -> bytes:
    """Each key seals each piece once."""
    return ordinal.to_bytes(12, "big")
