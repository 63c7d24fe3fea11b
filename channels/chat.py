"""The page of the web chat, and what it fetches: its script, its style, and what the system has to say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Protocol

from aiohttp import web

from bot.limits import Limits
from bot.outbox import Outbox
from channels.errors import Malformed
from channels.web import WebChannel, session_urn, shown
from channels.webhook import Refusal, pace, read_request, refused

_STATIC = Path(__file__).parent / "static"
_ID = re.compile(r"[0-9a-f]{0,26}")
# Who knows the session is the person: it stands in no URL, for those are logged on the way.
SESSION_HEADER = "X-Patou-Session"
_BODY_LIMIT = 1024
_READ_SECONDS = 5.0
# Words of the page itself; they are labels of the pack.
LABELS = (
    "chat_title",
    "chat_intro",
    "chat_write",
    "chat_send",
    "chat_you",
    "chat_service",
    "chat_wait",
    "chat_failed",
    "chat_no_script",
)
LANGUAGE_LABEL = "chat_language"  # the language's own name, on the link that chooses it
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Words(Protocol):
    """The pack's side of the page."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the page can be in, the default one first."""

    def label(self, language: str, key: str) -> str:
        """A word in the nearest language that has it."""


class ChatPages:
    """The routes of one web channel; a second one needs another `path`."""

    def __init__(
        self, channel: WebChannel, outbox: Outbox, limits: Limits, words: Words, path: str = "/chat"
    ) -> None:
        self._channel = channel
        self._outbox = outbox
        self._limits = limits
        self._words = words
        self._path = path
        self._template = Template((_STATIC / "chat.html").read_text("utf-8"))
        self._files = {
            "chat.js": ((_STATIC / "chat.js").read_bytes(), "text/javascript"),
            "chat.css": ((_STATIC / "chat.css").read_bytes(), "text/css"),
        }

    def routes(self) -> list[web.RouteDef]:
        """The page, its files, and `GET /channels/<name>/messages?after=…`, with the session in a header."""
        return [
            web.get(self._path, self.page),
            web.get(f"{self._path}/{{file:chat\\.(?:js|css)}}", self.file),
            web.get(f"/channels/{self._channel.name}/messages", self.waiting),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """The page, in the language of `?lang=` or the browser's."""
        language = _language(request, self._words.languages)
        words = {key: escape(self._words.label(language, key)) for key in LABELS}
        links = "".join(
            f'<a href="?lang={escape(each)}" lang="{escape(each)}">'
            f"{escape(self._words.label(each, LANGUAGE_LABEL))}</a>"
            for each in self._words.languages
        )
        html = self._template.substitute(
            words, language=escape(language), links=links, path=self._path, channel=escape(self._channel.name)
        )
        return web.Response(text=html, content_type="text/html", headers=_PAGE_HEADERS)

    async def file(self, request: web.Request) -> web.Response:
        """The script or the style."""
        body, content_type = self._files[request.match_info["file"]]
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=_PAGE_HEADERS)

    async def waiting(self, request: web.Request) -> web.Response:
        """What the system wants to say to the session; `after` is the last id that the page has shown of it."""
        try:
            raw = await read_request(request, _BODY_LIMIT, _READ_SECONDS)
            await pace(self._limits, self._channel.address_rates(raw))
            urn = session_urn(request.headers.get(SESSION_HEADER, ""))
            after = _after(request.query)
        except Malformed as error:
            return refused(Refusal(400, error.reason))
        except Refusal as refusal:
            return refused(refusal)
        messages = await self._outbox.pull(self._channel.name, urn, after)
        return web.json_response(
            {"messages": [shown(message) for message in messages]}, headers={"Cache-Control": "no-store"}
        )


def _after(query: Mapping[str, str]) -> str:
    after = query.get("after", "")
    if not _ID.fullmatch(after):
        raise Malformed("bad_after")
    return after


def _language(request: web.Request, languages: Sequence[str]) -> str:
    """The wanted language if the pack has it, else the first of the browser's that it has, else the default."""
    wanted = [request.query.get("lang", "")]
    accepted = request.headers.get("Accept-Language", "")[:200]
    wanted += [each.partition(";")[0].strip() for each in accepted.split(",")]
    known = {each.lower(): each for each in languages}
    for each in wanted:
        for name in (each.lower(), each.lower().partition("-")[0]):
            if name in known:
                return known[name]
    return languages[0]
