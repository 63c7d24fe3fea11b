"""LINE: an official account's chats with one person each, through the Messaging API.

Sample of a webhook: {"destination": "U…", "events": [{"type": "message", "mode": "active", "timestamp": 1790000000000,
"webhookEventId": "01…", "deliveryContext": {"isRedelivery": false}, "replyToken": "…",
"source": {"type": "user", "userId": "U…"}, "message": {"type": "text", "id": "1", "text": "…"}}]}.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from bot.errors import MalformedUrn
from bot.messages import (
    Attachment,
    Capabilities,
    Choice,
    Enclosure,
    Ignored,
    InboundEvent,
    InboundMessage,
    MediaKind,
    OutboundMessage,
    Reachability,
)
from bot.parts_ledger import SentPart
from bot.text.graphemes import cut
from bot.urns import Urn
from channels import line_media
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Source, Wiring, same_secret
from channels.config import ChannelConfig, setting
from channels.documents import Document, items, member, read_json, text
from channels.errors import Malformed, NotAuthentic, SendError
from channels.forms import fitted
from channels.http import Answer, call, problem_of

API = "https://api.line.me"
_SIGNATURE = "x-line-signature"
_MAX_TEXT = 2000
# LINE gives it a minute; the message may have waited before it came here.
_LONGEST_TOKEN = 200
_TOKEN_LIFE = timedelta(seconds=45)
_BUTTONS, _BUTTON_UNITS, _DATA, _PLACE = 13, 20, 300, 100
_CONFLICT = 409
_ACCOUNT = frozenset({401, 403})
# The name under which our ids become the keys of LINE, which takes UUIDs only.
_KEYS = uuid.UUID("6f1c2c0e-6a52-4f6e-9d4b-2b1b4f6f3c11")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "line"` section."""

    channel_secret: str = setting("channel secret, by which LINE signs", secret=True)
    previous_channel_secret: str = setting("secret that still signs while it is changed", "", secret=True)
    access_token: str = setting("channel access token, long-lived", secret=True)
    reply: bool = setting(
        "answer by reply tokens, which cost nothing; false pushes all, and nothing is ever doubled", True
    )
    api_url: str = setting("address of the API", API)
    data_url: str = setting("address of the API for files", line_media.DATA)
    rate: float = setting("messages a second", 100.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)


def build(config: ChannelConfig, wiring: Wiring) -> LineChannel:
    """The channel of one section."""
    return LineChannel(config.name, config.settings, wiring)


class LineChannel:
    """See `channels.base.Channel`. LINE takes what is pushed once however often it is sent, and tells no receipts."""

    kind = "line"
    endpoints = {"messages": ("POST",)}  # noqa: RUF012 - never written to
    capabilities = Capabilities(
        max_units=_MAX_TEXT,
        buttons=_BUTTONS,
        button_units=_BUTTON_UNITS,
        enclosures=frozenset({MediaKind.LOCATION, MediaKind.DOCUMENT}),
    )

    def __init__(self, name: str, settings: Settings, wiring: Wiring) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self._settings = settings
        self._session = wiring.session
        self._clock = wiring.clock
        self._api = f"{settings.api_url.rstrip('/')}/v2/bot"
        self._webhook = wiring.url(name, "messages")
        self._authorization = {"Authorization": f"Bearer {settings.access_token}"}

    def verify(self, request: RawRequest) -> None:
        """The HMAC-SHA256 of the raw body under the channel secret."""
        secrets = (self._settings.channel_secret, self._settings.previous_channel_secret)
        expected = (_sign(secret, request.body) for secret in secrets if secret)
        if not same_secret(request.headers.get(_SIGNATURE, ""), *expected):
            raise NotAuthentic

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """Everything in the batch, in its order; a batch may be empty."""
        return [self._event(each) for each in items(read_json(request.body), "events")]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Nothing: replies leave through the outbox."""
        return RawResponse()

    async def send(self, message: OutboundMessage) -> Sent:
        """Reply while the token of what it answers is good, which costs nothing; else push."""
        age = self._clock.now() - message.created_at
        if self._settings.reply and message.reply_token and age < _TOKEN_LIFE:
            answer = await self._post(
                "reply", {"replyToken": message.reply_token, "messages": [_content(message)]}
            )
            problem = problem_of(answer, _ACCOUNT)
            if problem is None:
                return _sent(answer)
            if answer.status != HTTPStatus.BAD_REQUEST:
                raise problem
        return await self._push(message)

    async def _push(self, message: OutboundMessage) -> Sent:
        """Push under a key made of our id: LINE takes it once, however often it is sent."""
        document = {"to": message.urn.address, "messages": [_content(message)]}
        answer = await self._post("push", document, {"X-Line-Retry-Key": str(uuid.uuid5(_KEYS, message.id))})
        problem = _problem(answer)
        if problem is not None:
            raise problem
        return _sent(answer)

    async def _post(self, how: str, document: Document, headers: Mapping[str, str] | None = None) -> Answer:
        return await call(
            self._session,
            "POST",
            f"{self._api}/message/{how}",
            seconds=self.timeout,
            document=document,
            headers=self._authorization | dict(headers or {}),
        )

    async def examine(self) -> Sequence[Finding]:
        """Whose token it is, and where LINE brings messages."""
        account, hook = await self._ask("GET", "info"), await self._ask("GET", "channel/webhook/endpoint")
        url, active = text(hook, "endpoint"), hook.get("active") is True
        note = url if active else f"{url or 'none is set'}, not in use"
        return (
            Finding(what="account", fine=True, note=text(account, "displayName")),
            Finding(what="webhook", fine=active and url == self._webhook, note=note),
        )

    async def register(self) -> None:
        """Set the webhook's address; `Use webhook` is switched on in the console alone."""
        await self._ask("PUT", "channel/webhook/endpoint", {"endpoint": self._webhook})

    async def locate(self, attachment: Attachment) -> Source:
        """In the content of the message that it came in."""
        return line_media.locate(attachment, self._settings.data_url, self._authorization)

    def probe(self) -> RawRequest:
        """A batch without events."""
        body = b'{"destination": "", "events": []}'
        return RawRequest(
            method="POST",
            path=f"/channels/{self.name}/messages",
            headers={
                "content-type": "application/json",
                _SIGNATURE: _sign(self._settings.channel_secret, body),
            },
            body=body,
        )

    async def _ask(self, method: str, what: str, document: Document | None = None) -> Document:
        answer = await call(
            self._session,
            method,
            f"{self._api}/{what}",
            seconds=self.timeout,
            document=document,
            headers=self._authorization,
        )
        problem = _problem(answer)
        if problem is not None:
            raise problem
        try:
            return read_json(answer.text.encode())
        except Malformed:
            raise SendError(code="unreadable_answer") from None

    def _event(self, event: Document) -> InboundEvent:
        source = member(event, "source")
        if text(source, "type") != "user":
            return Ignored(reason="group")
        if text(event, "mode") == "standby":
            return Ignored(reason="standby")
        left = text(event, "type") == "unfollow"
        said, external_id = _said(event), fitted(text(event, "webhookEventId"))
        enclosed = line_media.attachments(member(event, "message"))
        if said is None and enclosed:
            said = "", ""
        if not external_id or (said is None and not left):
            return Ignored(reason="no_text" if external_id else "no_id")
        try:
            urn = Urn("line", text(source, "userId"))
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        now = self._clock.now()
        if said is None:
            return Reachability(channel=self.name, urn=urn, reachable=False, external_id=external_id, at=now)
        return InboundMessage(
            channel=self.name,
            external_id=external_id,
            urn=urn,
            text=said[0],
            payload=said[1],
            received_at=now,
            attachments=enclosed,
            reply_token=_token(event),
        )


def _sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode("ascii")


def _said(event: Document) -> tuple[str, str] | None:
    """The words and the payload of an event; None for one without words."""
    kind = text(event, "type")
    if kind == "follow":
        return "start", "/greet"
    if kind == "postback":
        return "", text(member(event, "postback"), "data")
    message = member(event, "message")
    return (text(message, "text"), "") if kind == "message" and text(message, "type") == "text" else None


def _token(event: Document) -> str:
    token = text(event, "replyToken")
    return token if token.isascii() and len(token) <= _LONGEST_TOKEN else ""


def _content(message: OutboundMessage) -> dict[str, Any]:
    if message.enclosure and message.enclosure.kind is MediaKind.DOCUMENT:
        # LINE sends no files; an address in a text opens.
        return {"type": "text", "text": f"{message.text}\n{message.enclosure.url}"}
    if message.enclosure:
        return _place(message.enclosure)
    content: dict[str, Any] = {"type": "text", "text": message.text}
    if message.choices:
        content["quickReply"] = {"items": [_button(choice) for choice in message.choices]}
    return content


def _place(place: Enclosure) -> dict[str, Any]:
    """A place on a map; it needs a title and an address."""
    return {
        "type": "location",
        "title": cut(place.title, _PLACE)[0],
        "address": cut(place.address or place.title, _PLACE)[0],
        "latitude": place.latitude,
        "longitude": place.longitude,
    }


def _button(choice: Choice) -> dict[str, Any]:
    """A button that says its label in the chat; one whose payload is too long says no more than that."""
    if len(choice.payload) > _DATA:
        action = {"type": "message", "label": choice.label, "text": choice.label}
    else:
        action = {
            "type": "postback",
            "label": choice.label,
            "data": choice.payload,
            "displayText": choice.label,
        }
    return {"type": "action", "action": action}


def _problem(answer: Answer) -> SendError | None:
    """What a refusal means; None when LINE has the message, from this call or an earlier one of its key."""
    if answer.status == _CONFLICT:
        return None
    problem = problem_of(answer, _ACCOUNT)
    if problem is not None and problem.in_doubt:
        # The key keeps a second try from doubling it.
        return SendError(code=problem.code, retryable=True)
    return problem


def _sent(answer: Answer) -> Sent:
    """With the id of the message, where the answer tells it; a repeated call is told which call was taken."""
    try:
        sent = items(read_json(answer.text.encode()), "sentMessages")
        provider_id = text(sent[0], "id") if sent else ""
    except Malformed:
        provider_id = ""
    return Sent(parts=(SentPart(provider_id=fitted(provider_id)),))
