"""Receipts of SMPP: in every writing, part by part, and for what a lost link left in doubt."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from bot.messages import DeliveryClass
from channels.errors import SendError
from tests.channels.harness import Edge, drain
from tests.channels.providers.smpp import LAO, linked, outbound, settings_for
from tests.servers.smsc import Smsc
from tests.system.server import until


@pytest.mark.parametrize(
    ("form", "first", "told", "settings"),
    [
        ("{:d}", 1000, "1000", "auto"),
        ("{:d}", 1000, "0000001000", "auto"),
        ("{:x}", 0x1A2B, "6699", "auto"),
        ("{:X}", 0x1A2B, "1a2b", "auto"),
        ("{:d}", 6699, "1A2B", "auto"),
        ("{:x}", 0x1A2B, "6699", "decimal"),
        ("{:d}", 6699, "1a2b", "hex"),
        ("id_{:d}-x", 5, "ID_5-X", "same"),
    ],
)
async def test_receipts_in_every_writing(
    form: str, first: int, told: str, settings: str, edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    smsc.id_form, smsc.first_id = form, first
    async with linked(edge, session, settings_for(smsc.port, receipt_ids=settings)):
        sent = await edge.store.put("smpp")
        await drain(edge.delivery())
        assert await smsc.receipt(0, "DELIVRD", id=told) == 0
    assert (await edge.store.row(sent)).state == "delivered"


async def test_receipts_of_before_wait_until_their_writing_is_known(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    """The decimal id of one message is the hexadecimal one of another: nothing is guessed."""
    smsc.id_form, smsc.first_id = "{:x}", 0x10
    async with linked(edge, session, settings_for(smsc.port)):
        for number in range(7):
            await edge.store.put("smpp", urn=f"tel:+85620555123{number}")
        await drain(edge.delivery())
    assert [each["id"] for each in smsc.messages] == ["10", "11", "12", "13", "14", "15", "16"]
    async with linked(edge, session, settings_for(smsc.port)):
        assert await smsc.receipt(0, "DELIVRD", id="99") == 0
        assert await smsc.receipt(1, "DELIVRD", id="17") == 0
        assert await edge.store.states() == ["sent"] * 7
        await edge.store.put("smpp")
        await drain(edge.delivery())
        assert await smsc.receipt(7, "DELIVRD", id="23") == 0
    assert await edge.store.states() == ["sent", "delivered", *["sent"] * 5, "delivered"]


async def test_the_parameter_counts_before_the_text(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    smsc.id_form = "{:x}"
    async with linked(edge, session, settings_for(smsc.port)):
        sent = await edge.store.put("smpp")
        await drain(edge.delivery())
        told = {0x001E: smsc.messages[0]["id"].encode() + b"\0", 0x0427: b"\x02"}
        assert await smsc.receipt(0, "UNDELIV", id="77", tlvs=told) == 0
    assert (await edge.store.row(sent)).state == "delivered"


async def test_receipts_of_parts(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    async with linked(edge, session, settings_for(smsc.port)):
        sent = await edge.store.put("smpp", text=LAO * 5)
        await drain(edge.delivery())
        assert len(smsc.messages) == 2
        await smsc.receipt(0, "DELIVRD")
        assert (await edge.store.row(sent)).state == "sent"
        await smsc.receipt(1, "DELIVRD")
    assert (await edge.store.row(sent)).state == "delivered"


async def test_a_receipt_settles_what_a_lost_link_left_in_doubt(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    smsc.plan.extend(["lose", "lose", "cut"])
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        ids = []
        for number in range(3):
            await until(lambda: _is(channel.up), "the link")
            ids.append(await edge.store.put("smpp", text=f"text {number}", urn=f"tel:+85620555123{number}"))
            await drain(edge.delivery())
        assert await edge.store.states() == ["in_doubt"] * 3
        await until(lambda: _is(channel.up), "the link")
        # One SMSC hands our reference back, another tells only how the text began.
        await smsc.receipt(0, "DELIVRD", id="900", tlvs={0x0204: smsc.messages[0]["tlvs"][0x0204]})
        await smsc.receipt(1, "DELIVRD", id="901")
        edge.store.pinned.advance(31)
        await drain(edge.delivery())
    assert [(await edge.store.row(each)).state for each in ids] == ["delivered", "delivered", "sent"]
    assert [each["text"] for each in smsc.messages] == ["text 0", "text 1", "text 2"]


async def test_a_receipt_settles_one_part_and_the_others_follow(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    smsc.plan.extend(["ok", "lose"])
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        sent = await edge.store.put("smpp", text=LAO * 8)
        await drain(edge.delivery())
        assert (await edge.store.row(sent)).state == "in_doubt"
        await until(lambda: _is(channel.up), "the link")
        await smsc.receipt(1, "DELIVRD", id="900", tlvs={0x0204: smsc.messages[1]["tlvs"][0x0204]})
        edge.store.pinned.advance(31)
        await drain(edge.delivery())
        assert [each["header"][-2:] for each in smsc.messages] == ["01", "02", "03"]
        assert (await edge.store.row(sent)).state == "sent"
        await smsc.receipt(0, "DELIVRD")
        await smsc.receipt(2, "DELIVRD")
    assert (await edge.store.row(sent)).state == "delivered"


async def test_what_may_go_once_only_does_not_go_again_without_a_receipt(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        with pytest.raises(SendError):
            # Receipts of the last link may be to come.
            await channel.look_up_part(outbound(), edge.clock.now())
        edge.store.pinned.advance(60)
        once = outbound(delivery_class=DeliveryClass.AT_MOST_ONCE)
        with pytest.raises(SendError) as error:
            await channel.look_up_part(once, edge.clock.now())
        assert error.value.in_doubt
        assert await channel.look_up_part(outbound(), edge.clock.now()) is None


async def _is(condition: object) -> bool:
    return bool(condition)
