"""Who calls when our own reverse proxies stand before us: what they wrote down, and nothing a client can write.

The header's last address is that of who called the nearest proxy; one that is a proxy of ours itself
passes the question on to the address before it (as nginx's `real_ip_recursive` does).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import hdrs, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Proxies:
    """The networks of our own proxies."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = tuple(networks)

    def peer(self, remote: str, forwarded: str) -> str:
        """The address of the caller; `forwarded` is X-Forwarded-For, all of its lines in one list."""
        written = [each.strip() for each in forwarded.split(",") if each.strip()]
        peer = remote
        while written and self._are_ours(peer):
            address = _address(written.pop())
            if address is None:
                break
            peer = str(address)
        return peer

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let whoever handles the request see its caller as `request.remote`."""
        remote = request.remote or ""
        forwarded = request.headers.getall(hdrs.X_FORWARDED_FOR, ())
        peer = self.peer(remote, ",".join(forwarded)) if forwarded else remote
        return await handler(request if peer == remote else request.clone(remote=peer))

    def _are_ours(self, address: str) -> bool:
        known = _address(address)
        return known is not None and any(known in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address; one of version 4 written as version 6 (::ffff:…) as what it is."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
