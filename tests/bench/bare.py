"""The bare figure: aiohttp handlers that only read the form. `python -m tests.bench.bare PORT`."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web


async def read_form(request: web.Request) -> web.Response:
    """Read the form, answer as our webhook does."""
    await request.post()
    return web.Response(text="<Response/>", content_type="text/xml")


async def show_screen(request: web.Request) -> web.Response:
    """Read the form of a USSD gateway, answer as our channel does."""
    await request.post()
    return web.Response(text="CON 1")


def main() -> None:
    """Serve until killed."""
    uvloop.install()
    app = web.Application()
    app.router.add_post("/channels/twilio/messages", read_form)
    app.router.add_post("/channels/ussd/ussd", show_screen)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=lambda *_: None)


if __name__ == "__main__":
    main()
