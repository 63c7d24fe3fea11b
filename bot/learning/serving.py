"""The understanding in force: replaced as a whole, between two messages, when another set of labels is put in force."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.errors import PatouError
from bot.nlu.parse_data import Interpreter, ParseContext, ParseData

# How soon a running server follows.
EVERY_SECONDS = 3.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """An interpreter and the name of its model."""

    name: str
    interpreter: Interpreter


class InForce:
    """An interpreter that is another one from one message to the next; a message under way keeps its own."""

    def __init__(
        self,
        first: Trained,
        seen: object,
        *,
        load: Callable[[], Awaitable[Trained]],
        stamp: Callable[[], object],
    ) -> None:
        self._now = first
        self._seen = seen
        self._load = load
        self._stamp = stamp

    @classmethod
    async def open(cls, *, load: Callable[[], Awaitable[Trained]], stamp: Callable[[], object]) -> InForce:
        """What is in force now; `stamp` differs when there is something else to `load`. Raises as `load` does."""
        seen = stamp()  # before it is loaded: what is put in force meanwhile is seen at the next look
        return cls(await load(), seen, load=load, stamp=stamp)

    @property
    def name(self) -> str:
        """The name of the model that understands now."""
        return self._now.name

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """Understand one message."""
        return await self._now.interpreter.parse(text, context)

    async def run(self, every: float = EVERY_SECONDS) -> None:
        """Follow what is put in force, every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.refresh()

    async def refresh(self) -> bool:
        """Take over what is in force; whether it is another model. What cannot be loaded leaves all as it is."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            found = await self._load()
        except (PatouError, OSError) as error:
            log.exception("understanding.not_replaced", error=type(error).__name__)
            return False
        replaced = found.name != self._now.name
        self._now = found
        log.info("understanding.replaced", model=found.name)
        return replaced
