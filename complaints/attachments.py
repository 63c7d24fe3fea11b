"""The files and places of a case, as staff get them: under names of ours, and never without a link in the audit chain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select

from bot.clock import Chance, Clock, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import Duplicate
from bot.files.kinds import KEPT
from bot.media import STORED
from bot.messages import MediaKind
from bot.shelf import Kept, Shelf
from complaints import audit
from complaints.cases import ActorKind
from complaints.errors import NoSuchCase
from complaints.references import Reference, check
from complaints.tables import case_events, cases

# An event of no case: that the files of one were handed out, of which, when and to whom.
KIND = "files_handed_out"

_CASE = select(cases.c.id).where(cases.c.reference == bindparam("of_reference"))
_EVENT = insert(case_events)


class CaseFiles:
    """What citizens attached to their cases."""

    def __init__(self, db: Database, vault: Vault, clock: Clock, chance: Chance) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._shelf = Shelf(db, vault, clock)

    async def of(self, reference: str) -> Sequence[dict[str, Any]]:
        """What is attached to the case with this reference, oldest first, as plain records. Raises NoSuchCase.

        Where somebody was is not in them: that is handed out.
        """
        return [record(each) for each in await self._shelf.of(await self._case(reference))]

    async def hand_out(self, reference: str, to: str) -> AsyncIterator[tuple[str, bytes]]:
        """The name and the bytes of each file and place that there is, once it is on record that `to` gets them.

        Raises NoSuchCase.
        """
        case_id = await self._case(reference)
        attached = await self._shelf.of(case_id)
        stored = [each for each in attached if each.state == STORED and (each.media_type or _is_place(each))]
        await self._note(case_id, [each.id for each in stored], to)
        for number, each in enumerate(stored, 1):
            data = _geojson(each) if _is_place(each) else await self._shelf.read(each)
            yield file_name(_digits(reference), number, each), data

    async def _case(self, reference: str) -> str:
        row = await self._db.first(_CASE, {"of_reference": _digits(reference)})
        if row is None:
            raise NoSuchCase
        return str(row.id)

    async def _note(self, case_id: str, files: list[str], to: str) -> None:
        now = self._clock.now()
        event_id = self._chance.id(now)
        salt = self._chance.random.randbytes(audit.SALT_BYTES)
        content = {"reason": KIND, "case": case_id, "files": files, "actor": to}
        row = {
            "id": event_id,
            "case_id": event_id,
            "ordinal": 1,
            "effect_key": f"{KIND}/{event_id}",
            "kind": KIND,
            "actor_kind": ActorKind.STAFF,
            "channel": "",
            "at": to_ms(now),
            "digest": audit.content_digest(salt, content),
            "content_sealed": self._vault.seal_json(
                {"salt": salt.hex(), "content": content}, f"case_events:{event_id}"
            ),
            "chained": False,
        }
        writes = WriteSet()
        writes.add(_EVENT, row, rows=1, otherwise=Duplicate)
        await self._db.commit(writes)


def record(kept: Kept) -> dict[str, Any]:
    """What an attachment is, for whoever reads it elsewhere; not what is in it, nor where it is."""
    told = kept.told
    return {
        "id": kept.id,
        "kind": told.kind.value,
        "state": kept.state,
        "reason": kept.reason,
        "media_type": kept.media_type,
        "size": kept.size,
        "sha256": kept.sha256,
        "name": told.name,
        "channel": kept.channel,
        "created_at": kept.created_at.isoformat(),
    }


def file_name(reference: str, number: int, kept: Kept) -> str:
    """The name under which a file is handed out: nothing in it is its sender's."""
    ending = "geojson" if _is_place(kept) else KEPT[kept.media_type][1]
    return f"{reference}-{number:02d}-{kept.id[:8]}.{ending}"


def _is_place(kept: Kept) -> bool:
    return kept.told.kind is MediaKind.LOCATION


def _geojson(kept: Kept) -> bytes:
    """A place as maps and desks open it (RFC 7946: east comes first)."""
    told = kept.told
    point = {"type": "Point", "coordinates": [told.longitude, told.latitude]}
    return orjson.dumps({"type": "Feature", "geometry": point, "properties": {"name": told.name}})


def _digits(reference: str) -> str:
    found = check(reference)
    if not isinstance(found, Reference):
        raise NoSuchCase
    return found.digits
