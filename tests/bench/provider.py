"""A provider that takes every message at once, so that it costs as little as it can.

`python -m tests.bench.provider PORT`; GET /taken tells how many it has.
"""

from __future__ import annotations

import sys

import orjson
import uvloop
from aiohttp import web


def application() -> web.Application:
    """The two routes."""
    taken = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal taken
        await request.read()
        taken += 1
        body = {"sid": f"SM{taken:032x}", "status": "queued", "num_segments": "1", "error_code": None}
        return web.Response(body=orjson.dumps(body), status=201, content_type="application/json")

    async def tell(_: web.Request) -> web.Response:
        return web.Response(text=str(taken))

    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", take)
    app.router.add_get("/taken", tell)
    return app


def main() -> None:
    """Serve until killed."""
    uvloop.install()
    web.run_app(
        application(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=lambda *_: None
    )


if __name__ == "__main__":
    main()
