"""SMPP against smpp34's SMSC on this machine: messages from the outbox to their receipts, beside smpp34's own client.

`python -m tests.bench.smpp` measures this alone.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import smpp34
from aiohttp import ClientSession

from bot.clock import Chance, Clock, to_ms
from bot.crypto import open_vault
from bot.db import WriteSet, open_database
from bot.limits import MemoryLimits
from bot.messages import OutboundMessage
from bot.migrate import upgrade
from bot.outbox_rows import enqueue
from bot.urns import Urn
from channels.figures import Figures
from tests.bench.rows import Row
from tests.channels.harness import Edge, Store
from tests.channels.providers.smpp import linked, settings_for
from tests.conftest import MASTER
from tests.servers.ports import free_port
from tests.servers.rust_smsc import RustSmsc
from tests.servers.smsc import PASSWORD, SYSTEM_ID
from tests.system.server import until

MESSAGES = 1_000
ROUNDS = 3
_WINDOW = 50
_LANES = 20
_PATIENCE = 30.0
_TEXT = "ພາສປອດ ລາຄາ $60 ໃຊ້ເວລາ 10 ວັນ"
_PAUSE = 0.002


class _Now:
    """The time that it is, where tests mostly hold it."""

    clock = Clock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """Seconds until the SMSC had every message, and until every receipt was taken."""

    sent: float
    settled: float


async def smpp() -> list[Row]:
    """The median of the rounds, in turn with the bare client."""
    pairs = [(await ours(), await bare()) for _ in range(ROUNDS)]
    settled = statistics.median(mine.settled for mine, _ in pairs)
    alone = statistics.median(other.settled for _, other in pairs)
    return [
        Row(
            what=f"SMPP: {MESSAGES:,} messages from the outbox to the last receipt stored, SQLite FULL, one bind",
            figure=f"{settled:.2f} s",
            bare=f"{alone:.2f} s (smpp34's client, nothing stored)",
            ratio=f"{settled / alone:.1f}",
        ),
        Row(
            what="… until the SMSC had the last message",
            figure=f"{statistics.median(mine.sent for mine, _ in pairs):.2f} s",
            bare=f"{statistics.median(other.sent for _, other in pairs):.2f} s",
        ),
    ]


async def ours() -> Took:
    """Through the outbox, delivery and the channel, with every receipt in the ledger at the end."""
    with tempfile.TemporaryDirectory(prefix="patou-bench-") as folder:
        async with AsyncExitStack() as stack:
            db = await open_database(f"sqlite:///{folder}/patou.db", Clock(), patience=_PATIENCE)
            stack.push_async_callback(db.close)
            await upgrade(db)
            vault = await open_vault(db, MASTER, Clock())
            store = Store(db, vault, _Now(), Chance())  # type: ignore[arg-type]  # its clock alone
            smsc = RustSmsc()
            await smsc.start(_LANES)
            stack.push_async_callback(smsc.stop)
            edge = Edge(store, MemoryLimits(Clock()), free_port(), Figures(lanes=2 * _WINDOW))
            session = await stack.enter_async_context(ClientSession())
            await _fill(store)
            await stack.enter_async_context(linked(edge, session, settings_for(smsc.port, window=_WINDOW)))
            delivery = edge.delivery()
            catching_up = asyncio.create_task(edge.intake().run())
            began = time.perf_counter()
            running = asyncio.create_task(delivery.run())
            await until(lambda: _is(len(smsc.taken) == MESSAGES), "every message", pause=_PAUSE)
            sent = time.perf_counter() - began
            await until(lambda: _is(smsc.answered == MESSAGES), "every receipt", pause=_PAUSE)
            await until(lambda: _all_delivered(store), "every state", pause=_PAUSE)
            took = Took(sent=sent, settled=time.perf_counter() - began)
            await delivery.stop()
            await running
            catching_up.cancel()
            return took


async def bare() -> Took:
    """smpp34's client, which takes receipts before anybody has stored them."""
    smsc = RustSmsc()
    await smsc.start(_LANES)
    client = smpp34.Client("127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD, bind_type="TRX", window_size=_WINDOW)
    link = await client.connect()
    octets = _TEXT.encode("utf-16-be")
    began = time.perf_counter()
    await asyncio.gather(
        *(
            link.submit_sm(_number(each), octets, source_addr="1500", data_coding=8, registered_delivery=1)
            for each in range(MESSAGES)
        )
    )
    sent = time.perf_counter() - began
    for _ in range(MESSAGES):
        assert isinstance(await link.next(), smpp34.DeliverSmEvent)
    took = Took(sent=sent, settled=time.perf_counter() - began)
    await link.unbind()
    await client.stop()
    await smsc.stop()
    return took


async def _fill(store: Store) -> None:
    now = Clock().now()
    writes = WriteSet()
    for number in range(MESSAGES):
        urn = f"tel:+{_number(number)}"
        message = OutboundMessage(
            id=store.chance.id(now),
            channel="smpp",
            urn=Urn.parse(urn),
            text=_TEXT,
            cause="bench",
            created_at=now,
        )
        lookup = store.vault.lookup(urn)
        enqueue(
            writes, message, contact_id="c" * 26, urn_lookup=lookup, vault=store.vault, purge_at=to_ms(now)
        )
    await store.db.commit(writes)


def _number(each: int) -> str:
    return f"85620555{each:05}"


async def _all_delivered(store: Store) -> bool:
    return set(await store.states()) == {"delivered"}


async def _is(condition: object) -> bool:
    return bool(condition)


def main() -> None:
    """Measure and print."""
    for row in asyncio.run(smpp()):
        sys.stdout.write(f"{row.what}: {row.figure} (bare {row.bare}, ratio {row.ratio})\n")


if __name__ == "__main__":
    main()
