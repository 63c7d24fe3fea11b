"""What a turn causes beyond its words: effects, and the context in which a domain writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import Chance, Clock
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.urns import Urn


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectContext:
    """Where an effect comes from; `cause` is the key of the inbound message and names it once.

    `urn` is the address that the person wrote from, None where they wrote from none that we know.
    """

    contact_id: str
    cause: str
    channel: str
    now: datetime
    db: Database
    vault: Vault
    chance: Chance
    urn: Urn | None = None


EffectWriter = Callable[[Any, EffectContext, WriteSet], None]
EffectWriters = Mapping[type, EffectWriter]


class Effects:
    """Adds effects to a write-set, each through the writer of its type and under a key of its own."""

    def __init__(
        self, *, writers: EffectWriters, db: Database, vault: Vault, clock: Clock, chance: Chance
    ) -> None:
        self._writers = writers
        self._db = db
        self._vault = vault
        self._clock = clock
        self._chance = chance

    def add(
        self,
        effects: Sequence[Any],
        writes: WriteSet,
        *,
        contact_id: str,
        cause: str,
        channel: str,
        urn: Urn | None = None,
    ) -> None:
        """Have the effects done when the write-set is committed; `cause` names what they come from."""
        for ordinal, effect in enumerate(effects):
            context = EffectContext(
                contact_id=contact_id,
                cause=f"{cause}#{ordinal}" if ordinal else cause,
                channel=channel,
                now=self._clock.now(),
                db=self._db,
                vault=self._vault,
                chance=self._chance,
                urn=urn,
            )
            self._writers[type(effect)](effect, context, writes)
