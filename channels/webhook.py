"""The door in: everything that a provider's request goes through before and after its channel reads it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.errors import DatabaseUnavailable, PatouError
from bot.limits import Limits
from bot.metrics import Metrics
from bot.packed import ENCODINGS, NotUnpacked, TooMuch, encoding_of, unpacked
from channels.base import ENDPOINTS, Channel, Limited, Rate, RawRequest, RawResponse, Refusing
from channels.errors import Malformed, NotAuthentic, NotServed, NotSupported
from channels.intake import Intake

log = structlog.get_logger()

BODY_LIMIT = 64 * 1024  # bytes, after decompression
_READ_SECONDS = 5.0
_BROKEN = (NotUnpacked, web.RequestPayloadError, web.PayloadAccessError)


class Refusal(PatouError):
    """A request that is not taken, with its status and a constant reason; `told` is the provider's form of it."""

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Mapping[str, str] | None = None,
        told: RawResponse | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}
        self.told = told


class Door:
    """The webhook routes of all channels."""

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        intake: Intake,
        limits: Limits,
        metrics: Metrics,
        body_limit: int = BODY_LIMIT,
        read_seconds: float = _READ_SECONDS,
    ) -> None:
        self._channels = channels
        # Asked once, as the question costs time in every request.
        self._limited = {name: each for name, each in channels.items() if isinstance(each, Limited)}
        self._intake = intake
        self._limits = limits
        self._body_limit = body_limit
        self._read_seconds = read_seconds
        self._metrics = metrics
        self._turns = {name: metrics.turns.labels(name) for name in channels}

    def routes(self) -> list[web.RouteDef]:
        """`/channels/<name>/messages`, `/status` and `/ussd`, which some gateways add to, by GET, POST and PUT."""
        return [
            web.route(method, f"/channels/{{name}}/{path}", self.handle)
            for path in (*ENDPOINTS, "ussd/{tail:.+}")
            for method in ("GET", "POST", "PUT")
        ]

    async def handle(self, request: web.Request) -> web.Response:
        """Take a request; 2xx only when all that is in it is stored."""
        name = request.match_info["name"]
        try:
            channel = self._channel(name, request)
            with self._turns[name].time():
                raw = await read_request(request, self._body_limit, self._read_seconds)
                response = await self._take(channel, raw)
        except Refusal as refusal:
            known = name if name in self._channels else "unknown"
            self._metrics.refused.labels(known, str(refusal.status)).inc()
            log.info("webhook.refused", channel=known, status=refusal.status, reason=refusal.reason)
            return _answered(refusal.told) if refusal.told else refused(refusal)
        return _answered(response)

    def _channel(self, name: str, request: web.Request) -> Channel:
        channel = self._channels.get(name)
        endpoint = request.path.split("/", 4)[3]
        if channel is None or endpoint not in channel.endpoints:
            raise Refusal(404, "not_found")
        methods = channel.endpoints[endpoint]
        if request.method not in methods:
            raise Refusal(405, "method_not_allowed", {"Allow": ", ".join(methods)})
        return channel

    async def _take(self, channel: Channel, raw: RawRequest) -> RawResponse:
        try:
            channel.verify(raw)
            if limited := self._limited.get(channel.name):
                await pace(self._limits, limited.rates(raw))
            events = channel.parse(raw)
        except NotAuthentic:
            raise Refusal(403, "not_authentic") from None
        except NotSupported as error:
            raise Refusal(415, error.reason) from None
        except NotServed as error:
            raise Refusal(404, error.reason) from None
        except Malformed as error:
            told = channel.refusal(raw, error.reason) if isinstance(channel, Refusing) else None
            raise Refusal(400, error.reason, told=told) from None
        try:
            outcomes = [await self._intake.take(channel.name, event) for event in events]
        except DatabaseUnavailable:
            raise Refusal(503, "database_unavailable", {"Retry-After": "1"}) from None
        return channel.answer(raw, outcomes)


async def pace(limits: Limits, rates: Iterable[Rate]) -> None:
    """Count a request under its limits; raises Refusal at the first that is used up."""
    for rate in rates:
        wait = await limits.take(rate.key, rate.limit, rate.seconds)
        if wait > 0:
            raise Refusal(429, "too_many_requests", {"Retry-After": str(math.ceil(wait))})


async def read_request(request: web.Request, limit: int, seconds: float) -> RawRequest:
    """The request with its body, decompressed; raises Refusal when it is too long, too slow or broken."""
    encoding = encoding_of(request.headers.get("Content-Encoding", ""))
    if encoding not in ENCODINGS:
        raise Refusal(415, "unknown_encoding")
    if request.content_length is not None and request.content_length > limit:
        raise Refusal(413, "too_large")
    try:
        body = unpacked(await _body(request, limit, seconds), encoding, limit)
    except TooMuch:
        raise Refusal(413, "too_large", {"Connection": "close"}) from None
    except TimeoutError:
        raise Refusal(408, "too_slow", {"Connection": "close"}) from None
    except (*_BROKEN, HttpProcessingError, ValueError, OSError):
        raise Refusal(400, "broken_body", {"Connection": "close"}) from None
    # Only a proxy's form of a request line begins with anything else.
    target = request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs
    path, _, query = target.partition("?")
    return RawRequest(
        method=request.method,
        path=path,
        query_string=query.partition("#")[0],
        headers=request.headers,
        body=body,
        remote=request.remote or "",
    )


def refused(refusal: Refusal) -> web.Response:
    """The answer to a request that is not taken: a named reason and nothing of the request."""
    return web.json_response({"error": refusal.reason}, status=refusal.status, headers=refusal.headers)


def _answered(response: RawResponse) -> web.Response:
    headers = {"Content-Type": f"{response.content_type}; charset=utf-8", **response.headers}
    return web.Response(status=response.status, body=response.body, headers=headers)


async def _body(request: web.Request, limit: int, seconds: float) -> bytes:
    """The whole body; one that has come with its head, as short ones do, is not waited for."""
    content = request.content
    body = bytearray()
    if content.is_eof():
        body += content.read_nowait()
    else:
        async with asyncio.timeout(seconds):
            while len(body) <= limit and (chunk := await content.readany()):
                body += chunk
    if len(body) > limit:
        raise Refusal(413, "too_large", {"Connection": "close"})
    return bytes(body)
