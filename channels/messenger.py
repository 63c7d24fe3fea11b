"""Facebook Messenger: a page's conversations, through Meta's Send API.

Sample of a webhook: {"object": "page", "entry": [{"id": "<page>", "time": 1790000000000, "messaging":
[{"sender": {"id": "<person>"}, "recipient": {"id": "<page>"}, "timestamp": 1790000000000,
"message": {"mid": "m_…", "text": "…", "quick_reply": {"payload": "/fee"}}}]}]}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import MalformedUrn
from bot.messages import (
    Attachment,
    Capabilities,
    DeliveryReport,
    DeliveryState,
    Ignored,
    InboundEvent,
    InboundMessage,
    MediaKind,
    OutboundMessage,
)
from bot.parts_ledger import SentPart
from bot.text.graphemes import cut
from bot.urns import Urn
from channels import messenger_media, meta
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Source, Wiring
from channels.codes import ErrorCodes
from channels.config import ChannelConfig, setting
from channels.documents import Document, items, member, read_json, text, texts
from channels.enclosures import OPENSTREETMAP, check_map, map_link, position
from channels.errors import SendError
from channels.forms import fitted
from channels.http import Answer, call

API = "https://graph.facebook.com"
VERSION = "v23.0"
_MAX_TEXT = 2000
_BUTTONS, _BUTTON_UNITS, _CARD = 13, 20, 80
# A day, less a minute for clocks that differ.
_WINDOW = 86_340.0
_SUBSCRIBED = frozenset({"messages", "messaging_postbacks", "message_deliveries"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "messenger"` section."""

    page_id: str = setting("id of the page")
    access_token: str = setting("access token of the page", secret=True)
    app_secret: str = setting("app secret, by which Meta signs", secret=True)
    previous_app_secret: str = setting("secret that still signs while it is changed", "", secret=True)
    verify_token: str = setting("made up by you and given to Meta with the webhook's address", secret=True)
    api_url: str = setting("address of the API", API)
    version: str = setting("version of the API", VERSION)
    map_url: str = setting("map that a place opens in, with {latitude} and {longitude}", OPENSTREETMAP)
    rate: float = setting("messages a second", 40.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        if not self.page_id.isdecimal():
            raise ValueError("page_id: must be digits")
        check_map(self.map_url)


def build(config: ChannelConfig, wiring: Wiring) -> MessengerChannel:
    """The channel of one section."""
    return MessengerChannel(config.name, config.settings, wiring, ErrorCodes.load(__file__))


class MessengerChannel:
    """See `channels.base.Channel`. People are known by ids that are good for one page only."""

    kind = "messenger"
    endpoints = {"messages": ("GET", "POST")}  # noqa: RUF012 - never written to
    capabilities = Capabilities(
        max_units=_MAX_TEXT,
        buttons=_BUTTONS,
        button_units=_BUTTON_UNITS,
        window=_WINDOW,
        enclosures=frozenset({MediaKind.LOCATION, MediaKind.DOCUMENT}),
    )

    def __init__(self, name: str, settings: Settings, wiring: Wiring, codes: ErrorCodes) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self._settings = settings
        self._session = wiring.session
        self._clock = wiring.clock
        self._codes = codes
        self._page = f"{settings.api_url.rstrip('/')}/{settings.version}/{settings.page_id}"
        self._authorization = {"Authorization": f"Bearer {settings.access_token}"}

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
        """Send the message as the answer that it is, its choices as quick replies."""
        answer = await call(
            self._session,
            "POST",
            f"{self._page}/messages",
            seconds=self.timeout,
            document={
                "recipient": {"id": message.urn.address.rpartition(":")[2]},
                "messaging_type": "RESPONSE",
                "message": self._content(message),
            },
            headers=self._authorization,
        )
        provider_id = text(meta.sent(answer, self._codes), "message_id")
        if not provider_id:
            raise SendError(code="unreadable_answer", in_doubt=True)
        return Sent(parts=(SentPart(provider_id=fitted(provider_id)),))

    def _content(self, message: OutboundMessage) -> dict[str, Any]:
        """The words with quick replies; a file, which Meta fetches itself; a place, for which there is no message."""
        enclosed = message.enclosure
        if enclosed is None:
            replies = [
                {"content_type": "text", "title": each.label, "payload": each.payload}
                for each in message.choices
            ]
            return {"text": message.text, **({"quick_replies": replies} if replies else {})}
        if enclosed.kind is MediaKind.DOCUMENT:
            return {"attachment": {"type": "file", "payload": {"url": enclosed.url, "is_reusable": True}}}
        opens = {"type": "web_url", "url": map_link(self._settings.map_url, enclosed)}
        card = {
            "title": cut(enclosed.title, _CARD)[0],
            "subtitle": cut(enclosed.address or position(enclosed), _CARD)[0],
            "default_action": opens,
        }
        template = {"template_type": "generic", "elements": [card]}
        return {"attachment": {"type": "template", "payload": template}}

    async def examine(self) -> Sequence[Finding]:
        """Whether the page is subscribed to what is read here."""
        told = meta.sent(await self._subscription("GET"), self._codes)
        fields = {field for app in items(told, "data") for field in texts(app, "subscribed_fields")}
        missing = sorted(_SUBSCRIBED - fields)
        note = f"not subscribed to {', '.join(missing)}" if missing else "subscribed"
        return (Finding(what="webhook", fine=not missing, note=note),)

    async def register(self) -> None:
        """Subscribe the page; the callback address is set in the app's dashboard alone."""
        meta.sent(
            await self._subscription("POST", {"subscribed_fields": ",".join(sorted(_SUBSCRIBED))}),
            self._codes,
        )

    async def locate(self, attachment: Attachment) -> Source:
        """At the address that Meta told."""
        return messenger_media.locate(attachment, self._settings.api_url)

    def probe(self) -> RawRequest:
        """A batch without entries."""
        return meta.probe(self.name, self._settings.app_secret, b'{"object": "page", "entry": []}')

    async def _subscription(self, method: str, form: Mapping[str, str] | None = None) -> Answer:
        return await call(
            self._session,
            method,
            f"{self._page}/subscribed_apps",
            seconds=self.timeout,
            form=form,
            headers=self._authorization,
        )

    def _events(self, document: Document) -> Iterator[InboundEvent]:
        for entry in items(document, "entry"):
            for event in items(entry, "messaging"):
                if text(member(event, "recipient"), "id") not in ("", self._settings.page_id):
                    yield Ignored(reason="echo" if _is_echo(event) else "other_page")
                elif "delivery" in event:
                    mids = texts(member(event, "delivery"), "mids")
                    yield from (self._delivered(each) for each in mids if each)
                else:
                    yield self._message(event)

    def _message(self, event: Document) -> InboundEvent:
        if _is_echo(event):
            return Ignored(reason="echo")
        enclosed = messenger_media.attachments(member(event, "message"))
        said = _said(event, enclosed=bool(enclosed))
        if said is None:
            return Ignored(reason="no_text")
        external_id, words, payload = said
        try:
            # A page's ids say nothing beyond it.
            sender = text(member(event, "sender"), "id")
            urn = Urn("messenger", f"{self._settings.page_id}:{sender}" if sender else "")
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        return InboundMessage(
            channel=self.name,
            external_id=fitted(external_id or _fingerprint(event)),
            urn=urn,
            text=words,
            payload=payload,
            received_at=self._clock.now(),
            recipient=self._settings.page_id,
            attachments=enclosed,
        )

    def _delivered(self, mid: str) -> DeliveryReport:
        return DeliveryReport(
            channel=self.name,
            state=DeliveryState.DELIVERED,
            at=self._clock.now(),
            provider_id=fitted(mid),
        )


def _is_echo(event: Document) -> bool:
    return member(event, "message").get("is_echo") is True


def _said(event: Document, *, enclosed: bool) -> tuple[str, str, str] | None:
    """The id, the words and the payload of a message or a pressed button; None for one without anything."""
    if "postback" in event:
        postback = member(event, "postback")
        return text(postback, "mid"), text(postback, "title"), text(postback, "payload")
    message = member(event, "message")
    words = text(message, "text")
    if not (words or enclosed) or message.get("is_deleted") is True:
        return None
    return text(message, "mid"), words, text(member(message, "quick_reply"), "payload")


def _fingerprint(event: Document) -> str:
    """Stands for the id that a postback of old has not: the same at the same millisecond is the same."""
    sender, postback = text(member(event, "sender"), "id"), member(event, "postback")
    content = "\0".join((sender, str(event.get("timestamp")), text(postback, "payload")))
    return "sha256-" + hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
