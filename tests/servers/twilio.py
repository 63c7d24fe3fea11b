"""A small, strict Twilio: checks what the API checks, and misbehaves on demand.

Source of the rules: Twilio's OpenAPI description of api.v2010 and its error dictionary.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientResponse, ClientSession, web
from twilio.request_validator import RequestValidator

from tests.servers.ports import free_port

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-of-the-tests"
NUMBER = "+15005550006"
TEMPLATE = "HX" + "0" * 32
_FIELDS = {
    "To",
    "From",
    "Body",
    "StatusCallback",
    "MessagingServiceSid",
    "ValidityPeriod",
    "ContentSid",
    "ContentVariables",
    "PersistentAction",
    "MediaUrl",
}
_MAX_BODY = 1600
_MAX_NUMBER = 16


class TwilioServer:
    """`plan` says how the next creations go: ok, a Twilio code, an HTTP status, hang, lose or garbage.

    `lose` takes the message and closes the connection without an answer; `hang` takes nothing and
    never answers. Messages taken are in `messages`, in order; calls counted in `calls`.
    """

    def __init__(self, session: ClientSession) -> None:
        self.port = free_port()
        self.plan: deque[str | int] = deque()
        self.messages: list[dict[str, Any]] = []
        self.calls = 0
        self.down = False
        self.number = {"sid": "PN" + "0" * 32, "phone_number": NUMBER, "sms_url": "", "sms_method": "GET"}
        self._session = session
        self._validator = RequestValidator(TOKEN)  # type: ignore[no-untyped-call]  # twilio leaves it untyped
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self.files: dict[str, bytes] = {}  # by the last segment of their addresses

    @property
    def url(self) -> str:
        """What `api_url` would be."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        numbers = "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers"
        app.add_routes(
            [
                web.post(path, self._create),
                web.get(path, self._list),
                web.get("/2010-04-01/Accounts/{account}.json", self._account),
                web.get(numbers + ".json", self._numbers),
                web.post(numbers + "/{sid}.json", self._change_number),
                web.get("/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{name}", self._media),
                web.get("/cdn/{name}", self._cdn),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Let go of whoever hangs, and close."""
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    def sign(
        self, url: str, fields: Mapping[str, str], token: str = TOKEN, algorithm: str = "HMAC_SHA1"
    ) -> str:
        """The signature of a form, by the official validator."""
        validator = RequestValidator(token)  # type: ignore[no-untyped-call]  # twilio leaves it untyped
        return str(validator.compute_signature(url, fields, algorithm))  # type: ignore[no-untyped-call]  # untyped

    async def call_back(
        self, message: Mapping[str, Any], status: str, error_code: str = ""
    ) -> ClientResponse:
        """Tell the message's StatusCallback what became of it, signed."""
        fields = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "AccountSid": ACCOUNT,
            "MessageStatus": status,
            "To": message["to"],
            "From": message["from"],
        }
        if error_code:
            fields["ErrorCode"] = error_code
        url = message["status_callback"]
        headers = {"X-Twilio-Signature": self.sign(url, fields)}
        async with self._session.post(url, data=fields, headers=headers) as response:
            await response.read()
            return response

    async def _media(self, request: web.Request) -> web.StreamResponse:
        """A file: its own account is sent on to where it lies."""
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return web.Response(status=401)
        return web.Response(status=307, headers={"Location": f"{self.url}/cdn/{request.match_info['name']}"})

    async def _cdn(self, request: web.Request) -> web.StreamResponse:
        """Where it lies nobody needs our password."""
        assert "Authorization" not in request.headers
        found = self.files.get(request.match_info["name"])
        return web.Response(status=404) if found is None else web.Response(body=found)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        form = await request.post()
        problem = self._refusal(request, {key: str(value) for key, value in form.items()})
        if problem:
            return problem
        outcome = self.plan.popleft() if self.plan else "ok"
        if outcome == "hang":
            await self._closing.wait()
        if outcome == "garbage":
            self._take(form)
            return web.Response(status=201, text="<html>proxy</html>")
        if outcome == "lose":
            self._take(form)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(outcome, int):
            return _outcome(outcome)
        return web.json_response(_public(self._take(form)), status=201)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.Response(status=500)
        refusal = self._unauthorised(request)
        if refusal:
            return refusal
        assert request.query.keys() <= {
            "To",
            "From",
            "DateSent",
            "DateSent>",
            "DateSent<",
            "PageSize",
            "Page",
        }
        found = [each for each in self.messages if each["to"] == request.query.get("To", each["to"])]
        messages = [_public(each) for each in reversed(found)]
        return web.json_response({"messages": messages, "next_page_uri": None, "page": 0})

    async def _account(self, request: web.Request) -> web.StreamResponse:
        account = {"sid": ACCOUNT, "friendly_name": "The office", "status": "active", "type": "Full"}
        return self._unauthorised(request) or web.json_response(account)

    async def _numbers(self, request: web.Request) -> web.StreamResponse:
        assert request.query["PhoneNumber"] == NUMBER
        listed = {"incoming_phone_numbers": [self.number], "next_page_uri": None, "page": 0}
        return self._unauthorised(request) or web.json_response(listed)

    async def _change_number(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        assert form.keys() == {"SmsUrl", "SmsMethod"}
        self.number |= {"sms_url": str(form["SmsUrl"]), "sms_method": str(form["SmsMethod"])}
        return self._unauthorised(request) or web.json_response(self.number)

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != expected or request.match_info["account"] != ACCOUNT:
            return _error(401, 20003)
        return None

    def _refusal(self, request: web.Request, form: Mapping[str, str]) -> web.Response | None:
        refusal = self._unauthorised(request)
        if refusal:
            return refusal
        to, body = form.get("To", ""), form.get("Body", "")
        number = to.rpartition(":")[2]
        callback = urlsplit(form.get("StatusCallback", "http://x")).hostname
        checks = {
            20001: not form.keys() - _FIELDS and not request.query,
            21211: number.startswith("+") and number[1:].isdigit() and len(number) <= _MAX_NUMBER,
            21603: bool(form.get("From") or form.get("MessagingServiceSid")),
            21602: bool(body) != ("ContentSid" in form),
            21656: _filled(form) is not None,
            21617: len(body) <= _MAX_BODY,
            21609: "_" not in (callback or "_"),
            63021: _is_place(form.get("PersistentAction"), to),
        }
        return next((_error(400, code) for code, fine in checks.items() if not fine), None)

    def _take(self, form: Mapping[str, Any]) -> dict[str, Any]:
        number = len(self.messages) + 1
        message = {
            "sid": "SM" + hashlib.md5(str(number).encode()).hexdigest(),  # noqa: S324 (any 32 hex digits)
            "account_sid": ACCOUNT,
            "body": form.get("Body") or _filled(form),
            "validity": form.get("ValidityPeriod", ""),
            "to": form["To"],
            "action": form.get("PersistentAction"),
            "media": form.get("MediaUrl"),
            "from": form.get("From"),
            "status": "queued",
            "num_segments": "1",
            "direction": "outbound-api",
            "error_code": None,
            "date_created": format_datetime(datetime.now(UTC)),
            "date_sent": None,
            "price": None,
            "status_callback": form.get("StatusCallback"),
        }
        self.messages.append(message)
        return message


def _is_place(action: str | None, to: str) -> bool:
    """Whether an action is none, or a place to somebody on WhatsApp."""
    if action is None:
        return True
    return to.startswith("whatsapp:") and bool(re.fullmatch(r"geo:-?[0-9.]+,-?[0-9.]+\|.+", action))


def _filled(form: Mapping[str, Any]) -> str | None:
    """The approved template with its variable, "News: {{1}}"; None for one that Twilio would not fill."""
    if "ContentSid" not in form:
        return ""
    variables = json.loads(form.get("ContentVariables", "null"))
    fine = form["ContentSid"] == TEMPLATE and isinstance(variables, dict) and variables.keys() == {"1"}
    return f"News: {variables['1']}" if fine and "\n" not in variables["1"] else None


def _public(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "status_callback"}


def _outcome(outcome: int) -> web.Response:
    """Codes have five digits; everything else is an HTTP status without Twilio's JSON."""
    if outcome == 20429:
        return _error(429, outcome, {"Retry-After": "7"})
    if outcome >= 10000:
        return _error(401 if outcome == 20003 else 400, outcome)
    return web.Response(status=outcome, text="upstream")


def _error(status: int, code: int, headers: Mapping[str, str] | None = None) -> web.Response:
    payload = {"code": code, "message": "refused", "more_info": "", "status": status}
    return web.json_response(payload, status=status, headers=headers)
