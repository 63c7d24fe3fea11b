"""How many messages each channel sends under its provider's rule, and how many fall into one second at most.

`python -m tests.bench.pacing [SECONDS]` measures this alone.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import takewhile

from aiohttp import ClientSession

from bot.clock import Chance, Clock, to_ms
from bot.crypto import open_vault
from bot.db import WriteSet, open_database
from bot.limits import MemoryLimits
from bot.messages import OutboundMessage
from bot.migrate import upgrade
from bot.outbox_rows import enqueue
from bot.urns import Urn
from channels.base import Channel, Sent
from channels.figures import Figures
from tests.bench.rows import Row
from tests.channels.harness import Edge, Store
from tests.channels.providers import connect
from tests.conftest import MASTER
from tests.servers.ports import free_port
from tests.system.server import until

SECONDS = 60.0
_BARE_SECONDS = 2.0
_TIMEOUT = 10.0
_MARGIN = 0.5
_BATCH, _SPARE, _BARE_RATE = 500, 50, 1_500
_PATIENCE = 30.0  # with a slow disk, while the queue is filled
_TEXT = "ພາສປອດ ລາຄາ $60 ໃຊ້ເວລາ 10 ວັນ"


class _Now:
    """The time that it is, where tests mostly hold it."""

    clock = Clock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What a provider takes: `rate` messages a second over all, 0 for as many as go.

    `burst` messages at once to one person, and then one each `pause` seconds.
    """

    kind: str
    rate: float
    pause: float = 0.0
    burst: int = 1

    def allowed_to_one(self, seconds: float) -> float:
        """Messages to one person in so many seconds; 0 without a pause."""
        return self.burst - 1 + seconds / self.pause if self.pause else 0.0


# The rules of the providers that have one, and of SMS routes: a long code, an operator's line, a fast gateway.
# Those of a group are measured side by side; together they stay within what one process can send.
GROUPS = (
    (
        Rule(kind="telegram", rate=30.0, pause=1.0),
        Rule(kind="messenger", rate=40.0),
        Rule(kind="twilio", rate=1.0),
        Rule(kind="kannel", rate=0.4),
        Rule(kind="africastalking", rate=2.5),
    ),
    (Rule(kind="whatsapp", rate=80.0, pause=6.0, burst=45), Rule(kind="jasmin", rate=10.0)),
    (Rule(kind="line", rate=100.0),),
    (Rule(kind="http_sms", rate=200.0),),
)


async def pacing(seconds: float = SECONDS) -> list[Row]:
    """A row a rule, and one for what it lets one person have."""
    rows = []
    for group in GROUPS:
        for rule, sent in zip(group, await _run(group, seconds), strict=True):
            bare = len((await _run((replace(rule, rate=0.0, pause=0.0),), _BARE_SECONDS))[0])
            rows += _rows(rule, sent, f"{bare / _BARE_SECONDS:,.0f}/s without a rule", seconds)
    return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Departure:
    """A message on its way to the provider; `at` in seconds."""

    at: float
    urn: str


async def _run(rules: Sequence[Rule], seconds: float) -> list[list[_Departure]]:
    """What left under each rule in these seconds, while more waited than might."""
    with tempfile.TemporaryDirectory(prefix="patou-bench-") as folder:
        async with AsyncExitStack() as stack:
            db = await open_database(f"sqlite:///{folder}/patou.db", Clock(), patience=_PATIENCE)
            stack.push_async_callback(db.close)
            await upgrade(db)
            vault = await open_vault(db, MASTER, Clock())
            store = Store(db, vault, _Now(), Chance())  # type: ignore[arg-type]  # its clock alone
            edge = Edge(store, MemoryLimits(Clock()), free_port(), Figures())
            session = await stack.enter_async_context(ClientSession())
            departures: list[list[_Departure]] = [[] for _ in rules]
            for rule, left in zip(rules, departures, strict=True):
                caller = await stack.enter_async_context(connect(rule.kind, edge, session, _TIMEOUT))
                _watch(edge.channels[rule.kind], rule, left)
                await _fill(store, rule, caller.urn, seconds)
            await _deliver(edge, departures, seconds)
            return departures


def _watch(channel: Channel, rule: Rule, left: list[_Departure]) -> None:
    """Give the channel the rule's rate, and note what it sends."""
    send = channel.send

    async def noted(message: OutboundMessage) -> Sent:
        left.append(_Departure(at=time.perf_counter(), urn=str(message.urn)))
        return await send(message)

    channel.send = noted  # type: ignore[method-assign]  # its own, watched
    channel.rate = rule.rate  # type: ignore[misc]  # a plain attribute of every channel


async def _fill(store: Store, rule: Rule, sample: str, seconds: float) -> None:
    """Queue more than the rule lets go: for one person, and one message each for many others."""
    now = Clock().now()
    one = int(rule.allowed_to_one(seconds)) + _SPARE if rule.pause else 0
    many = int(rule.rate * seconds if rule.rate else _BARE_RATE * seconds) + _SPARE
    urns = [sample] * one + [_another(sample, number) for number in range(many)]
    for start in range(0, len(urns), _BATCH):
        writes = WriteSet()
        for urn in urns[start : start + _BATCH]:
            message = OutboundMessage(
                id=store.chance.id(now),
                channel=rule.kind,
                urn=Urn.parse(urn),
                text=_TEXT,
                cause="bench",
                created_at=now,
            )
            enqueue(
                writes,
                message,
                contact_id="c" * 26,
                urn_lookup=store.vault.lookup(urn),
                vault=store.vault,
                purge_at=to_ms(now),
            )
        await store.db.commit(writes)


def _another(sample: str, number: int) -> str:
    """An address of the same kind: its last digits are counted on."""
    digits = "".join(takewhile(str.isdecimal, reversed(sample)))[::-1]
    return sample.removesuffix(digits) + str(int(digits) + 1 + number)


async def _deliver(edge: Edge, departures: Sequence[Sequence[_Departure]], seconds: float) -> None:
    """Run the door out for some seconds after the first message of each has left."""
    delivery = edge.delivery()
    running = asyncio.create_task(delivery.run())
    await until(lambda: _begun(departures), "every channel to begin")
    await asyncio.sleep(seconds + _MARGIN)
    await delivery.stop()
    await running


async def _begun(departures: Sequence[Sequence[_Departure]]) -> bool:
    return all(departures)


def _rows(rule: Rule, left: Sequence[_Departure], bare: str, seconds: float) -> list[Row]:
    sent = _within(left, seconds)
    allowed = math.ceil(rule.rate * seconds)
    rows = [
        Row(
            what=f"{rule.kind} at {rule.rate:g}/s for {seconds:g} s: sent; most in a second",
            figure=f"{sent:,} of {allowed:,}; {_most(left, max(1.0, 1 / rule.rate))}",
            bare=bare,
            ratio=f"{sent / allowed:.3f}",
        )
    ]
    if rule.pause:
        busiest, _ = Counter(each.urn for each in left).most_common(1)[0]
        to_one = [each for each in left if each.urn == busiest]
        sent, to_person = _within(to_one, seconds), rule.allowed_to_one(seconds)
        rows.append(
            Row(
                what=f"… to one person, one each {rule.pause:g} s, {rule.burst} at once",
                figure=f"{sent:,} of {to_person:,.0f}",
                ratio=f"{sent / to_person:.3f}",
            )
        )
    return rows


def _within(left: Sequence[_Departure], seconds: float) -> int:
    """How many left in the seconds after the first."""
    return sum(each.at < left[0].at + seconds for each in left)


def _most(left: Sequence[_Departure], seconds: float) -> int:
    """The largest number that left in any so many seconds."""
    times = [each.at for each in left]
    return max(bisect_left(times, at + seconds) - index for index, at in enumerate(times))


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    for row in asyncio.run(pacing(seconds)):
        sys.stdout.write(f"{row.what} | {row.figure} | {row.bare} | {row.ratio}\n")


if __name__ == "__main__":
    main()
