"""Looking after channels: what a provider says of us, whether its calls arrive here, and where it brings messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from bot.db import Database
from bot.errors import ConfigurationError
from bot.traffic import Traffic, traffic_of
from channels.base import Channel, Examined, Finding, Probed, Registered, Wiring
from channels.errors import SendError

_SECONDS = 10.0
_TAKEN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A channel as it was found."""

    name: str
    kind: str
    findings: Sequence[Finding]
    traffic: Traffic


class ChannelCare:
    """The configured channels, looked after beside a server that runs or before it does."""

    def __init__(
        self, channels: Mapping[str, Channel], session: ClientSession, db: Database, wiring: Wiring
    ) -> None:
        self.names = list(channels)
        self._channels = channels
        self._session = session
        self._db = db
        self._clock = wiring.clock
        self._public_url = wiring.public_url.rstrip("/")

    async def look(self, name: str) -> Seen:
        """What can be found out without sending anybody a message. Raises DatabaseUnavailable."""
        channel = self._channels[name]
        findings: list[Finding] = []
        if isinstance(channel, Examined):
            try:
                findings += await channel.examine()
            except SendError as error:
                findings.append(Finding(what="account", fine=False, note=error.code))
        if isinstance(channel, Probed):
            findings.append(await self._loop_back(channel))
        traffic = await traffic_of(name, self._db, self._clock)
        return Seen(name=name, kind=channel.kind, findings=findings, traffic=traffic)

    async def register(self, name: str) -> None:
        """Tell the provider of a channel where to bring messages.

        Raises SendError, and ConfigurationError for a name or a kind that this cannot be done for.
        """
        channel = self._channels.get(name)
        if channel is None:
            raise ConfigurationError(f"channels.{name}: is none of {', '.join(self._channels)}")
        if not isinstance(channel, Registered):
            raise ConfigurationError(f"channels.{name}: a {channel.kind} channel is registered by hand")
        await channel.register()

    async def _loop_back(self, channel: Probed) -> Finding:
        """Call ourselves where the provider calls: proxy, path, signature and server must all be right."""
        probe = channel.probe()
        where = self._public_url + probe.path
        try:
            async with self._session.request(
                probe.method,
                URL(self._public_url + probe.path_qs, encoded=True),
                headers=probe.headers,
                data=probe.body or None,
                allow_redirects=False,
                timeout=ClientTimeout(total=_SECONDS),
            ) as response:
                fine, note = response.status == _TAKEN, f"{response.status} from {where}"
        except (ClientError, TimeoutError, ValueError) as error:
            fine, note = False, f"{type(error).__name__} at {where}"
        return Finding(what="signature loop-back", fine=fine, note=note)
