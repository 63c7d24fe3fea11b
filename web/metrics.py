"""`GET /metrics`: Prometheus text."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST


def routes(text: Callable[[], bytes]) -> list[web.RouteDef]:
    """The route; nothing in it is personal, but it belongs behind the reverse proxy."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/metrics", metrics)]
