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
from channels.enclosures import check_map, geo, map_link
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
FORM = Enclosure(kind=MediaKind.DOCUMENT, title="Form 2", url="https://patou.example/forms/form%2D2.pdf")
LONG = "ກ" * 3000
SHOWS = {"telegram", "line", "whatsapp", "messenger", "web"}


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
async def test_who_can_show_a_place_and_a_file(kind: str, edge: Edge, session: ClientSession) -> None:
    async with connect(kind, edge, session):
        shown = {MediaKind.LOCATION, MediaKind.DOCUMENT} if kind in SHOWS else set()
        assert edge.channels[kind].capabilities.enclosures == shown


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
        (
            "messenger",
            PLACE,
            {
                "text": "",
                "attachment": {
                    "type": "template",
                    "payload": {
                        "template_type": "generic",
                        "elements": [
                            {
                                "title": "Korin hall",
                                "subtitle": "opposite the old bridge",
                                "default_action": {
                                    "type": "web_url",
                                    "url": "https://www.openstreetmap.org/?mlat=17.966700&mlon=102.600000"
                                    "#map=17/17.966700/102.600000",
                                },
                            }
                        ],
                    },
                },
            },
        ),
        ("messenger", replace(PLACE, title=LONG, address=LONG), {"text": ""}),
        ("messenger", PIN, {"text": ""}),
        ("telegram", FORM, {"text": "Form 2", "document": FORM.url}),
        ("telegram", replace(FORM, title=LONG), {"text": "ກ" * 1024}),
        ("line", FORM, {"type": "text", "text": f"Form 2\n{FORM.url}"}),
        (
            "whatsapp",
            FORM,
            {"document": {"link": FORM.url, "caption": "Form 2", "filename": "form-2.pdf"}},
        ),
        (
            "messenger",
            FORM,
            {"attachment": {"type": "file", "payload": {"url": FORM.url, "is_reusable": True}}},
        ),
    ],
)
async def test_a_place_and_a_file_are_shown(
    kind: str, place: Enclosure, shown: dict[str, Any], caller: Caller, edge: Edge
) -> None:
    sent = await edge.channels[kind].send(message(kind, caller.urn, place, edge.clock))
    assert sent.parts[0].provider_id
    (taken,) = caller.taken
    assert {name: taken[name] for name in shown} == shown


async def test_twilio_shows_them_on_whatsapp_only(
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
    assert channel.capabilities.enclosures == {MediaKind.LOCATION, MediaKind.DOCUMENT}
    for each in (PLACE, FORM):
        await channel.send(message("chat", "whatsapp:+8562055512345", each, edge.clock))
    taken, file = twilio_caller._server.messages
    assert (file["media"], file["body"]) == (FORM.url, "Form 2")
    assert (taken["action"], taken["body"]) == ("geo:17.9667,102.6|Korin hall", "Korin hall")


@pytest.mark.parametrize(
    "address",
    ["http://map.example/{latitude}/{longitude}", "https://map.example/{latitude}", "", "javascript:{latitude}{longitude}",
     "https://map.example/{latitude}/{longitude}/{zoom}"],
)  # fmt: skip
def test_no_map_without_both_degrees(address: str) -> None:
    with pytest.raises(ValueError, match="map_url"):
        check_map(address)


def test_a_place_opens_in_any_map() -> None:
    assert geo(replace(PLACE, latitude=-0.00000004)) == "geo:-0.000000,102.600000?q=-0.000000,102.600000"
    assert (
        map_link("https://m.example/{longitude}/{latitude}", PLACE)
        == "https://m.example/102.600000/17.966700"
    )
