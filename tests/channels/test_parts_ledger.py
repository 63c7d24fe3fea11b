"""The ledger of parts: whatever happens in whatever order, nothing known to be held goes again and nothing stays behind."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.clock import Chance, Clock
from bot.crypto import open_vault
from bot.db import open_database
from bot.limits import MemoryLimits
from bot.messages import DeliveryClass, OutboundMessage
from channels.base import PartOutcome
from channels.delivery import Delivery
from channels.figures import Figures
from tests.channels.harness import Edge, Store, drain, part, report
from tests.channels.provider import ERRORS, Provider
from tests.conftest import MASTER
from tests.pinned import PinnedTime

HELD = ("sent", "delivered", "read")
OPEN = ("queued", "sending", "in_doubt")
# Whatever a message or a part is in, it may only go to a state as high.
RANK = dict.fromkeys(OPEN, 0) | {"sent": 1, "delivered": 2, "failed": 2, "expired": 2, "read": 3}
GRACE = 30.0
_lives = count(1)


class Gateway(Provider):
    """A provider that takes parts one by one, by a plan: of those that it took, some answers are lost.

    `hangs`: it never answers, and the process that asked is killed; `takes it and hangs` is the same a moment later.
    """

    def __init__(self, store: Store, name: str = "test") -> None:
        super().__init__(name)
        self.store = store
        self.handed: list[tuple[str, int, str]] = []
        self.again: list[tuple[str, int]] = []
        self.doubts: Counter[tuple[str, int]] = Counter()
        self.stuck = asyncio.Event()

    def parts(self, message: OutboundMessage) -> Sequence[str]:
        """See `Parted`."""
        return message.text.split("|")

    async def send_parts(self, message: OutboundMessage, numbers: Collection[int]) -> Sequence[PartOutcome]:
        """See `Parted`."""
        return [await self._one(message, number) for number in sorted(numbers)]

    async def _one(self, message: OutboundMessage, number: int) -> PartOutcome:
        known = {each.part: each.state for each in await self.store.parts(message.id)}
        if known.get(number) in HELD:
            self.again.append((message.id, number))
        outcome = self.plan.popleft() if self.plan else "ok"
        assert isinstance(outcome, str)
        key = (message.id, number)
        if outcome in ("lose", "doubt"):
            self.doubts[key] += 1
        if outcome == "hangs":
            await self._hang()
        if outcome in ERRORS:
            return PartOutcome(number=number, error=ERRORS[outcome])
        self.handed.append((*key, f"p{len(self.handed)}"))
        if outcome == "takes it and hangs":
            await self._hang()
        if outcome == "lose":
            raise ERRORS["doubt"]
        return PartOutcome(number=number, sent=part(self.handed[-1][2]))

    async def _hang(self) -> None:
        self.stuck.set()
        await asyncio.Event().wait()

    def times(self, message_id: str, number: int) -> int:
        """How often it took a part."""
        return sum((message_id, number) == each[:2] for each in self.handed)


def door_out(store: Store, gateway: Provider, **options: Any) -> tuple[Edge, Delivery]:
    """A process that delivers."""
    figures = Figures(poll=0.005, linger=0.0, grace=GRACE, sweep=0.0)
    edge = Edge(store, MemoryLimits(store.clock), 1, figures)
    edge.channels[gateway.name] = gateway
    return edge, edge.delivery(**options)


class Life(RuleBasedStateMachine):
    """Messages of several parts, through everything that can happen to them."""

    def __init__(self, store: Store, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        super().__init__()
        self.store = store
        self.run = run
        self.gateway = Gateway(store, f"channel-{next(_lives)}")
        self.edge, self.delivery = door_out(store, self.gateway)
        self.intake = self.edge.intake()
        self.ids: list[str] = []
        self.classes: dict[str, str] = {}
        self.seen: dict[str, str] = {}
        self.failures = self.deaths = 0

    @initialize(
        sizes=st.lists(st.integers(1, 4), min_size=1, max_size=2),
        delivery_class=st.sampled_from(DeliveryClass),
    )
    def begin(self, sizes: list[int], delivery_class: DeliveryClass) -> None:
        """Some messages to different people."""
        for person, size in enumerate(sizes):
            put = self.store.put(
                self.gateway.name,
                text="|".join(f"part {number}" for number in range(size)),
                urn=f"tel:+85620{person:08d}",
                delivery_class=delivery_class,
                lifetime=4000,
            )
            self.ids.append(self.run(put))
            self.classes[self.ids[-1]] = delivery_class

    @rule(
        plan=st.lists(
            st.sampled_from(["ok", "ok", "throttled", "retry", "refused", "doubt", "lose"]), max_size=4
        )
    )
    def deliver(self, plan: list[str]) -> None:
        """What is due is sent, and the provider does as it likes."""
        self.gateway.plan = deque(plan)
        self.run(drain(self.delivery))

    @rule(before=st.integers(0, 3), how=st.sampled_from(["hangs", "takes it and hangs"]), waits=st.booleans())
    def die(self, before: int, how: str, waits: bool) -> None:
        """The process is killed between two parts, and another takes its place."""
        self.gateway.plan = deque([*["ok"] * before, how])
        self.run(self._killed())
        self.deaths += 1
        self.gateway.plan.clear()
        self.edge, self.delivery = door_out(self.store, self.gateway)
        self.intake = self.edge.intake()
        if waits:
            self.store.pinned.advance(GRACE + 1)

    @rule(seconds=st.sampled_from([1.0, 10.0, 61.0, 700.0, 5000.0]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.store.pinned.advance(seconds)

    @rule(
        pick=st.integers(0, 8),
        state=st.sampled_from(["sent", "delivered", "read", "failed", "expired"]),
        retryable=st.booleans(),
    )
    def tell(self, pick: int, state: str, retryable: bool) -> None:
        """A receipt of any part that was ever taken, once more or late, or ahead of the answer."""
        provider_id = f"p{pick}"
        told = report(
            self.gateway.name, state, self.store.clock, provider_id=provider_id, retryable=retryable
        )
        self.run(self.intake.take(told.channel, told))
        self.failures += state in ("failed", "expired")

    @rule()
    def catch_up(self) -> None:
        """What came early is looked at again."""
        self.run(self.intake.catch_up())

    @invariant()
    def nothing_that_is_held_goes_again(self) -> None:
        """A part that the ledger holds as sent is not handed over."""
        assert self.gateway.again == []

    @invariant()
    def only_doubts_and_failures_double(self) -> None:
        """A part goes once more for each answer that was lost and each failure that was told, and for nothing else."""
        for message_id, number, _ in self.gateway.handed:
            at_most_once = self.classes.get(message_id) == DeliveryClass.AT_MOST_ONCE
            doubts = 0 if at_most_once else self.gateway.doubts[message_id, number] + self.deaths
            assert self.gateway.times(message_id, number) <= 1 + doubts + self.failures

    @invariant()
    def states_move_forward(self) -> None:
        """No message goes back, except from where it was given up without knowing."""
        for message_id in self.ids:
            row = self.run(self.store.row(message_id))
            was = self.seen.get(message_id, "queued")
            assert was == "unknown" or RANK[row.state] >= RANK[was], (was, row.state)
            if was in ("failed", "expired"):
                assert row.state == was
            given_up = (row.state, row.error_code) == ("failed", "in_doubt")
            self.seen[message_id] = "unknown" if given_up else row.state

    def teardown(self) -> None:
        """When the provider does its work again, every message comes to an end, and with it every part."""
        self.gateway.plan.clear()
        for _ in range(8):
            self.store.pinned.advance(701)
            self.run(self.intake.catch_up())
            self.run(drain(self.delivery))
        for message_id in self.ids:
            row, parts = self.run(self.store.row(message_id)), self.run(self.store.parts(message_id))
            assert (row.state in OPEN, row.again_at) == (False, 0)
            assert not [each.state for each in parts if each.state in OPEN]
            if row.state in HELD:
                assert {each.state for each in parts} <= set(HELD)
                numbers = {number for each, number, _ in self.gateway.handed if each == message_id}
                assert numbers == {each.part for each in parts}

    async def _killed(self) -> None:
        self.gateway.stuck.clear()
        step = asyncio.create_task(drain(self.delivery))
        stuck = asyncio.create_task(self.gateway.stuck.wait())
        await asyncio.wait({step, stuck}, return_when=asyncio.FIRST_COMPLETED)
        tasks = [step, stuck, *self.delivery._flights]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_whatever_happens_no_part_is_doubled_or_left_behind(database_url: str) -> None:
    with asyncio.Runner() as runner:
        pinned = PinnedTime()
        database = runner.run(open_database(database_url, Clock(), patience=30))
        vault = runner.run(open_vault(database, MASTER, pinned.clock))
        store = Store(database, vault, pinned, Chance())
        try:
            run_state_machine_as_test(
                lambda: Life(store, runner.run),  # type: ignore[arg-type]  # any way to make one will do
                settings=settings(
                    max_examples=20,
                    stateful_step_count=10,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(database.close())


async def test_only_the_part_that_was_not_taken_is_tried_again(store: Store) -> None:
    gateway = Gateway(store)
    gateway.plan.extend(["ok", "retry"])
    _, delivery = door_out(store, gateway)
    sent = await store.put(text="one|two|three")
    await drain(delivery)
    assert [(each.state, each.error_code) for each in await store.parts(sent)] == [
        ("sent", ""),
        ("queued", "http_503"),
        ("queued", ""),
    ]
    assert await store.states() == ["queued"]
    store.pinned.advance(10)
    await drain(delivery)
    assert [number for _, number, _ in gateway.handed] == [0, 1, 2]
    assert [(each.provider_id, each.attempts) for each in await store.parts(sent)] == [
        ("p0", 1),
        ("p1", 1),
        ("p2", 1),
    ]
    assert await store.states() == ["sent"]


async def test_a_part_that_failed_for_a_cause_that_may_pass_goes_again_alone_and_not_for_ever(
    store: Store,
) -> None:
    gateway = Gateway(store)
    edge, delivery = door_out(store, gateway, price=lambda _: 12_000)
    intake = edge.intake()
    sent = await store.put(text="one|two")
    await drain(delivery)
    for failing in ("p1", "p2", "p3"):
        told = report("test", "failed", store.clock, provider_id=failing, error_code="099", retryable=True)
        await intake.take("test", told)
        await intake.take("test", told)
        await drain(delivery)
        store.pinned.advance(601)
        await drain(delivery)
    parts = await store.parts(sent)
    assert [number for _, number, _ in gateway.handed] == [0, 1, 1, 1]
    assert [(each.state, each.attempts, each.price) for each in parts] == [
        ("sent", 1, 12_000),
        ("failed", 3, 36_000),
    ]
    row = await store.row(sent)
    assert (row.state, row.error_code, row.again_at) == ("failed", "099", 0)


async def test_what_is_to_go_again_and_outlives_its_message_does_not(store: Store) -> None:
    gateway = Gateway(store)
    edge, delivery = door_out(store, gateway)
    sent = await store.put(text="one", lifetime=100)
    await drain(delivery)
    told = report("test", "failed", store.clock, provider_id="p0", retryable=True)
    await edge.intake().take("test", told)
    store.pinned.advance(200)
    await drain(delivery)
    row = await store.row(sent)
    assert (row.state, row.again_at, len(gateway.handed)) == ("expired", 0, 1)
    assert [each.state for each in await store.parts(sent)] == ["expired"]


async def test_what_arrived_after_all_does_not_go_again(store: Store) -> None:
    gateway = Gateway(store)
    edge, delivery = door_out(store, gateway)
    sent = await store.put(text="one")
    await drain(delivery)
    for state in ("failed", "delivered"):
        told = report("test", state, store.clock, provider_id="p0", retryable=True)
        await edge.intake().take("test", told)
    store.pinned.advance(61)
    await drain(delivery)
    row = await store.row(sent)
    assert (row.state, row.again_at, len(gateway.handed)) == ("delivered", 0, 1)


async def test_a_sent_message_stays_sent_while_a_part_of_it_goes_again(store: Store) -> None:
    gateway = Gateway(store)
    edge, delivery = door_out(store, gateway)
    intake = edge.intake()
    sent = await store.put(text="one|two")
    await drain(delivery)
    await intake.take("test", report("test", "delivered", store.clock, provider_id="p0"))
    await intake.take("test", report("test", "failed", store.clock, provider_id="p1", retryable=True))
    assert [each.state for each in await store.parts(sent)] == ["delivered", "queued"]
    assert await store.states() == ["sent"]
    store.pinned.advance(61)
    await drain(delivery)
    await intake.take("test", report("test", "delivered", store.clock, provider_id="p2"))
    assert await store.states() == ["delivered"]


async def test_a_receipt_ahead_of_the_answer_waits_for_it(store: Store) -> None:
    gateway = Gateway(store)
    edge, delivery = door_out(store, gateway)
    intake = edge.intake()
    await store.put(text="one")
    told = report("test", "delivered", store.clock, provider_id="p0")
    assert (await intake.take("test", told)).kind == "ignored"
    assert await intake.catch_up() == 0
    await drain(delivery)
    assert (await store.states(), await intake.catch_up()) == (["sent"], 1)
    assert (await store.states(), await intake.catch_up()) == (["delivered"], 0)


async def test_what_a_part_costs_is_what_the_provider_says_or_the_table(store: Store) -> None:
    provider = Provider()
    _, delivery = door_out(store, provider, price=lambda phone: 15_000 if phone else None)
    sent = await store.put()
    await drain(delivery)
    assert [each.price for each in await store.parts(sent)] == [15_000]
