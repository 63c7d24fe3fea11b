"""What a pipeline is made of in tests; each names what is its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import Chance, Clock
from bot.contacts import People
from bot.conversation import Conversation
from bot.crypto import Vault
from bot.db import Database
from bot.effects import Effects
from bot.engine import Engine
from bot.inbox import Inbox
from bot.locks import MemoryLocks
from bot.messages import Capabilities
from bot.nlu.parse_data import Interpreter
from bot.outbox import Outbox
from bot.pipeline import Parts
from bot.rendering import Renderer
from bot.spending import Spending

KEPT = timedelta(days=30)


def pipeline_parts(
    db: Database,
    vault: Vault,
    clock: Clock,
    chance: Chance,
    *,
    capabilities: Mapping[str, Capabilities],
    interpreter: Interpreter,
    engine: Engine,
    renderer: Renderer,
    writers: Mapping[type, Any],
    **more: Any,
) -> Parts:
    """The parts over a database; `more` are those of `Parts` that a test has its own of."""
    spending = Spending(db, clock, ZoneInfo("Asia/Vientiane"), 1000)
    usual: dict[str, Any] = {"may_answer": lambda _: True, "turn_seconds": 5.0}
    return Parts(
        db=db,
        vault=vault,
        locks=MemoryLocks(clock),
        clock=clock,
        chance=chance,
        people=People(db, vault, chance, KEPT),
        inbox=Inbox(db, vault, chance, KEPT),
        conversation=Conversation(
            vault=vault, chance=chance, capabilities=capabilities, spending=spending, kept=KEPT
        ),
        outbox=Outbox(db, vault, clock, chance),
        interpreter=interpreter,
        engine=engine,
        renderer=renderer,
        effects=Effects(writers=writers, db=db, vault=vault, clock=clock, chance=chance),
        spending=spending,
        capabilities=capabilities,
        **{**usual, **more},
    )
