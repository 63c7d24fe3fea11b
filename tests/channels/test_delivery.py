"""The door out: order, pace, doubts, retries, receipts; time is pinned and nothing waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bot.db import WriteSet
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.limits import MemoryLimits
from bot.messages import Capabilities, DeliveryClass, DeliveryState, InboundEvent, OutboundMessage, Priority
from bot.outbox import Mark, SentPart
from bot.receipts import combined, later
from bot.schema import outbox
from channels.base import Accepted, Rate, RawRequest, RawResponse, Sent
from channels.delivery import Delivery, Figures
from channels.errors import SendError
from tests.channels.harness import Edge, Store, drain, part, report

GRACE = Figures().grace
ERRORS = {
    "doubt": SendError(code="timeout", in_doubt=True),
    "opted out": SendError(code="21610", opted_out=True),
    "unreachable": SendError(code="21211", unreachable=True),
    "misconfigured": SendError(code="20003", misconfigured=True),
    "throttled": SendError(code="20429", throttled=True, retry_after=7),
    "retry": SendError(code="http_503", retryable=True),
    "retry twice": SendError(code="30003", retryable=True, tries=2),
    "refused": SendError(code="21617"),
}


# Two, four and eight seconds, a quarter more or less.
PAUSES = [(1.5, 2.5), (3.0, 5.0), (6.0, 10.0)]


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

    def rates(self, request: RawRequest) -> Sequence[Rate]:
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
    edge = Edge(store, MemoryLimits(store.clock), 1, Figures(poll=0.05, **figures))  # type: ignore[arg-type]  # by name
    edge.channels[provider.name] = provider
    return edge.delivery()


async def test_a_call_may_not_outlast_the_grace(store: Store) -> None:
    provider = Provider()
    provider.timeout = 10.0
    out(store, provider, grace=10.1)
    with pytest.raises(ConfigurationError, match=r"channels\.test\.timeout: .* 10 s, .* PATOU_GRACE_SECONDS"):
        out(store, provider, grace=10.0)


async def test_a_message_is_sent_once_with_its_part_rows(store: Store) -> None:
    provider = Provider()
    delivery = out(store, provider)
    sent = await store.put(text="ສະບາຍດີ")
    await drain(delivery)
    await drain(delivery)
    assert provider.texts == ["ສະບາຍດີ"]
    row = await store.row(sent)
    assert (row.state, row.attempts, len(row.attempt_id)) == ("sent", 1, 26)
    assert [each.provider_id for each in await store.parts(sent)] == ["p1"]


async def test_the_attempt_is_stored_before_the_provider_is_called(store: Store) -> None:
    await store.put()
    (claimed,) = await store.outbox.claim("test", 10)
    row = await store.row(claimed.message.id)
    assert (row.state, row.attempts, row.attempt_id) == ("sending", 1, claimed.attempt_id)
    assert not await store.outbox.claim("test", 10)


async def test_a_person_is_written_to_in_order_and_people_do_not_wait_for_each_other(store: Store) -> None:
    for text in ("a1", "a2", "a3"):
        await store.put(urn="tel:+8562011111111", text=text)
    await store.put(urn="tel:+8562022222222", text="b1")
    claimed = await store.outbox.claim("test", 10)
    assert [each.message.text for each in claimed] == ["a1", "b1"]


async def test_a_message_in_trouble_holds_back_the_next_for_a_bounded_time(store: Store) -> None:
    provider = Provider()
    provider.plan.extend(["retry", "retry", "retry", "retry", "retry", "retry", "retry", "retry"])
    delivery = out(store, provider, first_pause=100.0)
    await store.put(text="first")
    await store.put(text="second")
    await drain(delivery)
    assert not await store.outbox.claim("test", 10)
    store.pinned.advance(121)
    claimed = await store.outbox.claim("test", 10)
    assert "second" in [each.message.text for each in claimed]


async def test_conversations_go_before_broadcasts_to_the_same_person_too(store: Store) -> None:
    await store.put(text="news", priority=Priority.BROADCAST)
    await store.put(text="answer")
    claimed = await store.outbox.claim("test", 1)
    assert [each.message.text for each in claimed] == ["answer"]


async def test_two_processes_never_claim_the_same_message(store: Store) -> None:
    for number in range(40):
        await store.put(urn=f"tel:+85620{number:08d}")
    claims = await asyncio.gather(*(store.outbox.claim("test", 7) for _ in range(8)))
    ids = [each.message.id for claim in claims for each in claim]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("error", "state", "code", "urn"),
    [
        ("opted out", "failed", "21610", "opted_out"),
        ("unreachable", "failed", "21211", "unreachable"),
        ("refused", "failed", "21617", "active"),
        ("doubt", "in_doubt", "timeout", "active"),
        ("misconfigured", "queued", "20003", "active"),
        ("throttled", "queued", "20429", "active"),
        ("retry", "queued", "http_503", "active"),
    ],
)
async def test_what_an_error_leads_to(store: Store, error: str, state: str, code: str, urn: str) -> None:
    provider = Provider()
    provider.plan.append(error)
    sent = await store.put()
    await drain(out(store, provider))
    row = await store.row(sent)
    assert (row.state, row.error_code) == (state, code)
    assert await store.urn_state("tel:+8562055512345") == urn
    assert provider.taken == []


async def test_a_transient_error_is_tried_again_with_a_growing_pause(store: Store) -> None:
    provider = Provider()
    provider.plan.extend(["retry"] * 3)
    delivery = out(store, provider)
    sent = await store.put()
    pauses = []
    for _ in range(3):
        await drain(delivery)
        pause = (await store.row(sent)).due_at / 1000 - store.clock.now().timestamp()
        pauses.append(pause)
        store.pinned.advance(pause)
    await drain(delivery)
    assert provider.texts == ["hello"]
    assert [low <= pause <= high for pause, (low, high) in zip(pauses, PAUSES, strict=True)] == [True] * 3


async def test_tries_are_limited_where_the_error_says_so(store: Store) -> None:
    provider = Provider()
    provider.plan.extend(["retry twice"] * 5)
    delivery = out(store, provider)
    sent = await store.put()
    for _ in range(5):
        await drain(delivery)
        store.pinned.advance(60)
    assert (await store.row(sent)).attempts == 2
    assert await store.states() == ["failed"]


async def test_throttling_stops_the_channel_and_does_not_count_as_a_try(store: Store) -> None:
    provider = Provider()
    provider.plan.append("throttled")
    delivery = out(store, provider)
    first = await store.put()
    await drain(delivery)
    await store.put(urn="tel:+8562022222222", text="other")
    store.pinned.advance(6)
    await drain(delivery)
    assert provider.taken == []
    assert (await store.row(first)).attempts == 0
    store.pinned.advance(2)
    await drain(delivery)
    assert sorted(provider.texts) == ["hello", "other"]


async def test_messages_expire(store: Store) -> None:
    provider = Provider()
    provider.plan.append("retry")
    delivery = out(store, provider, first_pause=20.0)
    await store.put(lifetime=10)
    await store.put(urn="tel:+8562022222222", text="late", lifetime=10)
    store.pinned.advance(11)
    await drain(delivery)
    assert await store.states() == ["expired", "expired"]
    await store.put(text="dies while it waits", lifetime=10)
    await drain(delivery)
    assert (await store.states())[-1] == "expired"
    assert provider.taken == []


async def test_the_pace_of_a_channel_is_kept(store: Store) -> None:
    provider = Provider(rate=2.0)
    delivery = out(store, provider)
    for number in range(6):
        await store.put(urn=f"tel:+85620{number:08d}")
    counts = []
    for _ in range(4):
        await drain(delivery)
        counts.append(len(provider.taken))
        store.pinned.advance(1)
    assert counts == [2, 4, 6, 6]


async def test_a_lost_answer_is_asked_about_after_the_grace_and_not_sent_again(store: Store) -> None:
    provider = Asked()
    provider.plan.append("lose")
    delivery = out(store, provider)
    sent = await store.put()
    await drain(delivery)
    store.pinned.advance(GRACE - 1)
    await drain(delivery)
    assert await store.states() == ["in_doubt"]
    store.pinned.advance(1 + Figures().sweep)
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent"], ["hello"])
    assert [each.provider_id for each in await store.parts(sent)] == ["p1"]


async def test_what_the_provider_never_got_is_sent_again(store: Store) -> None:
    provider = Asked()
    provider.plan.append("doubt")
    delivery = out(store, provider)
    await store.put(delivery_class=DeliveryClass.AT_MOST_ONCE)
    await drain(delivery)
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent"], ["hello"])


async def test_an_earlier_message_of_the_same_words_is_not_taken_for_the_one_in_doubt(store: Store) -> None:
    provider = Asked()
    provider.plan.extend(["ok", "doubt"])
    delivery = out(store, provider)
    await store.put()
    await store.put()
    await drain(delivery)
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent", "sent"], ["hello", "hello"])


async def test_a_provider_that_cannot_answer_is_asked_again(store: Store) -> None:
    provider = Asked()
    provider.plan.append("lose")
    provider.answers = False
    delivery = out(store, provider)
    await store.put()
    await drain(delivery)
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert await store.states() == ["in_doubt"]
    provider.answers = True
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent"], ["hello"])


@pytest.mark.parametrize(
    ("delivery_class", "state", "sent"),
    [(DeliveryClass.AT_LEAST_ONCE, "sent", 2), (DeliveryClass.AT_MOST_ONCE, "failed", 1)],
)
async def test_where_nobody_can_be_asked_the_class_decides(
    store: Store, delivery_class: DeliveryClass, state: str, sent: int
) -> None:
    provider = Provider()
    provider.plan.append("lose")
    delivery = out(store, provider)
    await store.put(delivery_class=delivery_class)
    await drain(delivery)
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), len(provider.taken)) == ([state], sent)


async def test_a_receipt_settles_a_doubt(store: Store) -> None:
    provider = Provider()
    provider.plan.append("lose")
    delivery = out(store, provider)
    sent = await store.put()
    await drain(delivery)
    await store.receipts.apply(report("test", "delivered", store.clock, outbound_id=sent, provider_id="p1"))
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["delivered"], ["hello"])


async def test_a_receipt_tells_even_after_the_message_was_given_up(store: Store) -> None:
    provider = Provider()
    provider.plan.append("lose")
    delivery = out(store, provider)
    sent = await store.put(delivery_class=DeliveryClass.AT_MOST_ONCE)
    await drain(delivery)
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    await store.receipts.apply(report("test", "delivered", store.clock, outbound_id=sent))
    assert await store.states() == ["delivered"]


async def test_what_a_dead_process_had_in_flight_is_doubted_after_the_grace(store: Store) -> None:
    await store.put()
    await store.outbox.claim("test", 10)
    provider = Provider()
    delivery = out(store, provider)
    await drain(delivery)
    assert (await store.states(), provider.taken) == (["sending"], [])
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent"], ["hello"])


async def test_sends_that_end_within_a_moment_are_stored_together(store: Store) -> None:
    commits = 0
    mark = store.outbox.mark

    async def counted(*marks: Any) -> None:
        nonlocal commits
        commits += 1
        await mark(*marks)

    store.outbox.mark = counted  # type: ignore[assignment, method-assign]  # its own, counted
    provider = Staggered()
    for number in range(5):
        await store.put(urn=f"tel:+85620{number:08d}")
    await drain(out(store, provider, linger=10.0))
    assert (len(provider.taken), commits) == (5, 1)


async def test_more_doubts_than_lanes_are_asked_about_without_a_pause(store: Store) -> None:
    provider = Asked()
    provider.plan.extend(["lose"] * 5)
    delivery = out(store, provider, lanes=2)
    for number in range(5):
        await store.put(urn=f"tel:+85620{number:08d}", text=f"{number}")
    await drain(delivery)
    store.pinned.advance(GRACE + 1)
    await drain(delivery)
    assert (await store.states(), len(provider.taken)) == (["sent"] * 5, 5)


async def test_a_fault_of_a_channel_leaves_the_message_in_doubt_and_the_others_alone(store: Store) -> None:
    provider = Provider()
    provider.plan.append(ZeroDivisionError())
    delivery = out(store, provider)
    await store.put()
    await store.put(urn="tel:+8562022222222", text="other")
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["in_doubt", "sent"], ["other"])


async def test_a_row_that_cannot_be_decrypted_is_a_dead_letter(store: Store) -> None:
    broken = await store.put()
    await store.put(urn="tel:+8562022222222", text="other")
    writes = WriteSet()
    writes.add(update(outbox).where(outbox.c.id == broken).values(message_sealed=b"\0" * 64), rows=1)
    await store.db.commit(writes)
    provider = Provider()
    await drain(out(store, provider))
    row = await store.row(broken)
    assert (row.state, row.error_code, provider.texts) == ("failed", "unreadable", ["other"])


async def test_too_many_opt_outs_are_not_believed(store: Store) -> None:
    edge = Edge(store, MemoryLimits(store.clock), 1)
    provider = Provider()
    provider.plan.extend(["opted out"] * 25)
    edge.channels["test"] = provider
    for number in range(25):
        await store.put(urn=f"tel:+85620{number:08d}")
    await drain(edge.delivery())
    assert len(edge.opt_outs) == 20
    assert {event.channel for event in edge.opt_outs} == {"test"}
    assert len({event.cause for event in edge.opt_outs}) == 20


async def test_stopping_stores_what_ends_in_time_and_leaves_the_rest_in_flight(store: Store) -> None:
    provider = Provider()
    provider.held = asyncio.Event()
    delivery = out(store, provider)
    await store.put()
    running = asyncio.create_task(delivery.run())
    delivery.wake()
    await provider.called.wait()
    stopping = asyncio.create_task(delivery.stop(5))
    provider.held.set()
    await stopping
    await running
    assert await store.states() == ["sent"]


@pytest.mark.parametrize(("looks_crowded", "waited"), [(3, 0.9), (1_000, 1.2), (0, 0.0)])
async def test_a_crowd_at_the_door_in_is_answered_first_for_a_moment(
    store: Store, looks_crowded: int, waited: float
) -> None:
    provider = Provider()
    edge = Edge(store, MemoryLimits(store.clock), 1)
    edge.channels["test"] = provider
    looks = 0

    def crowded() -> bool:
        nonlocal looks
        looks += 1
        if looks > looks_crowded or provider.called.is_set():
            return False
        store.pinned.advance(0.3)
        return True

    delivery = edge.delivery(crowded)
    await store.put()
    began = store.clock.monotonic()
    running = asyncio.create_task(delivery.run())
    async with asyncio.timeout(30):
        await provider.called.wait()
        assert store.clock.monotonic() - began == pytest.approx(waited)
        await delivery.stop(5)
        await running


async def test_a_bounded_stop_leaves_what_hangs(store: Store) -> None:
    provider = Provider()
    provider.held = asyncio.Event()
    delivery = out(store, provider)
    await store.put()
    await delivery.step()
    await delivery.stop(0.01)
    assert await store.states() == ["sending"]


async def test_the_database_may_go_away_between_send_and_mark(store: Store) -> None:
    provider = Provider()
    provider.held = asyncio.Event()
    delivery = out(store, provider)
    await store.put()
    await delivery.step()
    fine = store.outbox.mark

    async def away(*_: object) -> None:
        raise DatabaseUnavailable

    store.outbox.mark = away  # type: ignore[assignment, method-assign]  # the store's fault, injected
    provider.held.set()
    with pytest.raises(DatabaseUnavailable):
        await drain(delivery)
    store.outbox.mark = fine  # type: ignore[method-assign]  # healed
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["sent"], ["hello"])


STATES = st.sampled_from(DeliveryState)


@given(STATES, STATES, STATES)
def test_states_only_move_forward(first: DeliveryState, second: DeliveryState, third: DeliveryState) -> None:
    assert not later(first, first)
    assert not (later(first, second) and later(second, first))
    if later(first, second) and later(second, third):
        assert later(first, third)


@given(st.lists(STATES, min_size=1))
def test_a_message_is_never_further_than_its_slowest_part(states: list[DeliveryState]) -> None:
    whole = combined(states)
    assert whole in states
    if DeliveryState.FAILED in states:
        assert whole is DeliveryState.FAILED


RECEIPTS = ["sent", "delivered", "read", "failed"]


@pytest.mark.parametrize(
    ("order", "end"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "sent"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["failed", "delivered"], "failed"),
        (["delivered", "delivered"], "delivered"),
        (["failed", "sent", "read"], "failed"),
    ],
)
async def test_receipts_in_any_order(store: Store, order: list[str], end: str) -> None:
    delivery = out(store, Provider())
    sent = await store.put()
    await drain(delivery)
    for state in order:
        await store.receipts.apply(report("test", state, store.clock, provider_id="p1"))
    assert (await store.row(sent)).state == end


async def test_receipts_of_parts_make_the_message(store: Store) -> None:
    sent = await store.put()
    (claimed,) = await store.outbox.claim("test", 1)
    parts = (part("x1"), part("x2"))
    await store.outbox.mark([Mark(claimed=claimed, state=DeliveryState.SENT, parts=parts)])
    await asyncio.gather(
        *(
            store.receipts.apply(report("test", "delivered", store.clock, provider_id=each))
            for each in ("x1", "x2")
        )
    )
    assert (await store.row(sent)).state == "delivered"


async def test_receipts_for_unknown_messages_or_other_channels_are_told_apart(store: Store) -> None:
    sent = await store.put()
    await drain(out(store, Provider()))
    assert await store.receipts.apply(report("test", "delivered", store.clock, provider_id="nobody")) is None
    assert await store.receipts.apply(report("other", "delivered", store.clock, outbound_id=sent)) is None
    assert await store.states() == ["sent"]


async def test_a_receipt_ahead_of_the_mark_is_kept(store: Store) -> None:
    sent = await store.put()
    (claimed,) = await store.outbox.claim("test", 1)
    await store.receipts.apply(report("test", "delivered", store.clock, outbound_id=sent, provider_id="p1"))
    await store.outbox.mark([Mark(claimed=claimed, state=DeliveryState.SENT, parts=(part("p1"),))])
    assert (await store.row(sent)).state == "delivered"
    assert [(each.provider_id, each.state) for each in await store.parts(sent)] == [("p1", "delivered")]


async def test_the_failure_of_a_replaced_attempt_does_not_end_the_message(store: Store) -> None:
    sent = await store.put()
    (claimed,) = await store.outbox.claim("test", 1)
    await store.outbox.mark([Mark(claimed=claimed, state=DeliveryState.SENT, parts=(part("second"),))])
    late = report("test", "failed", store.clock, outbound_id=sent, provider_id="first")
    await store.receipts.apply(late)
    assert (await store.row(sent)).state == "sent"
