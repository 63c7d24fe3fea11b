"""The page of the web chat, the script that shows it on other sites, and what the system has to say to it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Protocol

from aiohttp import web

from bot import browsers
from bot.browsers import Words
from bot.limits import Limits
from bot.messages import OutboundMessage
from bot.outbox import Outbox
from bot.urns import Urn
from channels.errors import Malformed
from channels.web import WebChannel, session_urn
from channels.webhook import Refusal, pace, read_request, refused

TEMPLATES = Path(__file__).parent / "templates"
# Who knows the session is the person: it stands in no URL, for those are logged on the way.
SESSION_HEADER = "X-Patou-Session"
_ID = re.compile(r"[0-9a-f]{26}")
_MOST_SHOWN = 50  # ids that one question may name
_BODY_LIMIT = 1024
_READ_SECONDS = 5.0
# A page that waits for an answer asks once and is told when it comes, or after these seconds.
_MOST_WAIT = 5
_LOOK_EVERY = 0.5  # seconds
_MOST_HELD = 200  # requests; more are answered at once and come again
# Words of the page itself; they are labels of the pack.
LABELS = (
    "chat_title",
    "chat_intro",
    "chat_write",
    "chat_send",
    "chat_you",
    "chat_service",
    "chat_wait",
    "chat_late",
    "chat_offline",
    "chat_busy",
    "chat_limited",
    "chat_failed",
    "chat_no_script",
    "chat_slip_number",
    "chat_slip_pin",
    "chat_slip_keep",
    "chat_slip_status",
    "chat_close",
    "chat_map",
    "chat_file",
    "chat_attach",
    "chat_file_large",
    "chat_file_kind",
)
_OPEN_LABEL = "chat_open"  # on the button that the script for other sites shows
LANGUAGE_LABEL = "chat_language"  # the language's own name, on the link that chooses it
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors {framed_by}"
)
_OWN = "'self'"


class Assets(Protocol):
    """What the page loads or has within itself, and how it goes out."""

    def url(self, name: str) -> str:
        """The address of a file."""

    def text(self, name: str) -> str:
        """What stands in a file."""

    def answer(
        self,
        request: web.Request,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str],
        *,
        lasting: bool = False,
    ) -> web.Response:
        """An answer, packed, or only that it is unchanged; `lasting` when it is the same for everybody."""


class ChatPages:
    """The routes of one web channel; a second one needs another `path`."""

    def __init__(
        self,
        channel: WebChannel,
        outbox: Outbox,
        limits: Limits,
        words: Words,
        assets: Assets,
        accepts: str,
        path: str = "/chat",
    ) -> None:
        """`accepts` are the media types that people can send."""
        self._accepts = accepts
        self._channel = channel
        self._outbox = outbox
        self._limits = limits
        self._words = words
        self._assets = assets
        self._path = path
        self._template = Template((TEMPLATES / "chat.html").read_text("utf-8"))
        # Each file that is asked for first would keep people on slow networks waiting for one more trip.
        self._styles = "".join(map(assets.text, ("base.css", "chat.css")))
        self._scripts = "".join(map(assets.text, ("conversation.js", "chat.js")))
        self._widget = _widget(path, words)
        self._held = 0

    def routes(self) -> list[web.RouteDef]:
        """The page, the script for other sites, and `GET /channels/<name>/messages`, with the session in a header."""
        return [
            web.get(self._path, self.page),
            web.get(f"{self._path}/embed.js", self.embed),
            web.get(f"/channels/{self._channel.name}/messages", self.waiting),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """The page, in the language of `?lang=` or the browser's; with `?embed=1` as other sites frame it."""
        words = self._words
        chosen = browsers.language(
            request.query.get("lang", ""), request.headers.get("Accept-Language", ""), words.languages
        )
        framed = request.query.get("embed") == "1"
        html = self._template.substitute(
            {key: escape(words.label(chosen, key)) for key in LABELS},
            language=escape(chosen),
            first=escape(words.languages[0]),
            links=language_links(words, chosen, "&embed=1" if framed else ""),
            path=self._path,
            accepts=self._accepts,
            framed="framed" if framed else "",
            channel=escape(self._channel.name),
            styles=self._styles,
            scripts=self._scripts,
            **addresses(self._assets),
        )
        headers = page_headers(
            self._channel.settings.embed if framed else (),
            scripts=_allowed(self._scripts),
            styles=_allowed(self._styles),
        )
        headers |= {
            "Cache-Control": "no-cache",
            "Content-Language": chosen,
            "Vary": "Accept-Encoding, Accept-Language",
        }
        return self._assets.answer(request, html.encode(), "text/html; charset=utf-8", headers, lasting=True)

    async def embed(self, request: web.Request) -> web.Response:
        """The script that a page of another site loads."""
        headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
        return self._assets.answer(
            request, self._widget, "text/javascript; charset=utf-8", headers, lasting=True
        )

    async def waiting(self, request: web.Request) -> web.Response:
        """What waits for the session; `shown` are the ids that the page has shown, `wait` how long it would wait."""
        try:
            raw = await read_request(request, _BODY_LIMIT, _READ_SECONDS)
            urn = session_urn(request.headers.get(SESSION_HEADER, ""))
            await pace(self._limits, self._channel.look_rates(raw, urn))
            ids = shown_ids(request.query.get("shown", ""))
            seconds = _seconds(request.query.get("wait", ""))
        except Malformed as error:
            return refused(Refusal(400, error.reason))
        except Refusal as refusal:
            return refused(refusal)
        messages = await self._outbox.pull(self._channel.name, urn, ids)
        if not messages and seconds and self._held < _MOST_HELD:
            messages = await self._come(urn, seconds)
        told = {"messages": [self._channel.shown(message) for message in messages]}
        return web.json_response(told, headers={"Cache-Control": "no-store"})

    async def _come(self, urn: Urn, seconds: int) -> Sequence[OutboundMessage]:
        """The first that comes within so many seconds; looked for, as another process may have written it."""
        self._held += 1
        try:
            for _ in range(round(seconds / _LOOK_EVERY)):
                await asyncio.sleep(_LOOK_EVERY)
                if messages := await self._outbox.pull(self._channel.name, urn, ()):
                    return messages
        finally:
            self._held -= 1
        return ()


def addresses(assets: Assets) -> dict[str, str]:
    """What the templates of this package load, by the names they have there."""
    return {
        "base_css": assets.url("base.css"),
        "chat_css": assets.url("chat.css"),
        "kiosk_css": assets.url("kiosk.css"),
        "conversation_js": assets.url("conversation.js"),
        "kiosk_js": assets.url("kiosk.js"),
        "font": assets.url("noto-sans-lao-Regular.woff2"),
        "icon": assets.url("door.svg"),
    }


def language_links(words: Words, chosen: str, more: str = "") -> str:
    """A link for each language, in its own name; `more` goes with the address."""
    return "".join(
        f'<a href="?lang={escape(each)}{escape(more)}" lang="{escape(each)}" hreflang="{escape(each)}"'
        f"{' aria-current=true' if each == chosen else ''}>{escape(words.label(each, LANGUAGE_LABEL))}</a>"
        for each in words.languages
    )


def page_headers(framed_by: Sequence[str] = (), scripts: str = _OWN, styles: str = _OWN) -> dict[str, str]:
    """What every page of this package carries; `framed_by` are sites that may show it in a frame.

    `scripts` and `styles` are the sources that it may take those from.
    """
    policy = _POLICY.format(scripts=scripts, styles=styles, framed_by=" ".join(framed_by) or "'none'")
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: with it, browsers would not say either that a form comes from our own page.
        "Referrer-Policy": "same-origin",
    }


def _allowed(inline: str) -> str:
    """The source that stands for just this text in a page (Content Security Policy 3, 2.3.1)."""
    digest = hashlib.sha256(inline.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def shown_ids(listed: str) -> Sequence[str]:
    """The ids in a list with commas; raises Malformed."""
    ids = listed.split(",") if listed else []
    if len(ids) > _MOST_SHOWN or not all(_ID.fullmatch(each) for each in ids):
        raise Malformed("bad_shown")
    return ids


def _seconds(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) == 1):
        raise Malformed("bad_wait")
    return min(int(text or 0), _MOST_WAIT)


def _widget(path: str, words: Words) -> bytes:
    """The script for other sites with its few words in every language."""
    told = {
        each: {"open": words.label(each, _OPEN_LABEL), "close": words.label(each, "chat_close")}
        for each in words.languages
    }
    script = (TEMPLATES / "embed.js").read_text("utf-8")
    # Strings of JSON are strings of JavaScript; "<" is none that could end a script element somewhere.
    return (
        script.replace('"$words"', json.dumps(told).replace("<", "\\u003c")).replace("$path", path).encode()
    )
