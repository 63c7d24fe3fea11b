"""The client of Redis, which holds only what may be lost: locks, limits and wake-ups."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_TIMEOUT_SECONDS = 0.25


def connect(url: str) -> Redis:
    """A client that connects on first use and never makes a turn wait: its callers do without it."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=50,
        decode_responses=True,
    )
    return client
