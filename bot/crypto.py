"""The vault: sealing what is personal, looking it up without reading it, signing what must not change."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Row, insert, select

from bot.clock import Clock, RandomBytes, to_ms
from bot.db import Database, WriteSet
from bot.errors import ConfigurationError, KeyUnknown, SealBroken, Taken
from bot.schema import keys

# Envelope: version (1 byte), key id (4, big-endian), nonce (12), ciphertext with its tag (16 more than the text).
_VERSION = b"\x01"
HEADER_BYTES = 5
_NONCE_BYTES = 12
KEY_BYTES = 32

_KEYS = select(keys).order_by(keys.c.id)
_ADD_KEY = insert(keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key as the table holds it, unwrapped; `used_from` and `retired_at` are milliseconds, 0 is never."""

    id: int
    purpose: str
    secret: bytes
    used_from: int
    retired_at: int


class Vault:
    """Seals with the newest data key in use, opens with any of them; made by `open_vault`."""

    def __init__(self, db: Database, master: bytes, clock: Clock) -> None:
        self._db = db
        self._master = AESGCM(master)
        self._clock = clock
        self._ciphers: Mapping[bytes, AESGCM] = {}
        self._header = b""
        self._cipher = AESGCM(bytes(KEY_BYTES))
        self._random = RandomBytes()
        self._lookup = hmac.new(b"", digestmod="sha256")
        self._signer = Ed25519PrivateKey.generate()

    def seal(self, data: bytes, context: str) -> bytes:
        """Encrypt; `context` (`<table>:<row id>`) is not stored, and without it the data does not open."""
        nonce = self._random.take(_NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, data, self._header + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raises KeyUnknown for a key that is not here, SealBroken for anything altered or misplaced."""
        header = bytes(sealed[:HEADER_BYTES])
        cipher = self._ciphers.get(header)
        if cipher is None:
            raise KeyUnknown
        nonce = sealed[HEADER_BYTES : HEADER_BYTES + _NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, sealed[HEADER_BYTES + _NONCE_BYTES :], header + context.encode())
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def seal_json(self, value: object, context: str) -> bytes:
        """Encrypt a JSON value; what `seal` is to bytes."""
        return self.seal(orjson.dumps(value), context)

    def open_json(self, sealed: bytes, context: str) -> Any:
        """Decrypt a JSON value; raises as `open` does."""
        return orjson.loads(self.open(sealed, context))

    def lookup(self, text: str) -> str:
        """A keyed HMAC-SHA-256 in 64 hexadecimal digits: finds what is equal, tells nothing to others."""
        # A copy of the keyed state: unlike the one-shot digest it never lets go of the interpreter's lock.
        keyed = self._lookup.copy()
        keyed.update(text.encode())
        return keyed.hexdigest()

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes (RFC 8032)."""
        return self._signer.sign(data)

    def public_key(self) -> bytes:
        """The 32 bytes with which anybody verifies what `sign` signed."""
        return self._signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def header(self) -> bytes:
        """The first bytes of everything that is sealed now; other first bytes mean an older key."""
        return self._header

    async def refresh(self) -> None:
        """Read the keys again: another process may have added one. Raises ConfigurationError for a wrong master."""
        rows = await self._db.fetch(_KEYS)
        held = [_unwrap(self._master, row) for row in rows]
        data = [key for key in held if key.purpose == "data"]
        now = to_ms(self._clock.now())
        in_use = [key for key in data if key.used_from <= now and key.retired_at == 0] or data[-1:]
        self._ciphers = {_header(key.id): AESGCM(key.secret) for key in data}
        self._header = _header(in_use[-1].id)
        self._cipher = self._ciphers[self._header]
        secret = next(key.secret for key in held if key.purpose == "lookup")
        self._lookup = hmac.new(secret, digestmod="sha256")
        self._signer = Ed25519PrivateKey.from_private_bytes(
            next(key.secret for key in held if key.purpose == "sign")
        )

    async def add_data_key(self, used_from: datetime) -> None:
        """Store a new data key, with which everything is sealed from that moment on after a `refresh`."""
        rows = await self._db.fetch(_KEYS)
        await self._db.commit(self.new_keys({max(row.id for row in rows) + 1: "data"}, used_from))

    def new_keys(self, purposes: Mapping[int, str], used_from: datetime) -> WriteSet:
        """Random keys, wrapped by the master, as writes; Taken when an id is in use."""
        writes = WriteSet()
        for number, purpose in purposes.items():
            nonce = os.urandom(_NONCE_BYTES)
            wrapped = self._master.encrypt(nonce, os.urandom(KEY_BYTES), _wrapping(number, purpose))
            row = {
                "id": number,
                "purpose": purpose,
                "wrapped": nonce + wrapped,
                "created_at": to_ms(used_from),
                "retired_at": 0,
            }
            writes.add(_ADD_KEY, row, rows=1, otherwise=Taken)
        return writes


async def open_vault(db: Database, master: bytes, clock: Clock) -> Vault:
    """The vault over this database; its first opening makes the keys.

    Raises ConfigurationError when the master is not the one that wrapped the keys.
    """
    vault = Vault(db, master, clock)
    if await db.first(_KEYS) is None:
        # Another process may be making them at the same moment: one wins, both use those.
        with suppress(Taken):
            await db.commit(vault.new_keys({1: "data", 2: "lookup", 3: "sign"}, clock.now()))
    await vault.refresh()
    return vault


def read_master(data_dir: Path, secret: str = "") -> bytes:
    """The 32-byte master key: from the setting, else from `secret.key`, made at the first start.

    Raises ConfigurationError for a malformed key or a file that others may read.
    """
    if secret:
        return _decoded(secret, "PATOU_SECRET_KEY")
    path = data_dir / "secret.key"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            return _made(path)
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"Others can read {path}, the master key. Run: chmod 600 {path}")
        return _decoded(path.read_text(), str(path))
    except OSError as error:
        raise ConfigurationError(f"The master key {path} cannot be used: {error.strerror}.") from error


def _made(path: Path) -> bytes:
    """Write a new key where there is none: whole and durable before anything is sealed with it."""
    master = os.urandom(KEY_BYTES)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, base64.b64encode(master) + b"\n")
        os.fsync(descriptor)
        # A link appears whole or not at all, and never over a key that another process made first.
        os.link(draft, path)
        _sync(path.parent)
    finally:
        os.close(descriptor)
        draft.unlink()
    return master


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _decoded(text: str, source: str) -> bytes:
    """A key written as 64 hexadecimal digits or as base64, of either alphabet."""
    text = text.strip()
    with suppress(ValueError):
        master = bytes.fromhex(text)
        if len(master) == KEY_BYTES:
            return master
    with suppress(ValueError):
        master = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        if len(master) == KEY_BYTES:
            return master
    raise ConfigurationError(f"{source} is not a key: 32 random bytes in base64 or hexadecimal are needed")


def _unwrap(master: AESGCM, row: Row[Any]) -> Key:
    try:
        secret = master.decrypt(
            row.wrapped[:_NONCE_BYTES], row.wrapped[_NONCE_BYTES:], _wrapping(row.id, row.purpose)
        )
    except InvalidTag:
        raise ConfigurationError(
            "The master key does not open this database: PATOU_SECRET_KEY or secret.key belongs to another one"
        ) from None
    return Key(
        id=row.id, purpose=row.purpose, secret=secret, used_from=row.created_at, retired_at=row.retired_at
    )


def _wrapping(number: int, purpose: str) -> bytes:
    return f"keys:{number}:{purpose}".encode()


def _header(number: int) -> bytes:
    return _VERSION + number.to_bytes(4, "big")
