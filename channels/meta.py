"""What Meta's webhooks have in common: the signature over the raw body, and the verification by GET.

X-Hub-Signature-256 is `sha256=` and the HMAC-SHA256 of the bytes of the body under the app's secret:
the body must not be written anew, since Meta escapes what is not ASCII in its own way.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from channels.base import RawRequest, RawResponse, same_secret
from channels.codes import ErrorCodes
from channels.documents import Document, member, read_json
from channels.errors import Malformed, NotAuthentic, SendError
from channels.forms import read_query
from channels.http import Answer, problem_of

_SIGNATURE = "x-hub-signature-256"
_CHALLENGE = re.compile(rb"[A-Za-z0-9_-]{1,200}")
_BROKEN = 500


def check(request: RawRequest, *, secrets: tuple[str, ...], verify_token: str) -> None:
    """Pass what Meta signed, and a GET with the token that the webhook was set with.

    Raises NotAuthentic, and Malformed for a challenge that Meta would not send.
    """
    if request.method == "GET":
        query = read_query(request.query_string)
        given = query.get("hub.verify_token", b"").decode("utf-8", "replace")
        if query.get("hub.mode") != b"subscribe" or not same_secret(given, verify_token):
            raise NotAuthentic
        if not _CHALLENGE.fullmatch(query.get("hub.challenge", b"")):
            raise Malformed("no_challenge")
        return
    expected = (_signature(secret, request.body) for secret in secrets if secret)
    if not same_secret(request.headers.get(_SIGNATURE, ""), *expected):
        raise NotAuthentic


def probe(name: str, secret: str, body: bytes) -> RawRequest:
    """A request as Meta makes it, to the channel of that name."""
    return RawRequest(
        method="POST",
        path=f"/channels/{name}/messages",
        headers={"content-type": "application/json", _SIGNATURE: _signature(secret, body)},
        body=body,
    )


def answer(request: RawRequest) -> RawResponse:
    """The challenge of a verification that was checked; else nothing."""
    if request.method != "GET":
        return RawResponse()
    return RawResponse(body=read_query(request.query_string).get("hub.challenge", b""))


def sent(given: Answer, codes: ErrorCodes) -> Document:
    """The document of a send that succeeded; raises SendError.

    An error is known by its code: it comes with an HTTP 200 too.
    """
    try:
        document = read_json(given.text.encode())
        error = member(document, "error")
    except Malformed:
        document, error = {}, {}
    code = str(error.get("code", ""))
    if code and (given.status < _BROKEN or codes.knows(code)):
        raise codes.error(code, given.retry_after)
    problem = problem_of(given)
    if problem is not None:
        raise problem
    if not document:
        raise SendError(code="unreadable_answer", in_doubt=True)
    return document


def _signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
