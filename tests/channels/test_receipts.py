"""Receipts: in any order, of parts, ahead of the mark; states only move forward."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import DeliveryState
from bot.outbox import Mark
from bot.receipts import combined, later
from tests.channels.harness import Store, drain, part, report
from tests.channels.provider import Provider, out

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
