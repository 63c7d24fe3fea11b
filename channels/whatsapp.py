"""WhatsApp through Meta's Cloud API.

Sample of a webhook: {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value":
{"metadata": {"phone_number_id": "1"}, "contacts": [{"wa_id": "85620…", "user_id": "LA.1…"}], "messages":
[{"from": "85620…", "id": "wamid.…", "timestamp": "1790000000", "type": "text", "text": {"body": "…"}}]}}]}]}.
What became of a message comes as `statuses` in the place of `messages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import MalformedUrn
from bot.messages import (
    Attachment,
    Capabilities,
    Choice,
    DeliveryReport,
    DeliveryState,
    Enclosure,
    Ignored,
    InboundEvent,
    InboundMessage,
    MediaKind,
    OutboundMessage,
)
from bot.parts_ledger import SentPart
from bot.text.graphemes import cut
from bot.text.pages import pages
from bot.urns import Urn
from channels import meta, whatsapp_media
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Source, Wiring
from channels.codes import ErrorCodes
from channels.config import ChannelConfig, setting
from channels.documents import Document, items, member, read_json, text
from channels.enclosures import file_name
from channels.errors import OUTSIDE_WINDOW, SendError
from channels.forms import fitted, one_line, our_id
from channels.http import call

API = "https://graph.facebook.com"
VERSION = "v23.0"
# A text with buttons holds a quarter of what one without them does: all are cut to that.
_MAX_TEXT = 1024
_BUTTONS, _BUTTON_TITLE = 3, 20
_ROWS, _ROW_TITLE, _ROW_DESCRIPTION = 10, 24, 72
# A day, less a minute for clocks that differ.
_WINDOW = 86_340.0
_PHONE = re.compile(r"[1-9][0-9]{6,14}")
_STATES = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}
_CAPTIONED = ("image", "video", "document")
_WORDED = frozenset(("text", "button", "interactive", *_CAPTIONED))


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "whatsapp"` section."""

    phone_number_id: str = setting("id of the number in WhatsApp Manager; not the number itself")
    access_token: str = setting("permanent token of a system user", secret=True)
    app_secret: str = setting("app secret, by which Meta signs", secret=True)
    previous_app_secret: str = setting("secret that still signs while it is changed", "", secret=True)
    verify_token: str = setting("made up by you and given to Meta with the webhook's address", secret=True)
    list_label: str = setting("what opens a list of more than three choices", "ເລືອກ / Choose")
    template: str = setting(
        "approved template with the text as {{1}} in its body, for who wrote longer than a day ago", ""
    )
    template_language: str = setting("language that the template was approved in", "lo")
    api_url: str = setting("address of the API", API)
    version: str = setting("version of the API", VERSION)
    rate: float = setting("messages a second", 80.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        if not self.phone_number_id.isdecimal():
            raise ValueError("phone_number_id: must be digits")
        if not 0 < len(self.list_label) <= _BUTTON_TITLE:
            raise ValueError(f"list_label: must have 1 to {_BUTTON_TITLE} characters")


def build(config: ChannelConfig, wiring: Wiring) -> WhatsAppChannel:
    """The channel of one section."""
    return WhatsAppChannel(config.name, config.settings, wiring, ErrorCodes.load(__file__))


class WhatsAppChannel:
    """See `channels.base.Channel`. A message in doubt cannot be asked about: its status may still come."""

    kind = "whatsapp"
    endpoints = {"messages": ("GET", "POST")}  # noqa: RUF012 - never written to
    capabilities = Capabilities(
        max_units=_MAX_TEXT,
        buttons=_ROWS,
        button_units=_ROW_DESCRIPTION,
        window=_WINDOW,
        enclosures=frozenset({MediaKind.LOCATION, MediaKind.DOCUMENT}),
    )

    # Meta's pair rate: one message each six seconds to a person, of which 45 may be borrowed; more is error 131056.
    pause = 6.0
    burst = 45

    def __init__(self, name: str, settings: Settings, wiring: Wiring, codes: ErrorCodes) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self._settings = settings
        self._session = wiring.session
        self._clock = wiring.clock
        self._codes = codes
        api = f"{settings.api_url.rstrip('/')}/{settings.version}"
        self._number = f"{api}/{settings.phone_number_id}"
        self._authorization = {"Authorization": f"Bearer {settings.access_token}"}
        self._files = whatsapp_media.Files(wiring.session, api, self._authorization, codes, settings.timeout)

    def verify(self, request: RawRequest) -> None:
        """Meta's signature over the raw body; a verification by its token."""
        secrets = (self._settings.app_secret, self._settings.previous_app_secret)
        meta.check(request, secrets=secrets, verify_token=self._settings.verify_token)

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """Everything in the batch, in its order."""
        if request.method == "GET":
            return ()
        return list(self._events(read_json(request.body)))

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Nothing; of a verification its challenge."""
        return meta.answer(request)

    async def send(self, message: OutboundMessage) -> Sent:
        """Send the message; our id comes back in its statuses."""
        return await self._send(message, self._content(message))

    async def send_template(self, message: OutboundMessage) -> Sent:
        """Send the approved template with the text in one line, which is all that it may hold."""
        if not self._settings.template:
            raise SendError(code=OUTSIDE_WINDOW)
        said = {"type": "text", "text": one_line(message.text)}
        template = {
            "name": self._settings.template,
            "language": {"code": self._settings.template_language},
            "components": [{"type": "body", "parameters": [said]}],
        }
        return await self._send(message, {"type": "template", "template": template})

    async def _send(self, message: OutboundMessage, content: dict[str, Any]) -> Sent:
        answer = await call(
            self._session,
            "POST",
            f"{self._number}/messages",
            seconds=self.timeout,
            document={
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                **_recipient(message.urn),
                **content,
                "biz_opaque_callback_data": message.id,
            },
            headers=self._authorization,
        )
        taken = items(meta.sent(answer, self._codes), "messages")
        if not taken or not text(taken[0], "id"):
            raise SendError(code="unreadable_answer", in_doubt=True)
        return Sent(parts=(SentPart(provider_id=fitted(text(taken[0], "id"))),))

    async def examine(self) -> Sequence[Finding]:
        """Which number the token is good for; the webhook is set in the app's dashboard alone."""
        answer = await call(
            self._session,
            "GET",
            self._number,
            seconds=self.timeout,
            params={"fields": "display_phone_number,verified_name,quality_rating"},
            headers=self._authorization,
        )
        told = meta.sent(answer, self._codes)
        note = ", ".join(
            text(told, each) for each in ("display_phone_number", "verified_name", "quality_rating")
        )
        return (Finding(what="account", fine=True, note=note),)

    async def locate(self, attachment: Attachment) -> Source:
        """Where the Graph API says."""
        return await self._files.locate(attachment)

    def probe(self) -> RawRequest:
        """A batch without entries."""
        body = b'{"object": "whatsapp_business_account", "entry": []}'
        return meta.probe(self.name, self._settings.app_secret, body)

    def _events(self, document: Document) -> Iterator[InboundEvent]:
        for entry in items(document, "entry"):
            for change in items(entry, "changes"):
                value = member(change, "value")
                if text(change, "field") != "messages":
                    yield Ignored(reason="unknown_field")
                elif text(member(value, "metadata"), "phone_number_id") != self._settings.phone_number_id:
                    yield Ignored(reason="other_number")
                else:
                    contacts = items(value, "contacts")
                    # Of several contacts none says which message is whose.
                    user = text(contacts[0], "user_id") if len(contacts) == 1 else ""
                    yield from (self._message(each, user) for each in items(value, "messages"))
                    yield from (self._report(each) for each in items(value, "statuses"))

    def _message(self, message: Document, user: str) -> InboundEvent:
        if "group_id" in message:
            return Ignored(reason="group")
        sender = text(message, "from")
        # A number may be hidden; then the person is known by an id that is good for this business only.
        address = f"+{sender}" if _PHONE.fullmatch(sender) else text(message, "from_user_id") or sender
        enclosed = whatsapp_media.attachments(message)
        said, external_id = _said(message) or (("", "") if enclosed else None), text(message, "id")
        if said is None or not external_id:
            return Ignored(reason="no_id" if said else "no_text")
        try:
            urn = Urn("whatsapp", address or user)
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        return InboundMessage(
            channel=self.name,
            external_id=fitted(external_id),
            urn=urn,
            text=said[0],
            payload=said[1],
            received_at=self._clock.now(),
            recipient=self._settings.phone_number_id,
            attachments=enclosed,
        )

    def _report(self, status: Document) -> InboundEvent:
        state, provider_id = _STATES.get(text(status, "status")), text(status, "id")
        if state is None or not provider_id:
            return Ignored(reason="no_id" if state else "unknown_status")
        errors = items(status, "errors")
        code = str(errors[0].get("code", ""))[:40] if errors else ""
        ours = text(status, "biz_opaque_callback_data")
        return DeliveryReport(
            channel=self.name,
            state=state,
            at=self._clock.now(),
            provider_id=fitted(provider_id),
            outbound_id=our_id(ours),
            error_code=code,
            opted_out=self._codes.opted_out(code),
        )

    def _content(self, message: OutboundMessage) -> dict[str, Any]:
        """A text; with up to three short choices buttons below it, with more or longer ones a list."""
        if message.enclosure:
            return _enclosed(message.enclosure)
        if not message.choices:
            return {"type": "text", "text": {"body": message.text, "preview_url": False}}
        few = len(message.choices) <= _BUTTONS and all(
            len(each.label) <= _BUTTON_TITLE for each in message.choices
        )
        if few:
            replies = [{"id": each.payload, "title": each.label} for each in message.choices]
            action: dict[str, Any] = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
        else:
            rows = [_row(each) for each in message.choices]
            action = {"button": self._settings.list_label, "sections": [{"rows": rows}]}
        interactive = {
            "type": "button" if few else "list",
            "body": {"text": message.text},
            "action": action,
        }
        return {"type": "interactive", "interactive": interactive}


def _enclosed(enclosed: Enclosure) -> dict[str, Any]:
    """A file, which Meta fetches itself, or a place on a map."""
    if enclosed.kind is MediaKind.DOCUMENT:
        about = {"caption": cut(enclosed.title, _MAX_TEXT)[0], "filename": file_name(enclosed)}
        return {"type": "document", "document": {"link": enclosed.url, **about}}
    named = {"name": enclosed.title, "address": enclosed.address}
    where = {"latitude": enclosed.latitude, "longitude": enclosed.longitude}
    return {"type": "location", "location": where | {name: words for name, words in named.items() if words}}


def _row(choice: Choice) -> dict[str, str]:
    """A row of a list; what its title does not hold stands below it as a whole."""
    if len(choice.label) <= _ROW_TITLE:
        return {"id": choice.payload, "title": choice.label}
    title = pages(choice.label, _ROW_TITLE - 1)[0].rstrip() + "…"
    return {"id": choice.payload, "title": title, "description": choice.label}


def _recipient(urn: Urn) -> dict[str, str]:
    return {"to": urn.address.removeprefix("+")} if urn.phone else {"recipient": urn.address}


def _said(message: Document) -> tuple[str, str] | None:
    """The words and the payload of a message; None for one without words."""
    kind = text(message, "type")
    # Of other kinds the content may be of any shape: contacts are a list.
    content = member(message, kind) if kind in _WORDED else {}
    if kind == "text":
        return text(content, "body"), ""
    if kind == "button":
        return text(content, "text"), text(content, "payload")
    if kind == "interactive":
        reply = member(content, text(content, "type"))
        return (
            (text(reply, "description") or text(reply, "title"), text(reply, "id")) if "id" in reply else None
        )
    if kind in _CAPTIONED and text(content, "caption"):
        return text(content, "caption"), ""
    return None
