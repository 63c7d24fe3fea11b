"""The web chat: a page of our own, whose replies come in the answer to the request itself.

Sample of a request: {"session": "<32 hex digits>", "id": "<hex>", "text": "passport", "language": "en"};
a pressed button sends its "payload" beside its label as "text".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.browsers import network
from bot.messages import (
    Attachment,
    Capabilities,
    Enclosure,
    InboundEvent,
    InboundMessage,
    MediaKind,
    OutboundMessage,
)
from bot.urns import Urn
from channels.base import Accepted, Rate, RawRequest, RawResponse, Sent, Wiring
from channels.case_slip import CaseSlips
from channels.config import ChannelConfig, setting
from channels.enclosures import OPENSTREETMAP, check_map, geo, map_link, position
from channels.errors import Malformed, NotSupported, SendError

_SESSION = re.compile(r"[A-Za-z0-9_-]{22,64}")  # at least 128 bits
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z-]{2,8}")
_FIELDS = frozenset({"session", "id", "text", "payload", "language"})
_MINUTE = 60.0
_LOOKS = 60  # a minute; a page that waits for an answer holds each for seconds
_PAGE = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
_LEAST_KIOSK_SECONDS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "web"` section."""

    per_session: int = setting("messages a minute that one conversation may send", 30)
    per_address: int = setting("requests a minute that one network address may make; 0 sets no limit", 240)
    embed: tuple[str, ...] = setting("sites, as https://host, whose pages may show the chat in a frame", ())
    map_url: str = setting("map that a place opens in, with {latitude} and {longitude}", OPENSTREETMAP)
    kiosk: bool = setting(
        "whether there is a page for a public screen, with large buttons, that forgets", False
    )
    kiosk_seconds: int = setting(
        "seconds without a touch after which the kiosk asks whether anybody is there", 60
    )

    def __post_init__(self) -> None:
        if self.per_session <= 0:
            raise ValueError("per_session: must be above 0")
        if not all(_PAGE.fullmatch(each) for each in self.embed):
            raise ValueError("embed: must be sites like https://www.example.gov.la, without a path")
        check_map(self.map_url)
        if self.kiosk_seconds < _LEAST_KIOSK_SECONDS:
            raise ValueError(f"kiosk_seconds: must be at least {_LEAST_KIOSK_SECONDS}")


class Outcome(Protocol):
    """What became of a message."""

    @property
    def kind(self) -> str: ...  # noqa: D102  # see channels.base.Accepted
    @property
    def messages(self) -> Sequence[OutboundMessage]: ...  # noqa: D102  # likewise


def build(config: ChannelConfig, wiring: Wiring) -> WebChannel:
    """The channel of one section."""
    return WebChannel(config.name, config.settings, wiring)


class WebChannel:
    """See `channels.base.Channel`. Who knows the session's token is the person: there is no account."""

    kind = "web"
    endpoints = {"messages": ("POST",)}  # noqa: RUF012 - never written to
    capabilities = Capabilities(
        max_units=4000,
        buttons=10,
        button_units=60,
        inline=True,
        fetched=True,
        enclosures=frozenset({MediaKind.LOCATION, MediaKind.DOCUMENT}),
    )
    rate = 0.0
    timeout = 0.0
    takes_uploads = True

    def __init__(self, name: str, settings: Settings, wiring: Wiring) -> None:
        self.name = name
        self._settings = settings
        self._clock = wiring.clock
        self.slips = CaseSlips(())  # the pages bring those of the pack

    @property
    def settings(self) -> Settings:
        """Those of its section."""
        return self._settings

    def verify(self, request: RawRequest) -> None:
        """JSON only: another site's page cannot send it without asking the browser first."""
        if request.media_type != "application/json":
            raise NotSupported("not_json")

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One message a request."""
        return [self.message(_fields(request.body))]

    def message(self, fields: Mapping[str, str], *attachments: Attachment) -> InboundMessage:
        """What a page sent as `session`, `id`, `text`, `payload` and `language`; raises Malformed."""
        session, message_id = fields.get("session", ""), fields.get("id", "")
        if not _ID.fullmatch(message_id):
            raise Malformed("bad_id")
        if "text" not in fields and "payload" not in fields:
            raise Malformed("missing_text")
        language = fields.get("language", "")
        urn = session_urn(session)
        return InboundMessage(
            channel=self.name,
            # Ids are the page's own: another session's must not count as this one's.
            external_id=f"{urn.address}-{message_id}"[:120],
            urn=urn,
            text=fields.get("text", ""),
            received_at=self._clock.now(),
            payload=fields.get("payload", ""),
            language=language if _LANGUAGE.fullmatch(language) else "",
            attachments=attachments,
        )

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """The replies; `pending` tells the page to look again soon, `limited` that there is to be no answer."""
        answer = self.told(outcomes)
        return RawResponse(
            body=json.dumps(answer, ensure_ascii=False).encode(), content_type="application/json"
        )

    def told(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """What the page is told of messages that were taken."""
        return {
            "messages": [self.shown(message) for outcome in outcomes for message in outcome.messages],
            "pending": any(is_pending(str(each.kind), each.messages) for each in outcomes),
            "limited": any(str(each.kind) == "limited" for each in outcomes),
        }

    def shown(self, message: OutboundMessage) -> dict[str, Any]:
        """A message as the page gets it; a number and PIN that it tells are named beside its words."""
        choices = [{"label": choice.label, "payload": choice.payload} for choice in message.choices]
        told: dict[str, Any] = {"id": message.id, "text": message.text, "choices": choices}
        if slip := self.slips.find(message.text):
            told["slip"] = {"reference": slip.reference, "pin": slip.pin, "digits": slip.digits}
        if message.enclosure:
            told |= self.enclosed(message.enclosure)
        return told

    def enclosed(self, enclosed: Enclosure) -> dict[str, str]:
        """What a page shows below the title: `file`, or `address`, `map` in a browser, and `geo` in words `at`."""
        if enclosed.kind is MediaKind.DOCUMENT:
            return {"file": enclosed.url}
        return {
            "address": enclosed.address,
            "map": map_link(self._settings.map_url, enclosed),
            "geo": geo(enclosed),
            "at": position(enclosed),
        }

    def rates(self, request: RawRequest) -> Sequence[Rate]:
        """By network address, and by conversation where the body tells it."""
        rates = self.address_rates(request)
        try:
            urn = session_urn(_fields(request.body).get("session", ""))
        except Malformed:
            return rates
        return [*rates, self.session_rate(urn)]

    def session_rate(self, urn: Urn) -> Rate:
        """The limit of one conversation."""
        return Rate(key=f"{self.name}:{urn}", limit=self._settings.per_session, seconds=_MINUTE)

    def address_rates(self, request: RawRequest) -> list[Rate]:
        """The limit of the network address alone."""
        if self._settings.per_address <= 0:
            return []
        key = f"{self.name}:from:{network(request.remote)}"
        return [Rate(key=key, limit=self._settings.per_address, seconds=_MINUTE)]

    def look_rates(self, request: RawRequest, urn: Urn) -> list[Rate]:
        """The limits of looking for what waits: an open page does so all the time and takes no message's place."""
        looks = [Rate(key=f"{self.name}:looks:{urn}", limit=_LOOKS, seconds=_MINUTE)]
        if self._settings.per_address > 0:
            key = f"{self.name}:looks:from:{network(request.remote)}"
            looks.append(Rate(key=key, limit=_LOOKS * self._settings.per_address, seconds=_MINUTE))
        return looks

    async def send(self, message: OutboundMessage) -> Sent:  # noqa: ARG002 - the port's
        """Never called for an inline channel: the page fetches what the system starts."""
        raise SendError(code="inline")


def is_pending(kind: str, messages: Sequence[OutboundMessage]) -> bool:
    """Whether the answer is still to come: also for one sent again while the first is being answered."""
    return kind == "pending" or (kind == "duplicate" and not messages)


def session_urn(session: str) -> Urn:
    """The address of a session: a hash, so that what is stored does not open the conversation.

    Raises Malformed for what is no token of at least 128 bits.
    """
    if not _SESSION.fullmatch(session):
        raise Malformed("bad_session")
    return Urn("web", hashlib.sha256(session.encode()).hexdigest()[:48])


def _fields(body: bytes) -> Mapping[str, str]:
    """The object in a body; lone surrogates are let through here and cleaned at the door."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not_json") from None
    if not isinstance(payload, dict) or not payload.keys() <= _FIELDS:
        raise Malformed("not_a_message")
    if not all(isinstance(value, str) for value in payload.values()):
        raise Malformed("wrong_type")
    return payload
