"""`GET /forms/<name>.pdf`: the official forms of the pack, for anybody and for the apps that hand them on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web


def routes(files: Mapping[str, Path], path: str) -> list[web.RouteDef]:
    """The route; what is asked for is a key of `files` and never part of a path."""

    async def form(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        found = files.get(name)
        if found is None:
            raise web.HTTPNotFound
        headers = {
            "Content-Type": "application/pdf",
            "Content-Disposition": f'inline; filename="{name}"',
            "Cache-Control": "public, max-age=3600",
        }
        return web.FileResponse(found, headers=headers)

    return [web.get(f"{path}/{{name}}", form)]
