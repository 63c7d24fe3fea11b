"""A provider without a network: it follows a plan, and may be asked about what it took."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from bot.limits import MemoryLimits
from bot.messages import Capabilities, InboundEvent, OutboundMessage
from bot.parts_ledger import SentPart
from channels.base import Accepted, RawRequest, RawResponse, Sent
from channels.delivery import Delivery
from channels.errors import SendError
from channels.figures import Figures
from tests.channels.harness import Edge, Store, part

ERRORS = {
    "doubt": SendError(code="timeout", in_doubt=True),
    "opted out": SendError(code="21610", opted_out=True),
    "unreachable": SendError(code="21211", unreachable=True),
    "misconfigured": SendError(code="20003", misconfigured=True),
    "throttled": SendError(code="20429", throttled=True, retry_after=7),
    "retry": SendError(code="http_503", retryable=True),
    "retry, in aeons": SendError(code="http_503", retryable=True, retry_after=float("inf")),
    "retry twice": SendError(code="30003", retryable=True, tries=2),
    "refused": SendError(code="21617"),
}


class Provider:
    """A channel that follows a plan, remembers what it took, and may be asked about it."""

    kind = "test"
    capabilities = Capabilities(max_units=1600, sms=True)
    endpoints = {"status": ("POST",)}  # noqa: RUF012 - never written to

    def __init__(self, name: str = "test", rate: float = 0.0) -> None:
        self.name = name
        self.rate = rate
        self.timeout = 0.0
        self.plan: deque[str | Exception] = deque()
        self.taken: list[OutboundMessage] = []
        self.held: asyncio.Event | None = None
        self.called = asyncio.Event()

    def verify(self, request: RawRequest) -> None:
        """See `Channel`."""

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """See `Channel`."""
        raise NotImplementedError

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:
        """See `Channel`."""
        raise NotImplementedError

    async def send(self, message: OutboundMessage) -> Sent:
        """See `Channel`; `lose` takes the message and then fails as a lost answer does."""
        outcome = self.plan.popleft() if self.plan else "ok"
        self.called.set()
        if self.held is not None:
            await self.held.wait()
        if isinstance(outcome, Exception):
            raise outcome
        if outcome in ERRORS:
            raise ERRORS[outcome]
        self.taken.append(message)
        if outcome == "lose":
            raise ERRORS["doubt"]
        return Sent(parts=(part(f"p{len(self.taken)}"),))

    @property
    def texts(self) -> list[str]:
        """What was taken, in order."""
        return [message.text for message in self.taken]


class Staggered(Provider):
    """A provider that answers each message some turns of the loop after the one before."""

    async def send(self, message: OutboundMessage) -> Sent:
        """See `Channel`."""
        sent = await super().send(message)
        for _ in range(50 * len(self.taken)):
            await asyncio.sleep(0)
        return sent


class Asked(Provider):
    """A provider that can be asked."""

    answers = True

    async def look_up(self, message: OutboundMessage, since: datetime) -> Sequence[SentPart]:
        """See `Asking`."""
        del since
        if not self.answers:
            raise SendError(code="http_500", in_doubt=True)
        return [part(f"p{number}") for number, each in enumerate(self.taken, 1) if each.text == message.text]


def out(store: Store, provider: Provider, **figures: float) -> Delivery:
    """The door out to a provider, with figures of its own."""
    edge = Edge(store, MemoryLimits(store.clock), 1, Figures(poll=0.05, **figures))  # type: ignore[arg-type]  # by name
    edge.channels[provider.name] = provider
    return edge.delivery()
