"""A small, strict Graph API for WhatsApp and Messenger: checks what Meta checks, and misbehaves on demand.

Source of the rules: Meta's documentation of the Cloud API and the Send API.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.servers.provider import ProviderServer, lose

APP_SECRET = "an-app-secret-of-the-tests"
ACCESS_TOKEN = "an-access-token-of-the-tests"
VERIFY_TOKEN = "a-verify-token-of-the-tests"
PHONE_NUMBER_ID, PAGE_ID = "106540352242922", "108051234567890"
_WHATSAPP = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "text",
    "interactive",
    "template",
    "location",
    "document",
    "biz_opaque_callback_data",
}
_STATUSES = {400, 401, 403, 404, 500, 502, 503}
_MESSENGER = {"recipient", "messaging_type", "message"}


class MetaServer(ProviderServer):
    """`plan` says how the next messages go: ok, a code of Meta's, an HTTP status, hang, lose or garbage.

    A number that is no status is a code; `error in 200` is a code that comes with a 200. Messages
    taken are in `messages`, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.subscribed = ["messages"]
        self.urls: dict[str, str] = {}  # of files, by their ids
        self.files: dict[str, bytes] = {}  # by the last segment of their addresses

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [
            web.post("/v23.0/{sender}/messages", self._create),
            web.get("/v23.0/{sender}", self._number),
            web.get("/attachments/{name}", self._attachment),
            web.get("/cdn/{name}", self._cdn),
            web.route("*", "/v23.0/{sender}/subscribed_apps", self._subscriptions),
        ]

    async def _create(self, request: web.Request) -> web.StreamResponse:
        document = json.loads(await request.read())
        shape = {PHONE_NUMBER_ID: _whatsapp, PAGE_ID: _messenger}.get(request.match_info["sender"])
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}" or shape is None:
            return _error(401, 190)
        fault = _fault(document, shape)
        if fault:
            return _error(400, 100, fault)
        outcome = await self.next()
        if isinstance(outcome, int):
            return _outcome(outcome)
        if outcome == "error in 200":
            return _error(200, 551)
        taken = self._take(document)
        if outcome == "lose":
            lose(request)
        return web.Response(text="<html>proxy</html>") if outcome == "garbage" else web.json_response(taken)

    async def _number(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, 190)
        if request.match_info["sender"] != PHONE_NUMBER_ID:
            return self._where(request.match_info["sender"])
        told = {
            "display_phone_number": "+856 20 55 512 345",
            "verified_name": "The office",
            "quality_rating": "GREEN",
        }
        assert set(request.query["fields"].split(",")) == told.keys()
        return web.json_response({**told, "id": request.match_info["sender"]})

    def _where(self, media_id: str) -> web.Response:
        if media_id not in self.urls:
            return _error(400, 100, "Unsupported get request. Object does not exist")
        return web.json_response(
            {"id": media_id, "url": self.urls[media_id], "messaging_product": "whatsapp"}
        )

    async def _attachment(self, request: web.Request) -> web.Response:
        """A file of WhatsApp's: with the token only."""
        found = self.files.get(request.match_info["name"])
        if found is None or request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return web.Response(status=404)
        return web.Response(body=found)

    async def _cdn(self, request: web.Request) -> web.Response:
        """A file of Messenger's: whoever has the address, and no token goes there."""
        assert "Authorization" not in request.headers
        found = self.files.get(request.match_info["name"])
        return web.Response(status=404) if found is None else web.Response(body=found)

    async def _subscriptions(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return _error(401, 190)
        if request.method == "POST":
            self.subscribed = str((await request.post())["subscribed_fields"]).split(",")
            return web.json_response({"success": True})
        return web.json_response({"data": [{"id": "1", "subscribed_fields": self.subscribed}]})

    def _take(self, document: dict[str, Any]) -> dict[str, Any]:
        number = len(self.messages) + 1
        if "messaging_product" in document:
            interactive = document.get("interactive", {})
            body = _words(document)
            to = document.get("to") or document["recipient"]
            self.messages.append(
                {
                    "to": to,
                    "text": body,
                    "id": f"wamid.{number}",
                    "ours": document["biz_opaque_callback_data"],
                    "action": interactive.get("action"),
                    "template": document.get("template", {}).get("name"),
                    "location": document.get("location"),
                    "document": document.get("document"),
                }
            )
            return {
                "messaging_product": "whatsapp",
                "contacts": [{"input": to}],
                "messages": [{"id": f"wamid.{number}"}],
            }
        self.messages.append(
            {
                "to": document["recipient"]["id"],
                "text": document["message"].get("text", ""),
                "attachment": document["message"].get("attachment"),
                "id": f"m_{number}",
                "replies": document["message"].get("quick_replies"),
            }
        )
        return {"recipient_id": document["recipient"]["id"], "message_id": f"m_{number}"}


def sign(body: bytes, secret: str = APP_SECRET) -> str:
    """The X-Hub-Signature-256 of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _fault(document: dict[str, Any], shape: Callable[[dict[str, Any]], Mapping[str, bool]]) -> str:
    try:
        return next((fault for fault, fine in shape(document).items() if not fine), "")
    except (KeyError, TypeError, AttributeError) as error:
        return repr(error)


def _whatsapp(document: dict[str, Any]) -> Mapping[str, bool]:
    interactive = document.get("interactive", {})
    action = interactive.get("action", {})
    replies = [each["reply"] for each in action.get("buttons", [])]
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    text, kind = _words(document), document["type"]
    return {
        "unknown field": not document.keys() - _WHATSAPP,
        "messaging_product": document["messaging_product"] == "whatsapp",
        "to": document.get("to", "1").isdecimal() and ("to" in document) != ("recipient" in document),
        "type": _KINDS & document.keys() == {kind},
        "location": kind != "location" or document["location"].keys() - {"name", "address"} == _DEGREES,
        "document": kind != "document"
        or (
            document["document"].keys() == {"link", "caption", "filename"}
            and document["document"]["link"].startswith("https://")
        ),
        "body": 1 <= len(text) <= (4096 if kind == "text" else 1024),
        "language": kind != "template" or document["template"]["language"]["code"] == "lo",
        "parameter": kind != "template" or not re.search(r"[\n\t]| {5}", text),
        "buttons": kind != "interactive" or 1 <= len(replies) <= 3 or 1 <= len(rows) <= 10,
        "reply": all(1 <= len(each["title"]) <= 20 and 1 <= len(each["id"]) <= 256 for each in replies),
        "row": all(1 <= len(each["title"]) <= 24 and 1 <= len(each["id"]) <= 200 for each in rows),
        "description": all(1 <= len(each.get("description", "-")) <= 72 for each in rows),
        "list": not rows or 1 <= len(action["button"]) <= 20,
        "distinct": len({each["id"] for each in [*replies, *rows]}) == len([*replies, *rows]),
        "callback data": len(document["biz_opaque_callback_data"]) <= 512,
    }


_KINDS = {"text", "interactive", "template", "location", "document"}
_DEGREES = {"latitude", "longitude"}


def _words(document: dict[str, Any]) -> str:
    """The words of a message, or the one parameter of a template."""
    if "template" in document:
        (body,) = document["template"]["components"]
        (parameter,) = body["parameters"]
        assert (body["type"], parameter["type"]) == ("body", "text")
        return str(parameter["text"])
    if "interactive" in document:
        return str(document["interactive"]["body"]["text"])
    if "location" in document:
        return str(document["location"]["name"])
    if "document" in document:
        return str(document["document"]["caption"])
    return str(document["text"]["body"])


def _messenger(document: dict[str, Any]) -> Mapping[str, bool]:
    said = document["message"]
    replies = said.get("quick_replies", [])
    return {
        "unknown field": not document.keys() - _MESSENGER,
        "recipient": document["recipient"]["id"].isdecimal(),
        "messaging_type": document["messaging_type"] in ("RESPONSE", "UPDATE"),
        "text or attachment": ("text" in said) != ("attachment" in said),
        "text": "text" not in said or 1 <= len(said["text"]) <= 2000,
        "attachment": "attachment" not in said or _is_attachment(said["attachment"]),
        "quick_replies": len(replies) <= 13,
        "quick reply": all(
            each["content_type"] == "text"
            and 1 <= len(each["title"]) <= 20
            and 1 <= len(each["payload"]) <= 1000
            for each in replies
        ),
    }


def _is_attachment(attachment: dict[str, Any]) -> bool:
    """A file by its address, or a generic template of one card."""
    payload = attachment["payload"]
    if attachment["type"] == "file":
        return payload.keys() == {"url", "is_reusable"} and str(payload["url"]).startswith("https://")
    (card,) = payload["elements"]
    checks = (
        (attachment["type"], payload["template_type"]) == ("template", "generic"),
        card.keys() == {"title", "subtitle", "default_action"},
        all(1 <= len(card[name]) <= 80 for name in ("title", "subtitle")),
        card["default_action"].keys() == {"type", "url"} and card["default_action"]["type"] == "web_url",
        str(card["default_action"]["url"]).startswith("https://"),
    )
    return all(checks)


def _outcome(outcome: int) -> web.Response:
    if outcome == 429:
        return web.Response(status=429, headers={"Retry-After": "7"})
    return web.Response(status=outcome, text="upstream") if outcome in _STATUSES else _error(400, outcome)


def _error(status: int, code: int, message: str = "refused") -> web.Response:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return web.json_response({"error": error}, status=status)
