"""The kiosk: the web chat on a screen that anybody may touch, with large buttons, which forgets."""

from __future__ import annotations

from html import escape
from string import Template

from aiohttp import web

from bot import browsers
from bot.browsers import Words
from channels.chat import TEMPLATES, Assets, addresses, language_links, page_headers
from channels.web import WebChannel

# What can be begun by one touch: the word on the tile, and what it stands for.
TILES = {
    "kiosk_requirements": "/requirements",
    "kiosk_fee": "/fee",
    "kiosk_duration": "/duration",
    "kiosk_where": "/where_hours",
    "kiosk_complaint": "/complaint",
    "kiosk_case": "/complaint_status",
    "kiosk_application": "/status",
    "kiosk_person": "/talk_to_human",
}
LABELS = (
    "chat_title",
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
    "chat_slip_number",
    "chat_slip_pin",
    "kiosk_ask",
    "kiosk_keep",
    "kiosk_scan",
    "kiosk_finish",
    "kiosk_still_there",
    "kiosk_forgets",
    "kiosk_go_on",
    "kiosk_no_script",
)


class Kiosk:
    """The page of one web channel, where its settings ask for it."""

    def __init__(self, channel: WebChannel, words: Words, assets: Assets, path: str = "/kiosk") -> None:
        self._channel = channel
        self._words = words
        self._assets = assets
        self._path = path
        self._template = Template((TEMPLATES / "kiosk.html").read_text("utf-8"))

    def routes(self) -> list[web.RouteDef]:
        """The page."""
        return [web.get(self._path, self.page)]

    async def page(self, request: web.Request) -> web.Response:
        """The page, in the language of `?lang=` or the pack's first: whose browser it is says nothing here."""
        words = self._words
        chosen = browsers.language(request.query.get("lang", ""), "", words.languages)
        tiles = "".join(
            f'<button type="button" data-payload="{escape(payload)}">{escape(words.label(chosen, key))}</button>'
            for key, payload in TILES.items()
        )
        html = self._template.substitute(
            {key: escape(words.label(chosen, key)) for key in LABELS},
            language=escape(chosen),
            first=escape(words.languages[0]),
            links=language_links(words, chosen),
            tiles=tiles,
            channel=escape(self._channel.name),
            path=self._path,
            seconds=self._channel.settings.kiosk_seconds,
            **addresses(self._assets),
        )
        headers = page_headers() | {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return self._assets.answer(request, html.encode(), "text/html; charset=utf-8", headers, lasting=True)
