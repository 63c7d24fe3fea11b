"""Manners on poor networks: how long is tried, who a message is from, and what came twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from aiohttp import ClientSession

from bot.messages import InboundMessage, OutboundMessage
from bot.outbox_rows import opened, row_of
from bot.repeats import WITHIN, Repeats
from bot.urns import Urn
from channels import kannel
from channels.base import Wiring
from channels.config import ChannelConfig
from channels.senders import SenderKind, sender_kind
from channels.validity import minutes_left, seconds_left
from tests.channels.harness import Store
from tests.pinned import START, PinnedTime
from tests.servers.kannel import KEY, PASSWORD, USER, SendsmsServer

PERSON = Urn("tel", "+8562055512345")


def outbound(expires_at: datetime | None, *, flash: bool = False) -> OutboundMessage:
    return OutboundMessage(
        id="0" * 26,
        channel="test",
        urn=PERSON,
        text="x",
        cause="",
        created_at=START,
        expires_at=expires_at,
        flash=flash,
    )


@pytest.mark.parametrize(
    ("left", "seconds", "minutes"),
    [(-5.0, 6, 1), (0.2, 6, 1), (61.5, 62, 2), (3600.0, 3600, 60), (900_000.0, 36_000, 600)],
)
def test_the_provider_tries_as_long_as_the_message_lives(
    pinned: PinnedTime, left: float, seconds: int, minutes: int
) -> None:
    message = outbound(START + timedelta(seconds=left))
    assert seconds_left(message, pinned.clock, least=6, most=36_000) == seconds
    assert minutes_left(message, pinned.clock, most=600) == minutes


def test_what_lives_for_ever_is_tried_for_the_longest(pinned: PinnedTime) -> None:
    assert seconds_left(outbound(None), pinned.clock, most=36_000) == 36_000


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("+8562055512345", SenderKind.INTERNATIONAL),
        ("1500", SenderKind.SHORT),
        ("02055512345", SenderKind.SHORT),
        ("GOV.LA", SenderKind.NAME),
        ("Patou 1500", SenderKind.NAME),
        ("abcdefghijk", SenderKind.NAME),
    ],
)
def test_what_a_sender_is(sender: str, kind: SenderKind) -> None:
    assert sender_kind(sender) is kind


@pytest.mark.parametrize(
    "sender",
    ["", "1", "+85", "abcdefghijkl", "[Patou] {la}", "ລັດຖະບານ", " Patou", "Pa\ntou", "+856 2055512345", "-"],
)
def test_what_no_phone_can_show_is_no_sender(sender: str) -> None:
    with pytest.raises(ValueError, match="sender: must be"):
        sender_kind(sender)


async def test_that_a_message_is_to_flash_is_stored(store: Store) -> None:
    for flash in (False, True):
        values = row_of(
            outbound(None, flash=flash), contact_id="c", urn_lookup="u", vault=store.vault, purge_at=0
        )
        row = type("Row", (), values)
        assert opened(row, store.vault).flash is flash  # type: ignore[arg-type]  # it has a row's columns


@pytest.mark.parametrize(
    ("allowed", "flash", "shown"), [(True, True, "0"), (True, False, ""), (False, True, "")]
)
async def test_a_message_flashes_where_the_operator_allows_it(
    session: ClientSession, wiring: Wiring, allowed: bool, flash: bool, shown: str
) -> None:
    server = SendsmsServer(session)
    await server.start()
    settings = kannel.Settings(
        sendsms_url=server.url, username=USER, password=PASSWORD, key=KEY, sender="1500", flash=allowed
    )
    channel = kannel.build(ChannelConfig(name="kannel", kind="kannel", settings=settings), wiring)
    await channel.send(outbound(None, flash=flash))
    await server.stop()
    assert server.messages[0].get("mclass", "") == shown


class TestRepeats:
    """By gateways without ids."""

    @pytest.fixture
    def repeats(self, store: Store) -> Repeats:
        return Repeats(store.db, store.vault, store.clock, store.chance)

    async def test_the_same_words_within_seconds_are_one_message(
        self, store: Store, repeats: Repeats
    ) -> None:
        first = await repeats.named(said("1"))
        store.pinned.advance(WITHIN.total_seconds() - 1)
        again = Repeats(store.db, store.vault, store.clock, store.chance)
        assert (await again.named(said("1"))).external_id == first.external_id

    async def test_who_says_the_same_later_says_something(self, store: Store, repeats: Repeats) -> None:
        ids = set()
        for _ in range(4):
            ids.add((await repeats.named(said("1"))).external_id)
            store.pinned.advance(WITHIN.total_seconds())
        assert len(ids) == 4

    async def test_other_words_other_people_other_numbers_are_others(self, repeats: Repeats) -> None:
        each = [said("1"), said("2"), said("1", recipient="166"), said("1", urn=Urn("tel", "+8562055512346"))]
        assert len({(await repeats.named(one)).external_id for one in each}) == len(each)

    async def test_many_at_once_are_one(self, repeats: Repeats) -> None:
        named = await asyncio.gather(*(repeats.named(said("1")) for _ in range(25)))
        assert len({each.external_id for each in named}) == 1

    async def test_a_moment_told_by_the_gateway_names_it_for_good(
        self, store: Store, repeats: Repeats
    ) -> None:
        first = await repeats.named(said("1", stamp="1790000000"))
        assert (await repeats.named(said("1", stamp="1790000002"))).external_id == first.external_id
        store.pinned.advance(60)
        assert (await repeats.named(said("1", stamp="1790000000"))).external_id == first.external_id
        store.pinned.advance(60)
        assert (await repeats.named(said("1", stamp="1790000060"))).external_id != first.external_id

    async def test_a_clock_set_back_swallows_nothing(self, store: Store, repeats: Repeats) -> None:
        first = await repeats.named(said("1"))
        store.pinned.advance(-3600)
        assert (await repeats.named(said("1"))).external_id != first.external_id


def said(text: str, *, recipient: str = "1500", urn: Urn = PERSON, stamp: str = "") -> InboundMessage:
    return InboundMessage(
        channel="test",
        external_id="",
        urn=urn,
        text=text,
        received_at=START,
        recipient=recipient,
        stamp=stamp,
    )
