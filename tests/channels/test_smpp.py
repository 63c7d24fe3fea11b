"""SMPP beyond its table: binds and what ends them, rates, parts, validity, and senders."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from bot.urns import Urn
from channels import smpp
from channels.base import AskingParts, Examined, Linked, Parted, RawRequest
from channels.config import ChannelConfig
from channels.errors import NotServed, SendError
from channels.smpp_deliveries import Deliveries
from channels.smpp_pdu import Pdu
from channels.smpp_rate import AdaptiveRate
from tests.channels.harness import Edge, drain
from tests.channels.providers.smpp import LAO, linked, outbound, settings_for
from tests.pinned import PinnedTime
from tests.servers.ports import free_port
from tests.servers.smsc import Smsc
from tests.system.server import until


async def test_a_transmitter_and_a_receiver_twice(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    settings = settings_for(smsc.port, bind="separate", binds=2)
    async with linked(edge, session, settings) as channel:
        await until(lambda: _count(smsc, 4), "four binds")
        assert sorted(smsc.binds) == ["receiver", "receiver", "transmitter", "transmitter"]
        await asyncio.gather(*(channel.send(outbound(f"text {number}")) for number in range(20)))
        assert await smsc.deliver(b"hello") == 0
    assert len(smsc.messages) == 20
    assert [each.text for each in edge.pipeline.messages] == ["hello"]


async def test_what_a_channel_of_links_is(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        assert isinstance(channel, Linked)
        assert isinstance(channel, Parted)
        assert isinstance(channel, AskingParts)
        assert isinstance(channel, Examined)
        request = RawRequest(method="GET", path="/channels/smpp/messages", headers={})
        for nothing in (channel.verify, channel.parse):
            with pytest.raises(NotServed):
                nothing(request)
        assert channel.answer(request, ()).body == b""


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F])
async def test_a_refused_account_is_not_tried_again_soon_and_alarms(
    status: int, edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    smsc.refusals.extend([status] * 10)
    config = ChannelConfig(name="smpp", kind="smpp", settings=settings_for(smsc.port))
    channel = smpp.build(config, edge.wiring(session))
    with capture_logs() as logs:
        running = asyncio.create_task(channel.run(edge.intake().take))  # type: ignore[arg-type]  # nothing comes
        await until(lambda: _is(len(smsc.refusals) == 9), "the first bind")
        await asyncio.sleep(0.1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(smsc.refusals) == 9
    assert not channel.up
    (refused,) = [each for each in logs if each["event"] == "smpp.bind_refused"]
    assert (refused["log_level"], refused["status"]) == ("error", f"0x{status:02X}")


async def test_what_is_bound_already_is_tried_again(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    smsc.refusals.extend([0x05, 0x08])
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        assert channel.up
    assert smsc.binds == ["transceiver"]


async def test_silence_is_asked_about_and_a_dead_link_is_opened_again(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    settings = settings_for(smsc.port, enquire_link=0.05, timeout=0.4)
    async with linked(edge, session, settings) as channel:
        await until(lambda: _is(smsc.enquiries > 1), "questions")
        assert smsc.binds == ["transceiver"]
        smsc.silent = True
        await until(lambda: _is(len(smsc.binds) > 1), "another bind")
        smsc.silent = False
        await until(lambda: _is(channel.up), "the link")


@pytest.mark.parametrize("garbage", [b"\0\0\0\x04garbage", b"\xff" * 40, b"\0\0\0\x10\x80"])
async def test_what_is_no_pdu_ends_the_link_alone(
    garbage: bytes, edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        smsc.raw(garbage)
        if len(garbage) < 16:
            smsc.cut()
        await until(lambda: _is(len(smsc.binds) == 2 and channel.up), "another bind")
        assert await smsc.deliver(b"hello") == 0
    assert len(edge.pipeline.messages) == 1


async def test_commands_that_are_not_for_us(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    async with linked(edge, session, settings_for(smsc.port)):
        assert await smsc.bring(b"", 0x15) == 0
        assert await smsc.bring(b"", 0x03) == 0x03
        assert await smsc.bring(b"", 0x06) == 0
        await until(lambda: _is(len(smsc.binds) == 2), "another bind after its unbind")


async def test_nothing_is_answered_that_is_not_stored(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    edge.pipeline.away = True
    async with linked(edge, session, settings_for(smsc.port)):
        bringing = asyncio.create_task(smsc.deliver(b"hello"))
        await asyncio.sleep(0.2)
        assert not bringing.done()
        edge.pipeline.away = False
        assert await bringing == 0
    assert [each.text for each in edge.pipeline.messages] == ["hello"]


async def test_a_fault_in_our_house_is_told_and_ends_nothing(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    fault = edge.pipeline.accept
    edge.pipeline.accept = _broken  # type: ignore[method-assign, assignment]  # for one message
    async with linked(edge, session, settings_for(smsc.port)):
        assert await smsc.deliver(b"hello") == 0x64
        edge.pipeline.accept = fault  # type: ignore[method-assign]  # as it was
        assert await smsc.deliver(b"hello") == 0
    assert [each.text for each in edge.pipeline.messages] == ["hello"]


async def test_while_the_link_is_down_messages_wait_untouched(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        delivery = edge.delivery()
    assert not channel.up
    sent = await edge.store.put("smpp")
    await drain(delivery)
    row = await edge.store.row(sent)
    assert (row.state, row.attempts) == ("queued", 0)
    with pytest.raises(SendError) as error:
        await channel.send(outbound())
    assert (error.value.code, error.value.throttled) == ("not_bound", True)


async def test_the_window_is_kept(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    smsc.plan.extend(["hang"] * 3)
    async with linked(edge, session, settings_for(smsc.port, window=3, timeout=2.0)) as channel:
        sends = [asyncio.create_task(channel.send(outbound(str(number)))) for number in range(5)]
        await until(lambda: _is(not smsc.plan), "three requests")
        await asyncio.sleep(0.05)
        assert len(smsc.messages) == 3
        errors = await asyncio.gather(*sends, return_exceptions=True)
    codes = sorted(each.code for each in errors if isinstance(each, SendError))
    assert codes == ["not_bound", "not_bound", "timeout", "timeout", "timeout"]


def test_what_is_the_same_message(pinned: PinnedTime) -> None:
    """Over one link equal octets are two messages; what a lost link or a dead process left unanswered is one."""
    pdu = Pdu(command=5, sequence=1, body=b"the same")
    first, second, third = object(), object(), object()
    deliveries = Deliveries(pinned.clock)
    one, two = deliveries.begin(first, pdu), deliveries.begin(first, pdu)
    assert one.external_id != two.external_id
    deliveries.end(one)
    deliveries.end(two)
    pinned.advance(60)
    deliveries.lost(first)
    new = deliveries.begin(second, pdu)
    assert new.external_id not in (one.external_id, two.external_id)
    deliveries.lost(second)
    again = deliveries.begin(third, pdu)
    assert again.external_id == new.external_id
    assert not deliveries.is_another(again)
    # The next process gives the same names: at first a name that is taken is the same message, later another.
    reborn = Deliveries(pinned.clock)
    known = reborn.begin(third, pdu)
    assert known.external_id == one.external_id
    assert not reborn.is_another(known)
    pinned.advance(61)
    known = reborn.begin(third, pdu)
    assert reborn.is_another(known)
    pinned.advance(601)
    late = deliveries.begin(third, pdu)
    assert late.external_id.split("-")[1] != one.external_id.split("-")[1]


async def test_the_same_words_after_a_start_and_again(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    for wait, taken in ((0, 1), (0, 1), (61, 2)):
        async with linked(edge, session, settings_for(smsc.port)):
            edge.store.pinned.advance(wait)
            assert await smsc.deliver(b"hello") == 0
        assert len(edge.pipeline.messages) == taken


def test_the_rate_follows_the_smsc(pinned: PinnedTime) -> None:
    rate = AdaptiveRate(pinned.clock.monotonic)
    assert (rate.rate, rate.book(0)) == (0, 0)
    for _ in range(40):
        pinned.advance(0.025)
        rate.taken()
    assert rate.throttled()
    assert not rate.throttled()
    assert rate.rate == 20
    assert rate.book(0.04) is None
    assert [rate.book(0.11) for _ in range(3)] == [pytest.approx(0.05), pytest.approx(0.1), None]
    sent = 0
    while pinned.clock.monotonic() < 11:
        pinned.advance(rate.book(1) or 0)
        rate.taken()
        sent += 1
    assert 290 < sent < 310
    assert 39 < rate.rate < 41
    while rate.rate and pinned.clock.monotonic() < 100:
        pinned.advance(rate.book(1) or 0)
        rate.taken()
    assert 65 < pinned.clock.monotonic() < 75


async def test_what_is_too_fast_goes_again_by_itself(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    async with linked(edge, session, settings_for(smsc.port, timeout=2.0)) as channel:
        for number in range(40):
            await channel.send(outbound(str(number)))
        smsc.plan.extend([0x58, 0x14])
        assert await channel.send(outbound("40"))
    assert [each["text"] for each in smsc.messages] == [str(number) for number in range(41)]


async def test_a_throttled_channel_slows_down_and_loses_nothing(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    smsc.plan.extend(["ok"] * 3 + [0x58] * 2)
    async with linked(edge, session, settings_for(smsc.port)):
        for number in range(10):
            await edge.store.put("smpp", text=f"text {number}", urn=f"tel:+856205551{number:04}")
        delivery = edge.delivery()
        for _ in range(4):
            await drain(delivery)
            edge.store.pinned.advance(5)
    assert await edge.store.states() == ["sent"] * 10
    assert sorted(each["text"] for each in smsc.messages) == [f"text {number}" for number in range(10)]


async def test_parts_bear_one_reference_however_often_they_go(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    message = outbound(LAO * 8)
    async with linked(edge, session, settings_for(smsc.port)) as channel:
        parts = channel.parts(message)
        assert len(parts) == 3
        smsc.plan.extend(["ok", 0x08, "ok"])
        outcomes = await channel.send_parts(message, (0, 1, 2))
        failed = [each.number for each in outcomes if each.error]
        assert len(failed) == 1
        (again,) = await channel.send_parts(message, failed)
        assert again.sent is not None
        smsc.plan.extend([0x08] * 3)
        with pytest.raises(SendError):
            await channel.send_parts(message, (0, 1, 2))
    ids = [each.sent.provider_id for each in (*outcomes, again) if each.sent]
    assert len(set(ids)) == 3
    headers = sorted(each["header"] for each in smsc.messages)
    assert [each[:6] + each[8:10] for each in headers] == ["05000303"] * 3
    assert len({each[6:8] for each in headers}) == 1
    assert [each[10:] for each in headers] == ["01", "02", "03"]
    assert (
        "".join(each["text"] for each in sorted(smsc.messages, key=lambda each: str(each["header"])))
        == message.text
    )


@pytest.mark.parametrize(
    ("form", "lifetime", "written"),
    [
        ("relative", 7_200, "000000020000000R"),
        ("relative", 90_061, "000001010101000R"),
        ("relative", 5, "000000000100000R"),
        ("relative", 10_000_000, "000028000000000R"),
        ("absolute", 7_200, "260302050000000+"),
        ("none", 7_200, ""),
        ("relative", None, ""),
    ],
)
async def test_validity(
    form: str, lifetime: float | None, written: str, edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    expires = None if lifetime is None else edge.clock.now() + timedelta(seconds=lifetime)
    async with linked(edge, session, settings_for(smsc.port, validity=form)) as channel:
        await channel.send(outbound(expires_at=expires))
    assert smsc.messages[0]["validity"] == written


@pytest.mark.parametrize(
    ("sender", "more", "written"),
    [
        ("1500", {}, "3/0/1500"),
        ("+8562055500000", {}, "1/1/8562055500000"),
        ("2055500000", {}, "2/1/2055500000"),
        ("PATOU", {}, "5/0/PATOU"),
        ("", {}, "0/0/"),
        ("1500", {"source_ton": 0, "source_npi": 1}, "0/1/1500"),
    ],
)
async def test_senders(
    sender: str, more: dict[str, int], written: str, edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    async with linked(edge, session, settings_for(smsc.port, sender=sender, **more)) as channel:
        await channel.send(outbound())
        await channel.send(outbound(urn=Urn.parse("tel:1661")))
    assert [each["source"] for each in smsc.messages] == [written] * 2
    assert [each["destination"] for each in smsc.messages] == ["1/1/8562055512345", "3/0/1661"]


async def test_flash_is_for_messages_of_one_part_that_ask_for_it(
    edge: Edge, session: ClientSession, smsc: Smsc
) -> None:
    async with linked(edge, session, settings_for(smsc.port, flash=True, receipts=False)) as channel:
        for text in ("short", "ບ", LAO * 5):
            await channel.send(outbound(text, flash=True))
        await channel.send(outbound("kept"))
    assert [each["coding"] for each in smsc.messages] == [0x10, 0x18, 8, 8, 0]
    assert {each["registered"] for each in smsc.messages} == {0}


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"system_id": "x" * 16}, "system_id"),
        ({"password": "nine-long"}, "password"),
        ({"bind": "both"}, "bind"),
        ({"alphabet": "utf-8"}, "alphabet"),
        ({"window": 0}, "window"),
        ({"sender": "TWELVE-CHARS"}, "sender"),
        ({"sender": "ປະຕູ"}, "sender"),
        ({"sender": "1" * 16}, "sender"),
        ({"source_ton": 256}, "source_ton"),
        ({"country_code": "+856"}, "country_code"),
        ({"ussd": "morse"}, "ussd"),
        ({"ussd_operations": {"begin": "01"}}, "ussd_operations.begin"),
        ({"ussd_operations": {"new": "0x1"}}, "ussd_operations.new"),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(settings_for(2775), **more)  # type: ignore[arg-type]  # one field of any type


async def test_what_doctor_finds(edge: Edge, session: ClientSession, smsc: Smsc) -> None:
    config = ChannelConfig(name="smpp", kind="smpp", settings=settings_for(smsc.port))
    channel = smpp.build(config, edge.wiring(session))
    found = {each.what: each for each in await channel.examine()}
    assert found["account"].fine is True
    assert found["sender"].note == "1500, TON 3, NPI 0"
    dialled = smpp.build(replace(config, settings=settings_for(smsc.port, ussd="6d")), edge.wiring(session))
    assert {each.what: each.note for each in await dialled.examine()}["ussd"] == "6d, any code"
    assert smsc.binds == ["transmitter"] * 2
    smsc.refusals.extend([0x05, 0x0E])
    assert [(each.fine, each.note) for each in [(await channel.examine())[0] for _ in range(2)]] == [
        (True, "bound already"),
        (False, "bind refused: 0x0E"),
    ]
    away = smpp.build(replace(config, settings=settings_for(free_port())), edge.wiring(session))
    assert (await away.examine())[0].fine is False


async def _broken(message: object) -> object:
    raise RuntimeError(message)


async def _count(smsc: Smsc, binds: int) -> bool:
    return len(smsc.sessions) == binds


async def _is(condition: object) -> bool:
    return bool(condition)
