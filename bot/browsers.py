"""Pages for browsers: the words they take, and what a request tells of its language, its page and its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Protocol
from urllib.parse import urlsplit

_ACCEPTED_READ = 200  # characters of Accept-Language


class Words(Protocol):
    """The pack's side of a page."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the page can be in, the default one first."""

    def label(self, language: str, key: str) -> str:
        """A word in the nearest language that has it."""


def language(wanted: str, accepted: str, known: Sequence[str]) -> str:
    """The wanted language if it is known, else the first known one that the browser accepts, else the first.

    `accepted` is an Accept-Language header (RFC 9110, 12.5.4) in the order in which browsers write it:
    the most wanted first.
    """
    names = {each.lower(): each for each in known}
    asked = [wanted, *(each.partition(";")[0].strip() for each in accepted[:_ACCEPTED_READ].split(","))]
    for each in asked:
        for name in (each.lower(), each.lower().partition("-")[0]):
            if name in names:
                return names[name]
    return known[0]


def from_our_page(headers: Mapping[str, str]) -> bool:
    """Whether a form may be taken: not where the browser says that another site's page sent it.

    Sec-Fetch-Site (W3C Fetch Metadata) says so itself; older browsers tell an Origin, which must be the
    host that they called. One that tells neither is let through: a form of ours rests on no cookie, so
    another site has nobody's rights to use.
    """
    site = headers.get("Sec-Fetch-Site", "")
    if site:
        return site in ("same-origin", "none")
    origin = headers.get("Origin", "")
    try:
        return not origin or urlsplit(origin).netloc.lower() == headers.get("Host", "").lower()
    except ValueError:
        return False


def network(remote: str | None) -> str:
    """Who calls, as far as a network tells: an address, and of version 6 what one subscriber has (RFC 6177)."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return remote or ""
    if isinstance(address, IPv4Address):
        return str(address)
    # One of version 4 that a socket of version 6 tells of (::ffff:…).
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
