"""The web chat without script: a form, and a page with the answer.

The session lies in a hidden field and in no cookie: it ends with the page on a shared phone, works in a
frame of another site, and another site's form finds no one's session to write into.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from html import escape
from string import Template

from aiohttp import web

from bot import browsers
from bot.browsers import Words
from bot.errors import DatabaseUnavailable
from bot.files.errors import Reason
from bot.limits import Limits
from bot.messages import Choice, OutboundMessage
from bot.outbox import Outbox
from channels.base import Rate
from channels.chat import LANGUAGE_LABEL, TEMPLATES, Assets, addresses, page_headers, shown_ids
from channels.chat_files import ChatFiles
from channels.errors import Malformed
from channels.forms import read_form
from channels.uploads import MULTIPART, UploadForm
from channels.web import WebChannel, is_pending, session_urn
from channels.webhook import Refusal, pace, read_request, refused

LABELS = (
    "chat_title",
    "chat_write",
    "chat_send",
    "chat_you",
    "chat_service",
    "chat_look",
    "chat_new",
    "chat_map",
    "chat_file",
    "chat_attach",
)
_STATE_LABELS = {
    "pending": "chat_late",
    "limited": "chat_limited",
    "failed": "chat_failed",
    Reason.TOO_LARGE: "chat_file_large",
    Reason.NOT_TAKEN: "chat_file_kind",
}
_NOT_LATIN = re.compile("[\u0370-\u1fff]")
_BODY_LIMIT = 16 * 1024
_READ_SECONDS = 15.0  # a slow phone's form


class PlainChat:
    """`POST /chat`, which only a page without script sends."""

    def __init__(
        self,
        channel: WebChannel,
        files: ChatFiles,
        outbox: Outbox,
        limits: Limits,
        words: Words,
        assets: Assets,
        path: str = "/chat",
    ) -> None:
        self._channel = channel
        self._files = files
        self._outbox = outbox
        self._limits = limits
        self._words = words
        self._assets = assets
        self._path = path
        self._template = Template((TEMPLATES / "reply.html").read_text("utf-8"))

    def routes(self) -> list[web.RouteDef]:
        """The form's address, which is the page's own."""
        return [web.post(self._path, self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Take what was written, pressed, or only asked to be looked for; show what there is to say."""
        try:
            form, rates = await self._form(request)
            try:
                await pace(self._limits, rates)
                state, messages = await self._answer(form)
            except DatabaseUnavailable:
                return self._later(
                    request, form.fields, Refusal(503, "database_unavailable", {"Retry-After": "1"})
                )
            except Refusal as refusal:
                return self._later(request, form.fields, refusal)
        except Malformed as error:
            return refused(Refusal(400, error.reason))
        except Refusal as refusal:
            return refused(refusal)
        return self._shown(request, self._page(request, form, state, messages))

    def _later(self, request: web.Request, fields: dict[str, str], refusal: Refusal) -> web.Response:
        """What nobody took is said in words: without script nothing else tells."""
        response = self._shown(request, self._page(request, UploadForm(fields=fields), "failed", ()))
        response.set_status(refusal.status)
        response.headers.update(refusal.headers)
        return response

    def _shown(self, request: web.Request, html: str) -> web.Response:
        headers = page_headers(self._channel.settings.embed) | {"Cache-Control": "no-store"}
        return self._assets.answer(request, html.encode(), "text/html; charset=utf-8", headers)

    async def _form(self, request: web.Request) -> tuple[UploadForm, Sequence[Rate]]:
        """The form, and the limits under which it still falls; a first one has no session and no id yet.

        Raises Refusal, Malformed.
        """
        if request.content_type == MULTIPART:
            form, rates = await self._files.read(request), list[Rate]()
        else:
            form, rates = await self._written(request)
        fields = form.fields
        fields["session"] = fields.get("session") or secrets.token_hex(16)
        fields["id"] = fields.get("id") or secrets.token_hex(12)
        urn = session_urn(fields["session"])
        # With a file, that was counted before it was read.
        return form, rates if form.attachment else [*rates, self._channel.session_rate(urn)]

    async def _written(self, request: web.Request) -> tuple[UploadForm, list[Rate]]:
        """A form of words alone, which may come without a boundary. Raises Refusal, Malformed."""
        if not browsers.from_our_page(request.headers):
            raise Refusal(403, "another_site")
        raw = await read_request(request, _BODY_LIMIT, _READ_SECONDS)
        if raw.media_type != "application/x-www-form-urlencoded":
            raise Refusal(415, "not_a_form")
        return UploadForm(fields=dict(read_form(raw.body))), self._channel.address_rates(raw)

    async def _answer(self, form: UploadForm) -> tuple[str, Sequence[OutboundMessage]]:
        """What became of the message, and all that waits for the session now, oldest first."""
        fields = form.fields
        urn = session_urn(fields["session"])
        shown = shown_ids(fields.get("shown", ""))
        state, replies = str(form.refused or ""), tuple[OutboundMessage, ...]()
        if not form.refused and (fields.get("text", "").strip() or fields.get("payload") or form.attachment):
            handling = await self._files.accept(form)
            replies = handling.messages
            waits = is_pending(str(handling.kind), replies)
            state = "pending" if waits else str(handling.kind)
        waiting = await self._outbox.pull(self._channel.name, urn, shown)
        return state, sorted(
            {each.id: each for each in (*waiting, *replies)}.values(), key=lambda each: each.id
        )

    def _page(
        self,
        request: web.Request,
        form: UploadForm,
        state: str,
        messages: Sequence[OutboundMessage],
    ) -> str:
        words, fields = self._words, form.fields
        accepted = request.headers.get("Accept-Language", "")
        language = browsers.language(fields.get("language", ""), accepted, words.languages)
        note = words.label(language, _STATE_LABELS[state]) if state in _STATE_LABELS else ""
        return self._template.substitute(
            {key: escape(words.label(language, key)) for key in LABELS},
            language=escape(language),
            language_name=escape(words.label(language, LANGUAGE_LABEL)),
            path=self._path,
            entries=self._entries(_said(form), messages, language),
            accepts=self._files.door.accepts,
            note=escape(note),
            session=escape(fields["session"]),
            id=secrets.token_hex(12),
            shown=",".join(each.id for each in messages),
            **addresses(self._assets),
        )

    def _entries(self, text: str, messages: Sequence[OutboundMessage], language: str) -> str:
        """What was said and what is answered, in the order in which it is to be read."""
        words = self._words
        first = words.languages[0]
        you, service = words.label(language, "chat_you"), words.label(language, "chat_service")
        entries = [_entry("entry you", you, _paragraph(text, first))] if text.strip() else []
        for message in messages:
            more = _choices(message.choices)
            if message.enclosure:
                more += self._links(self._channel.enclosed(message.enclosure), language)
            entries.append(_entry("entry", service, _paragraph(message.text, first), more))
        return "\n".join(entries)

    def _links(self, enclosed: Mapping[str, str], language: str) -> str:
        """The address in words, and what leads to the place or the file."""
        words, address = self._words, enclosed.get("address", "")
        texts = {
            "file": words.label(language, "chat_file"),
            "map": words.label(language, "chat_map"),
            "geo": enclosed.get("at", ""),
        }
        links = "".join(
            f'<a href="{escape(enclosed[name])}" rel="noopener noreferrer">{escape(text)}</a>'
            for name, text in texts.items()
            if name in enclosed
        )
        said = _paragraph(address, words.languages[0]) if address else ""
        return f'{said}<p class="links">{links}</p>'


def _said(form: UploadForm) -> str:
    """What the person sent, as the page shows it back."""
    name = form.attachment.name if form.attachment else ""
    return "\n".join(filter(None, (name, form.fields.get("text", ""))))


def _entry(kind: str, who: str, text: str, more: str = "") -> str:
    return f'<div class="{kind}"><span class="unseen">{escape(who)}: </span>{text}{more}</div>'


def _choices(choices: Sequence[Choice]) -> str:
    buttons = "".join(
        f'<button name="payload" value="{escape(each.payload)}">{escape(each.label)}</button>'
        for each in choices
    )
    return f'<div class="choices">{buttons}</div>' if buttons else ""


def _paragraph(text: str, first: str) -> str:
    """The words as a paragraph; letters other than Latin are those of the country's first language."""
    spoken = f' lang="{escape(first)}"' if _NOT_LATIN.search(text) else ""
    return f"<p{spoken}>{escape(text)}</p>"
