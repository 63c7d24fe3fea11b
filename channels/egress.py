"""The way out to files: asks the provider and nobody else, whatever address it was told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import AF_UNSPEC, AddressFamily
from types import TracebackType
from typing import Self

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
    hdrs,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.files.errors import NotKept, Reason
from channels.base import Source
from channels.errors import FetchError

_SECONDS, _CONNECT_SECONDS, _SILENCE_SECONDS = 60.0, 5.0, 15.0
# Printable ASCII without what parsers disagree on: userinfo, backslashes, fragments.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!\"$-\[\]-~]*)?"
)
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# They may yet have it: still being prepared, too many at once, or out of order.
_LATER = frozenset({202, 408, 425, 429})
_BROKEN = 500

# Everything routed that has an owner (RFC 4291, 2.4), without ways round through other networks (RFC 6890).
_GLOBAL_6 = ip_network("2000::/3")
_TUNNELS_6 = (ip_network("2001::/23"), ip_network("2002::/16"))
_TUNNELS_4 = (ip_network("192.88.99.0/24"),)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is somebody's on the internet: no network of ours, no way round to one."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in each for each in _TUNNELS_4)
    # Mapped, compatible and translated addresses (::ffff:…, 64:ff9b::…) are outside of it.
    return address in _GLOBAL_6 and not any(address in each for each in _TUNNELS_6)


class Egress:
    """Fetches files; use it as a context manager. `resolver` asks for the addresses of a name."""

    def __init__(
        self,
        *,
        resolver: AbstractResolver | None = None,
        public: Callable[[IPv4Address | IPv6Address], bool] = is_public,
        seconds: float = _SECONDS,
    ) -> None:
        self._resolver = resolver
        self._public = public
        self._seconds = seconds
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        resolver = self._resolver or ThreadedResolver()
        # Sessions of its own: no cookies, no proxies, no connection that somebody else opened.
        self._outside = await self._session(_PublicResolver(resolver, self._public))
        self._inside = await self._session(resolver)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def fetch(self, source: Source, limit: int) -> bytes:
        """The file, at most `limit` bytes of it are read.

        Raises FetchError, and NotKept for one that is larger.
        """
        session, url = self._way(source, source.url)
        try:
            async with asyncio.timeout(self._seconds):
                for hop in range(source.redirects + 1):
                    # Credentials are for whom the channel addressed, not for where that points.
                    headers = {**source.headers} if hop == 0 else {}
                    async with session.get(
                        url, headers={**headers, hdrs.ACCEPT_ENCODING: "identity"}, allow_redirects=False
                    ) as response:
                        if response.status not in _REDIRECTS:
                            return await _body(response, limit)
                        session, url = self._way(source, _target(url, response))
        except (TimeoutError, ClientConnectorError) as error:
            if isinstance(getattr(error, "os_error", None), _NotPublicError):
                raise FetchError(code="not_public") from None
            raise FetchError(code="no_answer", retryable=True) from None
        except (ClientError, OSError):
            raise FetchError(code="lost_answer", retryable=True) from None
        raise FetchError(code="redirected")

    def _way(self, source: Source, address: str) -> tuple[ClientSession, URL]:
        """Who may be asked for an address, and by which way. Raises FetchError for everybody else."""
        found = _ADDRESS.fullmatch(address)
        try:
            url = URL(address, encoded=True)
            inside = URL(source.inside).origin() if source.inside else None
            if found is None or url.user is not None or url.raw_host != found["host"].strip("[]").lower():
                raise FetchError(code="bad_address")
            if inside is not None and url.origin() == inside:
                return self._inside, url
        except ValueError:
            raise FetchError(code="bad_address") from None
        if url.scheme != "https" or found["port"] not in (None, "443"):
            raise FetchError(code="bad_address")
        if not _belongs(url.raw_host, source.hosts):
            raise FetchError(code="other_host")
        return self._outside, url

    async def _session(self, resolver: AbstractResolver) -> ClientSession:
        connector = TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True, limit=8)
        timeout = ClientTimeout(
            total=self._seconds, sock_connect=_CONNECT_SECONDS, sock_read=min(_SILENCE_SECONDS, self._seconds)
        )
        return await self._stack.enter_async_context(
            ClientSession(
                connector=connector, cookie_jar=DummyCookieJar(), timeout=timeout, auto_decompress=False
            )
        )


class _NotPublicError(OSError):
    """A name leads to an address that is nobody's on the internet."""


class _PublicResolver(AbstractResolver):
    """Answers with addresses that were looked at; to these, and not to a later answer, the connection is made."""

    def __init__(
        self, resolver: AbstractResolver, public: Callable[[IPv4Address | IPv6Address], bool]
    ) -> None:
        self._resolver = resolver
        self._public = public

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name; raises OSError if any of them is not public."""
        found = await self._resolver.resolve(host, port, family)
        if not all(self._public(ip_address(each["host"].partition("%")[0])) for each in found):
            raise _NotPublicError
        return found

    async def close(self) -> None:
        """Let go of the resolver behind."""
        await self._resolver.close()


def _belongs(host: str | None, hosts: Collection[str]) -> bool:
    """Whether a host is one of these or below one; an address in figures, in whatever notation, is none."""
    if host is None or not _NAME.fullmatch(host):
        return False
    return any(host == each or host.endswith(f".{each}") for each in hosts)


def _target(url: URL, response: ClientResponse) -> str:
    """Where it points; raises FetchError for what is no address at all."""
    location = response.headers.get(hdrs.LOCATION, "")
    if "://" in location or location.startswith("//"):
        return location
    try:
        return str(url.join(URL(location, encoded=True)))
    except ValueError:
        raise FetchError(code="bad_address") from None


async def _body(response: ClientResponse, limit: int) -> bytes:
    """The body as it came, for an answer that has one. Raises FetchError, NotKept."""
    if response.status != HTTPStatus.OK:
        retryable = response.status in _LATER or response.status >= _BROKEN
        raise FetchError(code=f"http_{response.status}", retryable=retryable)
    if response.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower() != "identity":
        # We asked for it plain: what is packed unpacks to any size.
        raise FetchError(code="packed")
    if (response.content_length or 0) > limit:
        raise NotKept(Reason.TOO_LARGE)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise NotKept(Reason.TOO_LARGE)
    return bytes(body)
