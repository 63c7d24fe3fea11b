"""Which channel may follow up which: what is wrong is named at start."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.errors import ConfigurationError
from bot.messages import Capabilities
from channels.config import ChannelConfig
from channels.follow_ups import follow_ups
from tests.channels.provider import Provider

CHANNELS = {
    "telegram": Capabilities(max_units=4096),
    "sms": Capabilities(max_units=1600, sms=True),
    "unitel": Capabilities(max_units=1600, sms=True),
    "page": Capabilities(max_units=1600, sms=True, inline=True),
}


def routes(given: Mapping[str, str]) -> dict[str, str]:
    channels = {}
    for name, can in CHANNELS.items():
        channels[name] = Provider(name)
        channels[name].capabilities = can
    configs = [
        ChannelConfig(name=name, kind="test", settings=None, follow_up=given.get(name, ""))
        for name in CHANNELS
    ]
    return follow_ups(configs, channels)


def test_several_channels_may_share_one() -> None:
    assert routes({}) == {}
    assert routes({"telegram": "sms", "page": "sms"}) == {"telegram": "sms", "page": "sms"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"telegram": "nobody"}, "channels.telegram.follow_up: there is no channel 'nobody'"),
        ({"sms": "telegram"}, "'telegram' sends no SMS"),
        ({"sms": "page"}, "'page' sends no SMS"),
        ({"sms": "sms"}, "has a follow-up itself"),
        ({"sms": "unitel", "unitel": "sms"}, "has a follow-up itself"),
        ({"telegram": "sms", "sms": "unitel"}, "has a follow-up itself"),
    ],
)
def test_what_cannot_follow_is_named(given: Mapping[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        routes(given)
