"""A small, strict Bot API: checks what Telegram checks, and misbehaves on demand.

Source of the rules: the Bot API's documentation and the sources of its server.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.servers.provider import ProviderServer, lose

TOKEN = "123456:a-token-of-the-tests"
SECRET = "a-secret-of-the-tests"
_FIELDS = {"chat_id", "text", "reply_markup", "link_preview_options"}
_ABOUT_US = ("getMe", "getWebhookInfo", "setWebhook")
_PLACES = {
    "sendLocation": {"chat_id", "latitude", "longitude"},
    "sendVenue": {"chat_id", "latitude", "longitude", "title", "address"},
}
_DOCUMENT = {"chat_id", "document", "caption"}
_MAX_TEXT, _MAX_CAPTION = 4096, 1024
_MAX_DATA = 64
_SAYS = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "not found": (400, "Bad Request: chat not found"),
    "bad": (400, "Bad Request: can't parse entities"),
    "unauthorised": (401, "Unauthorized"),
}


class TelegramServer(ProviderServer):
    """`plan` says how the next messages go: ok, a word of `_SAYS`, an HTTP status, hang, lose or garbage.

    `lose` takes the message and closes the connection without an answer. Messages taken are in
    `messages`, in order.
    """

    webhook = ""

    def __init__(self) -> None:
        super().__init__()
        self.paths: dict[str, str] = {}  # of files, by their ids
        self.files: dict[str, bytes] = {}  # by their paths

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [
            web.post("/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.*}", self._file),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = {"getFile": self._where} | dict.fromkeys(_ABOUT_US, self._about_us)
        if request.match_info["method"] in asked:
            return asked[request.match_info["method"]](request, form)
        refusal = _refusal(request, form)
        if refusal is not None:
            return refusal
        outcome = await self.next()
        if outcome in _SAYS:
            return _error(*_SAYS[str(outcome)])
        if isinstance(outcome, int):
            return _outcome(outcome)
        take = self._placed if "latitude" in form else self._documented if "document" in form else self._take
        message = take(form)
        if outcome == "lose":
            lose(request)
        readable = web.json_response({"ok": True, "result": message})
        return web.Response(text="<html>proxy</html>") if outcome == "garbage" else readable

    def _about_us(self, request: web.Request, form: dict[str, str]) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        method = request.match_info["method"]
        if method == "setWebhook":
            assert form.keys() == {"url", "secret_token", "allowed_updates"}
            assert form["secret_token"] == SECRET
            self.webhook = form["url"]
        user = {"id": 1, "is_bot": True, "first_name": "Patou", "username": "patou_bot"}
        hook = {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": 3}
        told = {"getMe": user, "getWebhookInfo": hook, "setWebhook": True}[method]
        return web.json_response({"ok": True, "result": told})

    def _placed(self, form: dict[str, str]) -> dict[str, Any]:
        chat = int(form["chat_id"])
        place = {"latitude": float(form["latitude"]), "longitude": float(form["longitude"])}
        self.messages.append({"to": f"telegram:{chat}", "text": form.get("title", ""), "place": place})
        return {
            "message_id": len(self.messages),
            "date": 1_790_000_000,
            "chat": {"id": chat, "type": "private"},
            "location": place,
        }

    def _documented(self, form: dict[str, str]) -> dict[str, Any]:
        chat = int(form["chat_id"])
        self.messages.append(
            {"to": f"telegram:{chat}", "text": form["caption"], "document": form["document"]}
        )
        return {
            "message_id": len(self.messages),
            "date": 1_790_000_000,
            "chat": {"id": chat, "type": "private"},
            "document": {"file_id": "f", "file_unique_id": "u"},
            "caption": form["caption"],
        }

    def _where(self, request: web.Request, form: dict[str, str]) -> web.Response:
        if request.match_info["token"] != TOKEN or form.keys() != {"file_id"}:
            return _error(401, "Unauthorized")
        file_id = form["file_id"]
        if file_id == "huge":
            return _error(400, "Bad Request: file is too big")
        if file_id not in self.paths:
            return _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return web.json_response(
            {"ok": True, "result": {"file_id": file_id, "file_path": self.paths[file_id]}}
        )

    async def _file(self, request: web.Request) -> web.Response:
        found = self.files.get(request.match_info["path"])
        if found is None or request.match_info["token"] != TOKEN:
            return _error(404, "Not Found")
        return web.Response(body=found)

    def _take(self, form: dict[str, str]) -> dict[str, Any]:
        chat = int(form["chat_id"])
        markup = json.loads(form.get("reply_markup", '{"inline_keyboard": []}'))
        self.messages.append({"to": f"telegram:{chat}", "text": form["text"], **markup})
        return {
            "message_id": len(self.messages),
            "date": 1_790_000_000,
            "chat": {"id": chat, "type": "private"},
            "text": form["text"],
        }


def _refusal(request: web.Request, form: dict[str, str]) -> web.Response | None:
    if request.match_info["token"] != TOKEN:
        return _error(401, "Unauthorized")
    method = request.match_info["method"]
    faults = {"sendMessage": _fault, "sendDocument": _fault_of_document}
    if method not in {*faults, *_PLACES}:
        return _error(404, "Not Found")
    fault = faults[method](form) if method in faults else _fault_of_place(method, form)
    return _error(400, f"Bad Request: {fault}") if fault else None


def _fault(form: dict[str, str]) -> str:
    """What the API would complain about."""
    buttons = [
        button
        for row in json.loads(form.get("reply_markup", "{}")).get("inline_keyboard", [])
        for button in row
    ]
    keys = [key for row in json.loads(form.get("reply_markup", "{}")).get("keyboard", []) for key in row]
    checks = {
        "keyboard button has unknown fields": all(
            {"text"} <= key.keys() <= {"text", "request_contact"} and key["text"].strip() for key in keys
        ),
        "unknown field": not form.keys() - _FIELDS,
        "chat_id is empty": form.get("chat_id", "").lstrip("-").isdecimal(),
        "message text is empty": bool(form.get("text", "").strip()),
        "message is too long": len(form.get("text", "")) <= _MAX_TEXT,
        "text buttons are unallowed in the inline keyboard": all(
            button.keys() == {"text", "callback_data"} and button["text"].strip() for button in buttons
        ),
        "BUTTON_DATA_INVALID": all(
            1 <= len(button["callback_data"].encode()) <= _MAX_DATA for button in buttons
        ),
    }
    return next((fault for fault, fine in checks.items() if not fine), "")


def _fault_of_document(form: dict[str, str]) -> str:
    """By address the API takes PDF and ZIP files only."""
    if form.keys() != _DOCUMENT:
        return "unknown field"
    fetched = form["document"].startswith("https://") and form["document"].endswith((".pdf", ".zip"))
    fits = 1 <= len(form["caption"]) <= _MAX_CAPTION
    return "" if fetched and fits else "wrong file identifier/HTTP URL specified"


def _fault_of_place(method: str, form: dict[str, str]) -> str:
    if form.keys() != _PLACES[method] or not all(form.values()):
        return "unknown field"
    on_earth = abs(float(form["latitude"])) <= 90 and abs(float(form["longitude"])) <= 180
    return "" if on_earth else "invalid coordinates"


def _outcome(status: int) -> web.Response:
    """What a proxy says, except for what the API itself says of haste."""
    if status == 429:
        return _error(status, "Too Many Requests: retry after 7", {"parameters": {"retry_after": 7}})
    return web.Response(status=status, text="upstream")


def _error(status: int, description: str, more: dict[str, Any] | None = None) -> web.Response:
    document = {"ok": False, "error_code": status, "description": description, **(more or {})}
    return web.json_response(document, status=status)
