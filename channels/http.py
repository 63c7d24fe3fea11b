"""Calls to providers: one shared session, a total time limit, and failures told apart by what they mean."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
    ServerDisconnectedError,
    hdrs,
)

from channels.errors import SendError
from channels.forms import form_body

_ANSWER_BYTES = 256 * 1024
_CONNECT_SECONDS = 5.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A provider's answer; header names are found in any case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def retry_after(self) -> float:
        """The seconds that the provider asks us to wait; 0 when it names none."""
        try:
            return max(0.0, float(self.headers.get("retry-after", "0")))
        except ValueError:
            return 0.0


async def call(  # noqa: PLR0913 - what a request has
    session: ClientSession,
    method: str,
    url: str,
    *,
    seconds: float,
    params: Any = None,
    form: Mapping[str, str] | None = None,
    document: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request, no redirects, answered within `seconds` in all; the body is a form or a JSON document.

    Raises SendError: away when no connection came about, in doubt when one did and the answer
    is missing: the provider may have acted on it.
    """
    body, kind = _body(form, document)
    try:
        async with session.request(
            method,
            url,
            params=params,
            data=body,
            headers={**(headers or {}), **kind},
            timeout=_timeout(seconds),
            allow_redirects=False,
            # aiohttp sends no POST twice.
            middlewares=() if method == hdrs.METH_POST else (_once,),
        ) as response:
            text = await _text(response)
            return Answer(status=response.status, headers=response.headers, text=text)
    except InvalidURL:
        raise SendError(code="bad_url", misconfigured=True) from None
    except (ClientConnectorError, ConnectionTimeoutError):
        raise SendError(code="no_connection", away=True) from None
    except TimeoutError:
        raise SendError(code="timeout", in_doubt=True) from None
    except ClientError:
        raise SendError(code="lost_answer", in_doubt=True) from None


def problem_of(answer: Answer, account: Collection[int] = ()) -> SendError | None:
    """The meaning of a status alone; None for a success. `account` are those that refuse our account."""
    code = f"http_{answer.status}"
    if answer.status in account:
        return SendError(code=code, misconfigured=True)
    if 400 <= answer.status < 500 and answer.status != 429:  # noqa: PLR2004 - HTTP statuses
        return SendError(code=code)
    return unavailable(answer)


def unavailable(answer: Answer) -> SendError | None:
    """The meaning of a status that says nothing about the message itself; None for every other."""
    code = f"http_{answer.status}"
    if answer.status == 429:  # noqa: PLR2004 - an HTTP status
        return SendError(code=code, throttled=True, retry_after=answer.retry_after)
    if answer.status == 503:  # noqa: PLR2004 - an HTTP status
        return SendError(code=code, away=True, retry_after=answer.retry_after)
    if answer.status >= 500:  # noqa: PLR2004 - an HTTP status
        # Whether it broke before or after taking the message is not known.
        return SendError(code=code, in_doubt=True)
    if answer.status < 200 or 300 <= answer.status < 400:  # noqa: PLR2004 - HTTP statuses
        return SendError(code=code, misconfigured=True)
    return None


def _body(
    form: Mapping[str, str] | None, document: Mapping[str, Any] | None
) -> tuple[bytes | None, Mapping[str, str]]:
    """The body, and the header that names what it is."""
    if document is not None:
        return json.dumps(document, ensure_ascii=False).encode(), _JSON
    return (None, {}) if form is None else (form_body(form), _FORM)


@cache
def _timeout(seconds: float) -> ClientTimeout:
    return ClientTimeout(total=seconds, sock_connect=min(seconds, _CONNECT_SECONDS))


class _LostConnectionError(ClientError):
    """The connection ended before the answer."""


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from sending a GET a second time by itself: it would double a message."""
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise _LostConnectionError from error


async def _text(response: ClientResponse) -> str:
    """The body as far as it is worth reading."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _ANSWER_BYTES:
            break
    return body[:_ANSWER_BYTES].decode("utf-8", "replace")
