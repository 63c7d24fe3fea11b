"""The sequencer: the one writer of the audit chain, which follows the commits and never holds them up.

Events are committed loose, in the turns that cause them. Whoever holds the lease links them in
batches, so that places have no gap, and from time to time signs the head and anchors it in a file
outside the data directory.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, insert, select, update

from bot.clock import Clock, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.leases import Leases
from complaints import audit
from complaints.errors import AnchorUnusable
from complaints.tables import audit_anchors, audit_chain, case_events

BATCH = 500
LEASE = timedelta(seconds=30)
ANCHOR_EVERY = timedelta(seconds=60)
_LEASE_NAME = "audit.sequencer"

_LAST = select(audit_chain.c.seq, audit_chain.c.head).order_by(audit_chain.c.seq.desc()).limit(1)
_LAST_ANCHOR = select(audit_anchors.c.seq, audit_anchors.c.at).order_by(audit_anchors.c.seq.desc()).limit(1)
_LOOSE = select(case_events).where(case_events.c.chained.is_(False)).order_by(case_events.c.id).limit(BATCH)
_ANY_LOOSE = select(case_events.c.id).where(case_events.c.chained.is_(False)).limit(1)
_LINK = insert(audit_chain)
_FASTEN = update(case_events).where(case_events.c.id == bindparam("of_event"))
_ANCHOR = insert(audit_anchors)


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A signed head: `at` is milliseconds since 1970, the rest hexadecimal."""

    seq: int
    head: str
    at: int
    signature: str
    public_key: str


class AnchorFile:
    """An append-only file of anchors, one JSON object a line, readable by its owner only.

    It belongs on another disk or machine than the data: whoever can shorten the chain must not be
    able to shorten it too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, anchor: Anchor) -> None:
        """Add a line, durable on return; raises AnchorUnusable."""
        line = orjson.dumps(asdict(anchor), option=orjson.OPT_APPEND_NEWLINE)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                # A line that a crash cut short stays by itself; the next one begins anew.
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                os.write(descriptor, b"\n" + line if torn else line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise AnchorUnusable(str(self._path), error.strerror or "cannot be written") from error

    def read(self) -> list[dict[str, Any]]:
        """Every anchor; a line that a crash cut short vouches for nothing and is left out."""
        if not self._path.exists():
            return []
        return [anchor for line in self._path.read_bytes().splitlines() if (anchor := _anchor(line))]


class Sequencer:
    """Links, signs and anchors; `owner` names this process among those that want the lease."""

    def __init__(self, db: Database, vault: Vault, clock: Clock, anchors: AnchorFile, owner: str) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._anchors = anchors
        self._leases = Leases(db, clock, owner)

    async def run(self, pause: float = 2.0) -> None:
        """Follow the commits until cancelled, with `pause` seconds between looks when there is nothing."""
        while True:
            if await self.step() < BATCH:
                await self.anchor()
                await asyncio.sleep(pause)

    async def step(self) -> int:
        """Link one batch; returns how many events, 0 also while another process holds the lease."""
        if await self._db.first(_ANY_LOOSE) is None or not await self._leads():
            return 0
        return await self._db.run(_link_batch)

    async def anchor(self, *, now: bool = False) -> Anchor | None:
        """Sign and anchor the head if it moved and ANCHOR_EVERY is past, or at once with `now`.

        The file comes first: a crash between the two repeats a line, which harms nothing. Raises
        AnchorUnusable.
        """
        moment = to_ms(self._clock.now())
        last = await self._db.first(_LAST)
        before = await self._db.first(_LAST_ANCHOR)
        if last is None or (before and before.seq >= last.seq):
            return None
        if before and not now and moment - before.at < ANCHOR_EVERY // timedelta(milliseconds=1):
            return None
        if not await self._leads():
            return None
        signature = self._vault.sign(audit.anchor_bytes(last.seq, last.head, moment))
        anchor = Anchor(
            seq=last.seq,
            head=last.head,
            at=moment,
            signature=signature.hex(),
            public_key=self._vault.public_key().hex(),
        )
        await asyncio.to_thread(self._anchors.append, anchor)
        row = asdict(anchor)
        del row["public_key"]
        writes = WriteSet()
        writes.add(_ANCHOR, row, rows=1)
        await self._db.commit(writes)
        return anchor

    async def _leads(self) -> bool:
        return await self._leases.hold(_LEASE_NAME, LEASE.total_seconds())


def _link_batch(connection: Connection) -> int:
    last = connection.execute(_LAST).first()
    start, head = (last.seq, bytes.fromhex(last.head)) if last else (0, audit.GENESIS)
    links, fastened = [], []
    for seq, event in enumerate(connection.execute(_LOOSE).all(), start + 1):
        header = {name: getattr(event, name) for name in audit.HEADER[2:]}
        head = audit.link(head, header | {"seq": seq, "event_id": event.id})
        links.append({"seq": seq, "event_id": event.id, "head": head.hex()})
        fastened.append({"of_event": event.id, "chained": True})
    if links:
        connection.execute(_LINK, links)
        connection.execute(_FASTEN, fastened)
    return len(links)


def _anchor(line: bytes) -> dict[str, Any] | None:
    try:
        anchor = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return anchor if isinstance(anchor, dict) else None
