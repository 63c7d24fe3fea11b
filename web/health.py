"""Is the process alive, and can it take a message: two questions, two answers."""

from __future__ import annotations

from aiohttp import web

from bot.db import Database, WriteSet
from bot.errors import DatabaseUnavailable
from bot.schema import meta


def routes(db: Database) -> list[web.RouteDef]:
    """Routes of both; a server that cannot write one row is not ready."""
    beat = db.insert(meta).on_conflict_do_update(index_elements=["key"], set_={"value": "alive"})

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        writes = WriteSet()
        writes.add(beat, {"key": "probe", "value": "alive"})
        try:
            await db.commit(writes)
        except DatabaseUnavailable:
            return web.json_response({"status": "unavailable"}, status=503, headers={"Retry-After": "5"})
        return web.json_response({"status": "ready"})

    return [web.get("/health/live", live), web.get("/health/ready", ready)]
