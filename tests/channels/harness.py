"""An edge of this test's own: channels, both doors and a store, listening on the loopback address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession, web
from sqlalchemy import select
from yarl import URL

from bot.clock import Chance, Clock, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.early_receipts import EarlyReceipts
from bot.errors import DatabaseUnavailable
from bot.limits import Limits
from bot.messages import (
    Choice,
    DeliveryClass,
    DeliveryReport,
    DeliveryState,
    Enclosure,
    InboundMessage,
    OutboundMessage,
    Priority,
)
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.outbox_rows import enqueue
from bot.parts_ledger import SentPart
from bot.receipts import Receipts
from bot.repeats import Repeats
from bot.schema import outbox, outbox_parts, urns
from bot.urns import Urn
from channels.base import Channel, Wiring
from channels.delivery import Delivery
from channels.figures import Figures
from channels.intake import Intake
from channels.optouts import OptOut, OptOuts
from channels.webhook import Door
from tests.pinned import PinnedTime

_ROW = select(outbox).order_by(outbox.c.id)
_PARTS = select(outbox_parts).order_by(outbox_parts.c.outbox_id, outbox_parts.c.part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Handled:
    """The outcome that the recording pipeline gives."""

    kind: str
    messages: tuple[OutboundMessage, ...] = ()


@dataclass
class Recorder:
    """A pipeline that takes each message once and remembers it; `away` makes its store unavailable."""

    messages: list[InboundMessage] = field(default_factory=list)
    replies: tuple[OutboundMessage, ...] = ()
    away: bool = False

    async def accept(self, message: InboundMessage) -> Handled:
        """See `channels.webhook.Accepting`."""
        if self.away:
            raise DatabaseUnavailable
        if _key(message) in set(map(_key, self.messages)):
            return Handled(kind="duplicate", messages=self.replies)
        self.messages.append(message)
        return Handled(kind="done", messages=self.replies)


def _key(message: InboundMessage) -> tuple[str, ...]:
    """What makes a message the same: in a session its requests have no id of their own."""
    session = (message.session_id, message.session, message.text) if message.session else ()
    return (message.key, *session)


class Store:
    """The outbox and what is around it, with short ways to fill and to read it."""

    def __init__(self, db: Database, vault: Vault, pinned: PinnedTime, chance: Chance) -> None:
        self.db = db
        self.vault = vault
        self.pinned = pinned
        self.clock = pinned.clock
        self.chance = chance
        self.outbox = Outbox(db, vault, pinned.clock, chance)
        self.receipts = Receipts(db, pinned.clock)

    async def put(
        self,
        channel: str = "test",
        urn: str = "tel:+8562055512345",
        text: str = "hello",
        *,
        priority: Priority = Priority.CONVERSATION,
        delivery_class: DeliveryClass = DeliveryClass.AT_LEAST_ONCE,
        lifetime: float | None = None,
        choices: Sequence[Choice] = (),
        heard: float | None = None,
        reply_token: str = "",
        enclosure: Enclosure | None = None,
    ) -> str:
        """Queue a message, to somebody who wrote `heard` seconds ago; its id. Ids rise, as those of the conversation do."""
        self.pinned.advance(0.001)
        now = self.clock.now()
        message = OutboundMessage(
            id=self.chance.id(now),
            channel=channel,
            urn=Urn.parse(urn),
            text=text,
            cause=f"test:{now.timestamp()}",
            created_at=now,
            choices=tuple(choices),
            priority=priority,
            delivery_class=delivery_class,
            expires_at=None if lifetime is None else now + timedelta(seconds=lifetime),
            heard_at=None if heard is None else now - timedelta(seconds=heard),
            reply_token=reply_token,
            enclosure=enclosure,
        )
        lookup = self.vault.lookup(urn)
        writes = WriteSet()
        enqueue(
            writes, message, contact_id="c" * 26, urn_lookup=lookup, vault=self.vault, purge_at=to_ms(now)
        )
        await self.db.commit(writes)
        await self.know(urn)
        return message.id

    async def rows(self) -> list[Any]:
        """The outbox, oldest first."""
        return list(await self.db.fetch(_ROW))

    async def row(self, outbox_id: str) -> Any:
        """One row of the outbox."""
        return next(row for row in await self.rows() if row.id == outbox_id)

    async def states(self) -> list[str]:
        """The states of the outbox, oldest first."""
        return [row.state for row in await self.rows()]

    async def parts(self, outbox_id: str) -> list[Any]:
        """The part rows of a message."""
        return [row for row in await self.db.fetch(_PARTS) if row.outbox_id == outbox_id]

    async def urn_state(self, urn: str) -> str:
        """What is known of an address."""
        row = await self.db.first(select(urns).where(urns.c.lookup == self.vault.lookup(urn)))
        assert row is not None
        return str(row.state)

    async def know(self, urn: str) -> None:
        """Have somebody with that address, as one who wrote once."""
        lookup = self.vault.lookup(urn)
        writes = WriteSet()
        values = {
            "lookup": lookup,
            "contact_id": "c" * 26,
            "scheme": Urn.parse(urn).scheme,
            "address_sealed": self.vault.seal(urn.encode(), f"urns:{lookup}"),
            "state": "active",
            "created_at": 0,
        }
        writes.add(self.db.insert(urns).on_conflict_do_nothing(), values)
        await self.db.commit(writes)


class Edge:
    """Both doors over a store. Channels are added after the address is known: they sign over it."""

    def __init__(self, store: Store, limits: Limits, port: int, figures: Figures | None = None) -> None:
        self.store = store
        self.channels: dict[str, Channel] = {}
        self.pipeline = Recorder()
        self.opt_outs: list[OptOut] = []
        self.metrics = Metrics()
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._limits = limits
        self._figures = figures or Figures(poll=0.05)
        self._runner: web.AppRunner | None = None

    @property
    def clock(self) -> Clock:
        """The store's."""
        return self.store.clock

    def wiring(self, session: ClientSession) -> Wiring:
        """What its channels are built from."""
        return Wiring(session=session, clock=self.clock, public_url=self.url)

    def recording(self) -> OptOuts:
        """The guard over the provider's opt-outs, writing into `opt_outs`."""
        return OptOuts(
            db=self.store.db,
            vault=self.store.vault,
            limits=self._limits,
            clock=self.clock,
            on_opt_out=lambda event, _: self.opt_outs.append(event),
        )

    def door(self, **options: Any) -> Door:
        """The door in."""
        return Door(
            channels=self.channels,
            intake=self.intake(),
            limits=self._limits,
            metrics=self.metrics,
            **options,
        )

    def intake(self, attached: Callable[[], None] = lambda: None) -> Intake:
        """What takes events, whichever way they come."""
        return Intake(
            pipeline=self.pipeline,
            receipts=self.store.receipts,
            early=EarlyReceipts(self.store.db, self.clock),
            repeats=Repeats(self.store.db, self.store.vault, self.clock, self.store.chance),
            opt_outs=self.recording(),
            metrics=self.metrics,
            attached=attached,
        )

    def delivery(self, crowded: Callable[[], bool] = lambda: False, **options: Any) -> Delivery:
        """The door out."""
        return Delivery(
            outbox=self.store.outbox,
            channels=self.channels,
            limits=self._limits,
            clock=self.clock,
            chance=self.store.chance,
            opt_outs=self.recording(),
            metrics=self.metrics,
            figures=self._figures,
            crowded=crowded,
            **options,
        )

    async def listen(self, routes: Sequence[web.AbstractRouteDef]) -> None:
        """Serve routes at `url`."""
        app = web.Application()
        app.add_routes(list(routes))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()


async def drain(delivery: Delivery, rounds: int = 50) -> None:
    """Step until there is nothing to do at this moment."""
    for _ in range(rounds):
        if not await delivery.step():
            return
    raise AssertionError("the door out does not come to rest")


async def fetch(
    session: ClientSession, method: str, url: str | URL, **options: Any
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of one request."""
    async with session.request(method, url, **options) as response:
        return response.status, response.headers, await response.read()


def report(channel: str, state: str, clock: Clock, **facts: Any) -> DeliveryReport:
    """A delivery report of this moment."""
    return DeliveryReport(channel=channel, state=DeliveryState(state), at=clock.now(), **facts)


def part(provider_id: str, state: str = "sent") -> SentPart:
    """A part as a provider tells of it."""
    return SentPart(provider_id=provider_id, state=DeliveryState(state))
