"""Channels that let us write freely for a day only: later by an approved text, or not at all."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from channels import twilio, whatsapp
from channels.config import ChannelConfig
from tests.channels.harness import Edge, drain
from tests.servers.meta import ACCESS_TOKEN, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN
from tests.servers.twilio import ACCOUNT, TEMPLATE, TOKEN, TwilioServer

DAY = 86_400.0
LATE = "whatsapp:+8562055512345"


async def test_without_an_approved_text_nobody_is_called(edge: Edge, session: ClientSession) -> None:
    settings = whatsapp.Settings(
        phone_number_id=PHONE_NUMBER_ID,
        access_token=ACCESS_TOKEN,
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        api_url="http://127.0.0.1:1",
    )
    config = ChannelConfig(name="whatsapp", kind="whatsapp", settings=settings)
    edge.channels["whatsapp"] = whatsapp.build(config, edge.wiring(session))
    sent = await edge.store.put("whatsapp", LATE, heard=DAY)
    await drain(edge.delivery())
    stored = await edge.store.row(sent)
    assert (stored.state, stored.error_code) == ("failed", "outside_window")


@pytest.mark.parametrize(
    ("template", "heard", "state", "said"),
    [
        (TEMPLATE, DAY - 600, "sent", ["ຂ່າວ\nໃໝ່"]),
        (TEMPLATE, DAY, "sent", ["News: ຂ່າວ ໃໝ່"]),
        ("", DAY, "failed", []),
    ],
)
@pytest.mark.parametrize("plan", ["ok", "lose"])
async def test_whatsapp_through_twilio(
    edge: Edge, session: ClientSession, template: str, heard: float, state: str, said: list[str], plan: str
) -> None:
    """Also when the answer is lost: the template that Twilio lists is known by the text in it."""
    server = TwilioServer(session)
    await server.start()
    server.plan.append(plan)
    settings = twilio.Settings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sender="whatsapp:+15005550006",
        template=template,
        api_url=server.url,
    )
    config = ChannelConfig(name="twilio", kind="twilio", settings=settings)
    edge.channels["twilio"] = twilio.build(config, edge.wiring(session))
    sent = await edge.store.put("twilio", LATE, "ຂ່າວ\nໃໝ່", heard=heard)
    delivery = edge.delivery()
    for _ in range(3):
        await drain(delivery)
        edge.store.pinned.advance(31)
    assert (await edge.store.row(sent)).state == state
    assert [each["body"] for each in server.messages] == said
    await server.stop()
