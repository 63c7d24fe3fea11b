"""The gate of gateways that do not sign: a key in the address they call, or Basic authentication, and where they call from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from channels.base import RawRequest, same_secret
from channels.errors import NotAuthentic
from channels.forms import read_query


def networks(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses as they were; raises ValueError, naming the setting, for what is no network."""
    for each in addresses:
        try:
            ip_network(each)
        except ValueError:
            raise ValueError("addresses: must be networks like 10.0.0.0/24") from None
    return tuple(addresses)


class Gate:
    """Lets in who has one of `keys`, as ?key= or as the password of Basic authentication, from `addresses`.

    No addresses let every caller in who has a key. `field` is another name under which a gateway sends it
    in its query.
    """

    def __init__(self, *, keys: Sequence[str], addresses: Sequence[str], field: str = "") -> None:
        self._keys = tuple(keys)
        self._field = field
        self._networks = [ip_network(each) for each in addresses]

    def check(self, request: RawRequest) -> None:
        """Raises NotAuthentic; Malformed for a query that nobody would send."""
        query = read_query(request.query_string)
        given = (query.get("key", b"") or query.get(self._field, b"")).decode("utf-8", "replace")
        known = same_secret(given or _password(request), *self._keys)
        if not known or (self._networks and not self._is_listed(request.remote)):
            raise NotAuthentic

    def _is_listed(self, remote: str) -> bool:
        try:
            address = ip_address(remote)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _password(request: RawRequest) -> str:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
