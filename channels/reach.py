"""How people reach the configured channels: what a poster prints, and what its QR codes open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigurationError
from bot.yaml_read import read_yaml
from channels.config import ChannelConfig

_SPACES = re.compile(r"[\s-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to us: `by` names the application, `shown` is printed, `link` is opened by a code."""

    channel: str
    by: str
    shown: str
    link: str


class Reach:
    """The table beside this module, applied to channels."""

    def __init__(self, kinds: Mapping[str, Mapping[str, str]]) -> None:
        self._kinds = kinds

    @classmethod
    def load(cls) -> Reach:
        """Read the table."""
        return cls(read_yaml(Path(__file__).with_suffix(".yml")))

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of channel that it knows."""
        return list(self._kinds)

    @property
    def applications(self) -> frozenset[str]:
        """What people may be told to use."""
        return frozenset(each["by"] for each in self._kinds.values())

    def ways(self, configs: Sequence[ChannelConfig], public_url: str) -> Sequence[Way]:
        """A way a channel whose public address is known, in the order of the configuration.

        Raises ConfigurationError for an address that its kind cannot have.
        """
        found = [self._way(each, public_url) for each in configs]
        return [each for each in found if each is not None]

    def _way(self, config: ChannelConfig, public_url: str) -> Way | None:
        told = config.public_address
        kind, address = self._address(config, public_url)
        if not address:
            return None
        row = self._kinds.get(kind)
        if row is None:
            return None
        plain = address if "://" in address else _SPACES.sub("", address)
        if not re.fullmatch(row["address"], plain):
            if not told:
                return None  # a sender's name, or an id of a service: nothing that people could write to
            where = f"channels.{config.name}.public_address"
            raise ConfigurationError(f"{where}: is no address of {kind}: {told}")
        link = row["link"].format(address=plain, digits=plain.lstrip("+"), name=plain.lstrip("@"))
        return Way(channel=config.name, by=row["by"], shown=address.partition("://")[2] or address, link=link)

    def _address(self, config: ChannelConfig, public_url: str) -> tuple[str, str]:
        """The kind and the address: the one told, else the sender's, else that of our own page."""
        if config.public_address:
            return config.kind, config.public_address
        if config.kind == "web":
            return config.kind, public_url + web_path(config.name)
        sender = getattr(config.settings, "sender", "")
        scheme, colon, rest = sender.partition(":")
        # One provider's senders are numbers of an application: "whatsapp:+8562055512345".
        return (scheme, rest) if colon and scheme in self._kinds else (config.kind, sender)


def web_path(name: str) -> str:
    """Where the page of a web channel is."""
    return "/chat" if name == "web" else f"/chat/{name}"
