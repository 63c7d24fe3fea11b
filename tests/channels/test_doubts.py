"""Lost answers: asked about after the grace, and never sent twice where somebody can tell."""

from __future__ import annotations

import pytest

from bot.errors import ConfigurationError
from bot.messages import DeliveryClass
from channels.figures import Figures
from tests.channels.harness import Store, drain, report
from tests.channels.provider import Asked, Provider, out

GRACE = Figures().grace


async def test_a_call_may_not_outlast_the_grace(store: Store) -> None:
    provider = Provider()
    provider.timeout = 10.0
    out(store, provider, grace=10.9)
    with pytest.raises(ConfigurationError, match=r"channels\.test\.timeout: .* 10 s, .* PATOU_GRACE_SECONDS"):
        out(store, provider, grace=10.0)


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


async def test_a_fault_of_a_channel_leaves_the_message_in_doubt_and_the_others_alone(store: Store) -> None:
    provider = Provider()
    provider.plan.append(ZeroDivisionError())
    delivery = out(store, provider)
    await store.put()
    await store.put(urn="tel:+8562022222222", text="other")
    await drain(delivery)
    assert (await store.states(), provider.texts) == (["in_doubt", "sent"], ["other"])
