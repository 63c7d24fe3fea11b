"""An operator that is away: everything waits, nothing is lost or doubled, and it comes back to few before many."""

from __future__ import annotations

import pytest

from bot.clock import Clock
from bot.limits import MemoryLimits
from bot.metrics import Metrics
from bot.traffic import traffic_of
from channels.errors import SendError
from channels.figures import Figures
from channels.outages import Outages
from tests.channels.harness import Edge, Store, drain
from tests.channels.provider import ERRORS, Provider
from tests.pinned import PinnedTime

AWAY = SendError(code="no_connection", away=True)
PEOPLE = 150


async def test_an_hour_without_the_operator(store: Store) -> None:
    provider = Provider()
    edge = Edge(store, MemoryLimits(store.clock), 1, Figures(poll=0.01, linger=0.0))
    edge.channels["test"] = provider
    delivery = edge.delivery()
    for number in range(PEOPLE):
        await store.put(urn=f"tel:+85620{number:08d}", text=str(number))
    calls = 0
    for _ in range(60):
        provider.plan.extend([AWAY] * 40)
        await drain(delivery)
        calls += 40 - len(provider.plan)
        provider.plan.clear()
        store.pinned.advance(60)
    assert calls < 32 + 60 + 1
    assert {row.attempts for row in await store.rows()} == {0}
    assert (await traffic_of("test", store.db, store.clock)).trouble == "no_connection"
    assert 'patou_channel_away{channel="test"} 1.0' in edge.metrics.text().decode()
    assert f'patou_waiting_messages{{channel="test"}} {PEOPLE}.0' in edge.metrics.text().decode()

    sent = []
    for _ in range(12):
        await drain(delivery)
        sent.append(len(provider.taken))
        store.pinned.advance(1)
    assert sent[:4] == [2, 4, 8, 16]
    assert sent[-1] == PEOPLE
    assert sorted(provider.texts, key=int) == [str(number) for number in range(PEOPLE)]
    assert set(await store.states()) == {"sent"}
    assert 'patou_channel_away{channel="test"} 0.0' in edge.metrics.text().decode()
    store.pinned.advance(10)
    await drain(delivery)
    assert 'patou_waiting_messages{channel="test"} 0.0' in edge.metrics.text().decode()


@pytest.fixture
def outages(clock: Clock) -> Outages:
    return Outages(Figures(first_pause=2.0, closed_pause=60.0), clock, Metrics())


def test_each_look_in_vain_is_followed_by_a_longer_rest(pinned: PinnedTime, outages: Outages) -> None:
    rests = []
    for _ in range(7):
        together = {outages.hear("a", AWAY) for _ in range(32)}
        assert len(together) == 1
        rests.append(together.pop())
        pinned.advance(rests[-1])
    assert rests == pytest.approx([2, 4, 8, 16, 32, 60, 60])


def test_while_away_one_message_looks(outages: Outages) -> None:
    outages.hear("a", AWAY)
    assert [outages.room("a", 32, in_flight) for in_flight in (0, 1, 5)] == [(1, 0.0), (0, 0.0), (0, 0.0)]
    assert outages.room("b", 32, 5) == (32, 0.0)


def test_a_provider_that_only_keeps_silent_is_away_too(outages: Outages) -> None:
    rests = [outages.hear("a", ERRORS["doubt"]) for _ in range(5)]
    assert [rest > 0 for rest in rests] == [False] * 4 + [True]


def test_whoever_refuses_is_there(pinned: PinnedTime, outages: Outages) -> None:
    outages.hear("a", AWAY)
    pinned.advance(2)
    assert outages.hear("a", ERRORS["refused"]) == 0.0
    assert outages.room("a", 32, 0)[0] == 1


def test_the_way_back_takes_ten_seconds(pinned: PinnedTime, outages: Outages) -> None:
    outages.hear("a", AWAY)
    outages.hear("a", None)
    for _ in range(5):
        count, wait = outages.room("a", 1000, 0)
        outages.leave("a", count)
        assert outages.room("a", 1000, 0)[0] == 0
        pinned.advance(max(wait, outages.room("a", 1000, 0)[1]) + 0.001)
        assert outages.room("a", 1000, 0)[0] >= 1
    pinned.advance(10)
    assert outages.room("a", 1000, 0) == (1000, 0.0)
