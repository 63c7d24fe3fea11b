"""Free ports for servers that a test starts."""

from __future__ import annotations

import secrets
import socket

# Below those that outgoing connections are given, so that none of another test takes it first.
_FIRST, _NUMBER = 10_000, 20_000


def free_port() -> int:
    """A port on the loopback address where nobody listens."""
    while True:
        port = _FIRST + secrets.randbelow(_NUMBER)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
