"""What a turn causes beyond its words: effects, and the context in which a domain writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import Chance
from bot.crypto import Vault
from bot.db import Database, WriteSet


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectContext:
    """Where an effect comes from; `cause` is the key of the inbound message and names it once."""

    contact_id: str
    cause: str
    channel: str
    now: datetime
    db: Database
    vault: Vault
    chance: Chance


EffectWriter = Callable[[Any, EffectContext, WriteSet], None]
EffectWriters = Mapping[type, EffectWriter]
