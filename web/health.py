"""Is the process alive, and can it take a message: two questions, two answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.errors import DatabaseUnavailable


def routes(probe: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """Routes of both; `probe` writes to the store and raises DatabaseUnavailable when it cannot."""

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        try:
            await probe()
        except DatabaseUnavailable:
            return web.json_response({"status": "unavailable"}, status=503, headers={"Retry-After": "5"})
        return web.json_response({"status": "ready"})

    return [web.get("/health/live", live), web.get("/health/ready", ready)]
