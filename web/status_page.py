"""The public status page: how a case stands, for whoever has its PIN; it works without script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Protocol
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot import browsers
from bot.browsers import Words
from bot.clock import Clock
from bot.limits import Limits
from complaints import pins
from complaints.cases import OPEN, Case
from complaints.references import Flaw, check, spoken
from complaints.store import CaseView, PinCheck, PinOutcome

_TEMPLATE = Path(__file__).parent / "templates" / "status.html"
LABELS = (
    "status_page_title",
    "status_page_number",
    "status_page_number_hint",
    "status_page_pin",
    "status_page_pin_hint",
    "status_page_show",
)
# What can be wrong: the word for it, and the status of the answer.
_FAULTS = {
    "status_page_mistyped": 422,
    "status_page_unreadable": 422,
    "status_page_pin_unreadable": 422,
    "status_page_no_match": 422,
    "status_page_spent": 429,
    "status_page_too_often": 429,
    "status_page_another_site": 403,
    "status_page_broken": 400,
}
_LANGUAGE_LABEL = "chat_language"
_BODY_LIMIT = 4096  # bytes
_READ_SECONDS = 15.0
_PER_MINUTE = 20  # forms that one network address may send, and codes that are drawn for it
_MOST_FIELDS = 10
_DIGITS_READ = 40  # characters of what is typed as a number
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # Not no-referrer: with it, browsers would not say either that a form comes from our own page.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


class Cases(Protocol):
    """The store's side of the page."""

    async def find(self, reference: str) -> CaseView | None:
        """The case with this reference."""

    async def check_pin(self, reference: str, pin: str, guesser: str) -> PinCheck:
        """Judge one guess; a wrong one stays counted on the guesser and on the reference."""


class Assets(Protocol):
    """What the page loads, and how it goes out."""

    def url(self, name: str) -> str:
        """The address of a file."""

    def answer(
        self, request: web.Request, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> web.Response:
        """An answer, packed where that is understood."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the page is made of; `date(language, moment)` writes a day, `public_url` is what a QR code leads to."""

    cases: Cases
    words: Words
    assets: Assets
    limits: Limits
    clock: Clock
    date: Callable[[str, datetime], str]
    public_url: str


class _Fault(Exception):
    """Something to be told above the form, by the key of its words."""


class StatusPage:
    """`/status` asks for the number, `/status/<reference>` for the PIN."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._template = Template(_TEMPLATE.read_text("utf-8"))

    def routes(self) -> list[web.RouteDef]:
        """Two forms, and the address of one as a picture for telephones."""
        return [
            web.get("/status", self.ask_number),
            web.post("/status", self.take),
            web.get("/status/{reference}", self.ask_pin),
            web.get("/status/{reference}/qr.svg", self.code),
        ]

    async def ask_number(self, request: web.Request) -> web.Response:
        """The form with nothing in it."""
        return self._page(request, self._language(request))

    async def ask_pin(self, request: web.Request) -> web.Response:
        """The form with the number in it; whether there is such a case is not looked at."""
        reference = fault = ""
        try:
            reference = _reference(request.match_info["reference"])
        except _Fault as found:
            fault = str(found)
        return self._page(request, self._language(request), reference=reference, fault=fault)

    async def take(self, request: web.Request) -> web.Response:
        """The case if number and PIN belong together, else the form and what is wrong."""
        reference = ""
        told: Sequence[tuple[str, str]] = ()
        fault = ""
        try:
            fields = await self._fields(request)
            reference = _reference(fields.get("reference", ""))
            case = await self._opened(reference, fields.get("pin", ""), request.remote or "")
            told = self._told(case, self._language(request))
        except _Fault as found:
            fault = str(found)
        return self._page(request, self._language(request), reference=reference, fault=fault, told=told)

    async def code(self, request: web.Request) -> web.Response:
        """The address of the page as a QR code: the number is in it, the PIN is not."""
        try:
            reference = _reference(request.match_info["reference"])
        except _Fault:
            raise web.HTTPNotFound from None
        whose = browsers.network(request.remote)
        if await self._parts.limits.take(f"status:code:{whose}", _PER_MINUTE, 60.0) > 0:
            raise web.HTTPTooManyRequests
        import segno  # a tenth of a start's time, for a picture now and then

        picture = BytesIO()
        segno.make_qr(f"{self._parts.public_url}/status/{reference}", error="m").save(
            picture, kind="svg", scale=8, xmldecl=False
        )
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=picture.getvalue(), content_type="image/svg+xml", headers=headers)

    async def _fields(self, request: web.Request) -> Mapping[str, str]:
        """What was sent by our own form; raises _Fault."""
        if not browsers.from_our_page(request.headers):
            raise _Fault("status_page_another_site")
        if await self._parts.limits.take(f"status:{browsers.network(request.remote)}", _PER_MINUTE, 60.0) > 0:
            raise _Fault("status_page_too_often")
        # No browser packs a form.
        packed = "Content-Encoding" in request.headers
        if packed or request.content_type != "application/x-www-form-urlencoded":
            raise _Fault("status_page_broken")
        try:
            async with asyncio.timeout(_READ_SECONDS):
                return _form(await request.read())
        except (TimeoutError, ValueError, OSError, web.RequestPayloadError, HttpProcessingError):
            raise _Fault("status_page_broken") from None

    async def _opened(self, reference: str, typed: str, remote: str) -> Case:
        """The case, once its PIN is given; raises _Fault, the same for a number that no case has."""
        pin = pins.typed(typed)
        if not (pin.isascii() and pin.isdecimal() and len(pin) == pins.LENGTH):
            raise _Fault("status_page_pin_unreadable")
        judged = await self._parts.cases.check_pin(reference, pin, f"network:{browsers.network(remote)}")
        if judged.outcome is PinOutcome.LOCKED or (judged.outcome is PinOutcome.WRONG and not judged.left):
            raise _Fault("status_page_spent")
        view = await self._parts.cases.find(reference) if judged.outcome is PinOutcome.RIGHT else None
        if view is None:
            raise _Fault("status_page_no_match")
        return view.case

    def _told(self, case: Case, language: str) -> Sequence[tuple[str, str]]:
        """What a citizen is told of a case: state, days, and what comes next. None of its words."""

        def label(key: str) -> str:
            return self._parts.words.label(language, key)

        def day(moment: datetime) -> str:
            return self._parts.date(language, moment)

        is_open = case.state in OPEN
        late = is_open and case.promised_at < self._parts.clock.now()
        rows = [
            ("status_page_number", spoken(case.reference)),
            ("status_page_state", label(f"state_{case.state}")),
            ("status_page_filed", day(case.filed_at)),
            ("status_page_updated", day(case.updated_at)),
        ]
        if is_open:
            rows.append(("status_page_promised", day(case.promised_at)))
        rows.append(
            ("status_page_next", label("status_page_next_late" if late else f"status_page_next_{case.state}"))
        )
        return [(label(key), value) for key, value in rows]

    def _language(self, request: web.Request) -> str:
        accepted = request.headers.get("Accept-Language", "")
        return browsers.language(request.query.get("lang", ""), accepted, self._parts.words.languages)

    def _page(
        self,
        request: web.Request,
        language: str,
        *,
        reference: str = "",
        fault: str = "",
        told: Sequence[tuple[str, str]] = (),
    ) -> web.Response:
        words, assets = self._parts.words, self._parts.assets
        here = f"/status/{reference}" if reference else "/status"
        links = "".join(
            f'<a href="{here}?lang={escape(each)}" lang="{escape(each)}" hreflang="{escape(each)}"'
            f"{' aria-current=true' if each == language else ''}>{escape(words.label(each, _LANGUAGE_LABEL))}</a>"
            for each in words.languages
        )
        rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in told)
        said = f'<p class="fault" role="alert">{escape(words.label(language, fault))}</p>' if fault else ""
        html = self._template.substitute(
            {key: escape(words.label(language, key)) for key in LABELS},
            language=escape(language),
            links=links,
            base_css=assets.url("base.css"),
            status_css=assets.url("status.css"),
            icon=assets.url("door.svg"),
            told=f'<dl class="told">{rows}</dl>' if rows else "",
            fault=said,
            reference=escape(spoken(reference)),
        )
        response = assets.answer(request, html.encode(), "text/html; charset=utf-8", _HEADERS)
        if fault:
            response.set_status(_FAULTS[fault])
        return response


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form; raises ValueError for one that no page of ours sends."""
    if len(body) > _BODY_LIMIT:
        raise ValueError("too long")
    return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))


def _reference(text: str) -> str:
    """The digits of the number in a text; raises _Fault."""
    found = check(text[:_DIGITS_READ])
    if isinstance(found, Flaw):
        wrong_digit = found is Flaw.ONE_DIGIT_WRONG
        raise _Fault("status_page_mistyped" if wrong_digit else "status_page_unreadable")
    return found.digits
