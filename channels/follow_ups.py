"""Follow-up channels: which channel carries what another could not deliver, checked at start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import ConfigurationError
from channels.base import Channel
from channels.config import ChannelConfig


def follow_ups(configs: Sequence[ChannelConfig], channels: Mapping[str, Channel]) -> dict[str, str]:
    """The follow-up channel of each channel that has one.

    Raises ConfigurationError for one that is not there, sends no SMS, or is followed up itself.
    """
    routes = {each.name: each.follow_up for each in configs if each.follow_up}
    for name, target in routes.items():
        where = f"channels.{name}.follow_up"
        if target not in channels:
            raise ConfigurationError(
                f"{where}: there is no channel {target!r}; there are {', '.join(channels)}"
            )
        can = channels[target].capabilities
        if not can.sms or can.inline:
            raise ConfigurationError(f"{where}: {target!r} sends no SMS")
        if target in routes:
            raise ConfigurationError(
                f"{where}: {target!r} has a follow-up itself; only one that has none can be it"
            )
    return routes
