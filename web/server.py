"""The HTTP application: what every answer carries, whatever room it comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot.errors import DatabaseUnavailable
from web.proxies import Proxies

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_BODY = 256 * 1024  # bytes; doors set narrower limits of their own
_CLOSED = "frame-ancestors 'none'"
_CSP = f"default-src 'none'; {_CLOSED}; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000; includeSubDomains"

log = structlog.get_logger()


class Server:
    """All routes, each under the role of those who may use it, behind one listening socket."""

    def __init__(
        self, routes: Mapping[str, Sequence[web.RouteDef]], *, https: bool, proxies: Proxies | None = None
    ) -> None:
        self.routes = [(role, route) for role, several in routes.items() for route in several]
        self._application = application([route for _, route in self.routes], https=https, proxies=proxies)

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[str]:
        """Accept requests until left; gives the address in force."""
        runner = web.AppRunner(
            self._application,
            access_log=None,
            keepalive_timeout=15,
            shutdown_timeout=10,
            # aiohttp would unpack a body to its end, also one that nobody reads: each reader does it up to its limit.
            auto_decompress=False,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
            bound = runner.addresses[0]
            yield f"http://{bound[0]}:{bound[1]}"
        finally:
            await runner.cleanup()


def application(
    routes: Iterable[web.AbstractRouteDef], *, https: bool, proxies: Proxies | None = None
) -> web.Application:
    """The application over all routes; `https` when the public address is (then browsers are told to stay)."""
    middlewares = [proxies.middleware, _answer_faults] if proxies else [_answer_faults]
    app = web.Application(middlewares=middlewares, client_max_size=MOST_BODY)
    app.add_routes(list(routes))
    headers = _HEADERS | ({"Strict-Transport-Security": _HSTS} if https else {})

    async def secure(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if _CLOSED not in response.headers["Content-Security-Policy"]:
            # A page that names who may frame it; this older header can only forbid.
            del response.headers["X-Frame-Options"]
        response.headers["Server"] = "patou"

    app.on_response_prepare.append(secure)
    return app


@web.middleware
async def _answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what went wrong into an answer without a word of the request or of our insides."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return web.json_response({"error": refusal.reason}, status=refusal.status, headers=_kept(refusal))
    except DatabaseUnavailable:
        log.warning("http.unavailable", route=_route(request))
        return web.json_response({"error": "Unavailable"}, status=503, headers={"Retry-After": "5"})
    except Exception:
        log.exception("http.fault", route=_route(request))
        return web.json_response({"error": "Internal Server Error"}, status=500)


def _kept(refusal: web.HTTPException) -> dict[str, str]:
    return {
        name: refusal.headers[name]
        for name in ("Allow", "Retry-After", "Location")
        if name in refusal.headers
    }


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"
