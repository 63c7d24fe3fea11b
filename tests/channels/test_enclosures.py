"""What is shown besides words: each channel that can show a place does, as its provider wants it; others say so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.messages import Enclosure, MediaKind, OutboundMessage
from bot.urns import Urn
from channels import twilio
from channels.config import ChannelConfig, kinds
from tests.channels.harness import Edge
from tests.channels.providers import Caller, connect
from tests.channels.providers.twilio import TwilioCaller
from tests.servers.twilio import ACCOUNT, NUMBER, TOKEN

PLACE = Enclosure(
    kind=MediaKind.LOCATION,
    title="Korin hall",
    address="opposite the old bridge",
    latitude=17.9667,
    longitude=102.6,
)
PIN = replace(PLACE, address="")
SHOWS = {"telegram", "line", "whatsapp"}


def message(channel: str, urn: str, place: Enclosure, clock: Any) -> OutboundMessage:
    now = clock.now()
    return OutboundMessage(
        id="0" * 26,
        channel=channel,
        urn=Urn.parse(urn),
        text=place.title,
        cause="t:1",
        created_at=now,
        enclosure=place,
    )


@pytest.fixture
async def caller(kind: str, edge: Edge, session: ClientSession) -> AsyncIterator[Caller]:
    async with connect(kind, edge, session) as caller:
        yield caller


@pytest.mark.parametrize("kind", kinds())
async def test_who_can_show_a_place(kind: str, edge: Edge, session: ClientSession) -> None:
    async with connect(kind, edge, session):
        assert (MediaKind.LOCATION in edge.channels[kind].capabilities.enclosures) == (kind in SHOWS)


@pytest.mark.parametrize(
    ("kind", "place", "shown"),
    [
        ("telegram", PLACE, {"text": "Korin hall", "place": {"latitude": 17.9667, "longitude": 102.6}}),
        ("telegram", PIN, {"text": "", "place": {"latitude": 17.9667, "longitude": 102.6}}),
        (
            "line",
            PLACE,
            {
                "type": "location",
                "title": "Korin hall",
                "address": "opposite the old bridge",
                "latitude": 17.9667,
                "longitude": 102.6,
            },
        ),
        ("line", PIN, {"address": "Korin hall"}),
        ("line", replace(PLACE, title="ກ" * 300), {"title": "ກ" * 100}),
        (
            "whatsapp",
            PLACE,
            {
                "location": {
                    "latitude": 17.9667,
                    "longitude": 102.6,
                    "name": "Korin hall",
                    "address": "opposite the old bridge",
                }
            },
        ),
        ("whatsapp", PIN, {"location": {"latitude": 17.9667, "longitude": 102.6, "name": "Korin hall"}}),
    ],
)
async def test_a_place_is_shown(
    kind: str, place: Enclosure, shown: dict[str, Any], caller: Caller, edge: Edge
) -> None:
    sent = await edge.channels[kind].send(message(kind, caller.urn, place, edge.clock))
    assert sent.parts[0].provider_id
    (taken,) = caller.taken
    assert {name: taken[name] for name in shown} == shown


async def test_twilio_shows_places_on_whatsapp_only(
    twilio_caller: TwilioCaller, edge: Edge, session: ClientSession
) -> None:
    settings = twilio.Settings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sender=f"whatsapp:{NUMBER}",
        api_url=twilio_caller._server.url,
    )
    config = ChannelConfig(name="chat", kind="twilio", settings=settings)
    channel = twilio.build(config, edge.wiring(session))
    assert channel.capabilities.enclosures == {MediaKind.LOCATION}
    await channel.send(message("chat", "whatsapp:+8562055512345", PLACE, edge.clock))
    (taken,) = twilio_caller._server.messages
    assert (taken["action"], taken["body"]) == ("geo:17.9667,102.6|Korin hall", "Korin hall")
