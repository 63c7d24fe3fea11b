"""Looking after channels: what the provider says, a signed call to ourselves, and registration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import ClientSession

from bot.errors import ConfigurationError
from channels import twilio
from channels.base import Examined, Probed, Registered, Wiring
from channels.care import ChannelCare
from channels.config import ChannelConfig, kinds
from tests.channels.harness import Edge, drain
from tests.channels.providers import connect
from tests.channels.providers.telegram import TelegramCaller
from tests.servers.ports import free_port

# Nobody calls the page's channel from outside, and nobody that of a link: there is nobody to sign.
PROBED = [kind for kind in kinds() if kind not in ("web", "smpp")]


@pytest.mark.parametrize("kind", PROBED)
async def test_a_channel_in_order(kind: str, edge: Edge, wiring: Wiring, session: ClientSession) -> None:
    """Signed as the provider signs, taken by the real door, and nothing has happened by it."""
    async with connect(kind, edge, session):
        await edge.listen(edge.door().routes())
        channel = edge.channels[kind]
        assert isinstance(channel, Probed)
        care = ChannelCare(edge.channels, session, edge.store.db, wiring)
        if isinstance(channel, Registered):
            before = await care.look(kind)
            assert [each.what for each in before.findings if each.fine is False] == ["webhook"]
            await care.register(kind)
        seen = await care.look(kind)
    judged = [each.fine for each in seen.findings if each.fine is not None]
    assert judged == [True] * (len(judged) or 1)
    assert isinstance(channel, Examined) == (kind not in ("http_sms", "ussd"))
    assert edge.pipeline.messages == []


@pytest.mark.parametrize("kind", PROBED)
async def test_a_provider_that_is_away_and_a_server_that_does_not_listen(
    kind: str, edge: Edge, wiring: Wiring, session: ClientSession
) -> None:
    async with connect(kind, edge, session):
        pass
    care = ChannelCare(edge.channels, session, edge.store.db, wiring)
    seen = await care.look(kind)
    assert seen.findings
    assert [each.fine for each in seen.findings] == [False] * len(seen.findings)


async def test_a_proxy_that_changes_the_address_is_found(
    telegram_caller: TelegramCaller, edge: Edge, wiring: Wiring, session: ClientSession
) -> None:
    assert telegram_caller.edge is edge
    await edge.listen(edge.door().routes())
    behind = replace(wiring, public_url=f"http://127.0.0.1:{free_port()}")
    seen = await ChannelCare(edge.channels, session, edge.store.db, behind).look("telegram")
    faults = [each for each in seen.findings if each.fine is False]
    assert [each.what for each in faults] == ["webhook", "signature loop-back"]


async def test_what_came_and_went(
    telegram_caller: TelegramCaller, edge: Edge, wiring: Wiring, session: ClientSession
) -> None:
    care = ChannelCare(edge.channels, session, edge.store.db, wiring)
    assert (await care.look("telegram")).traffic.last_out is None
    await edge.store.put("telegram", telegram_caller.urn)
    waiting = (await care.look("telegram")).traffic
    assert (waiting.waiting, waiting.waiting_since) == (1, edge.clock.now())
    telegram_caller.plan.append("bad")
    await drain(edge.delivery())
    edge.store.pinned.advance(1)
    await edge.store.put("telegram", telegram_caller.urn)
    await drain(edge.delivery())
    seen = (await care.look("telegram")).traffic
    assert (seen.waiting, seen.failed, seen.last_out) == (0, 1, edge.clock.now())


async def test_what_cannot_be_registered_is_named(edge: Edge, wiring: Wiring, session: ClientSession) -> None:
    async with connect("kannel", edge, session):
        care = ChannelCare(edge.channels, session, edge.store.db, wiring)
        with pytest.raises(ConfigurationError, match=r"channels\.nobody: is none of kannel"):
            await care.register("nobody")
        with pytest.raises(
            ConfigurationError, match=r"channels\.kannel: a kannel channel is registered by hand"
        ):
            await care.register("kannel")


async def test_a_twilio_sender_that_is_no_number_is_set_in_the_console(
    edge: Edge, wiring: Wiring, session: ClientSession
) -> None:
    async with connect("twilio", edge, session) as caller:
        settings = replace(caller.settings, sender="whatsapp:+15005550006")  # type: ignore[attr-defined]  # Twilio's
        config = ChannelConfig(name="twilio", kind="twilio", settings=settings)
        edge.channels["twilio"] = twilio.build(config, edge.wiring(session))
        care = ChannelCare(edge.channels, session, edge.store.db, wiring)
        with pytest.raises(ConfigurationError, match="posted to http"):
            await care.register("twilio")
        found = {each.what: each for each in (await care.look("twilio")).findings}
    assert found["webhook"].fine is None
    assert "/channels/twilio/messages" in found["webhook"].note
