"""Twilio Programmable Messaging: SMS, and WhatsApp or Messenger through Twilio's addresses.

Sample of a message (form fields): MessageSid=SM…, AccountSid=AC…, From=+85620…, To=+1…, Body=…, NumMedia=0.
Sample of a status callback: MessageSid=SM…, MessageStatus=undelivered, ErrorCode=30003, To=…, From=….
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from aiohttp import encode_basic_auth
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    add_port,
    get_signature_algorithm,
    remove_port,
)
from twilio.rest import Client
from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

from bot.errors import ConfigurationError, MalformedUrn
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
from bot.text.parts import count
from bot.urns import Urn
from channels import twilio_media
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Source, Wiring, same_secret
from channels.codes import ErrorCodes
from channels.config import ChannelConfig, setting
from channels.errors import OUTSIDE_WINDOW, Malformed, NotAuthentic, SendError
from channels.forms import fitted, form_body, needed, one_line, our_id
from channels.http import call, unavailable
from channels.senders import check_sender
from channels.validity import seconds_left

API = "https://api.twilio.com"
_FORM = "application/x-www-form-urlencoded"
_EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_MAX_BODY = 1600  # characters of a message's Body
# A concatenated message may come as the base64 of its text; shorter words are taken at their word.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")
# Clocks differ: a message that Twilio dates a little before our attempt may still be the one.
_CLOCK_SKEW = timedelta(minutes=2)
_RECENT = 50
# Seconds for which Twilio may be asked to try: less than 6 it advises against.
_SHORTEST, _LONGEST = 6, 36_000
# WhatsApp's and Messenger's day, less a minute for clocks that differ.
_WINDOW = 86_340.0
_SIGNATURE_HEADER = SIGNATURE_HEADER.lower()
_SETTINGS_HEADER = SIGNATURE_SETTINGS_HEADER.lower()
_DIGESTS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

_STATES = {
    "accepted": DeliveryState.SENT,
    "scheduled": DeliveryState.SENT,
    "queued": DeliveryState.SENT,
    "sending": DeliveryState.SENT,
    "sent": DeliveryState.SENT,
    "partially_delivered": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "twilio"` section."""

    account_sid: str = setting("Account SID, AC…")
    auth_token: str = setting("auth token of the account", secret=True)
    previous_auth_token: str = setting("token that still signs while it is rotated", "", secret=True)
    shared_keys: Mapping[str, str] = setting(
        "secrets of SHA-256 signing keys by key id", factory=dict, secret=True
    )
    sender: str = setting("our number, short code or whatsapp:+… address", "")
    messaging_service_sid: str = setting("messaging service to send through, MG…", "")
    template: str = setting(
        "content SID, HX…, of an approved WhatsApp template with the text as {{1}}, for who wrote longer than a day ago",
        "",
    )
    api_url: str = setting("address of the API", API)
    rate: float = setting("messages a second; 0 sends as fast as Twilio answers", 0.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        if not self.sender and not self.messaging_service_sid:
            raise ValueError("sender: set it, or messaging_service_sid")
        if ":" not in self.sender:
            check_sender(self.sender)


def build(config: ChannelConfig, wiring: Wiring) -> TwilioChannel:
    """The channel of one section."""
    return TwilioChannel(config.name, config.settings, wiring, ErrorCodes.load(__file__))


class TwilioChannel:
    """See `channels.base.Channel`; also answers about messages in doubt."""

    kind = "twilio"
    endpoints = {"messages": ("POST",), "status": ("POST",)}  # noqa: RUF012 - never written to

    def __init__(self, name: str, settings: Settings, wiring: Wiring, codes: ErrorCodes) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        chat = settings.sender.startswith(("whatsapp:", "messenger:"))
        shown = {MediaKind.LOCATION, MediaKind.DOCUMENT} if settings.sender.startswith("whatsapp:") else set()
        self.capabilities = Capabilities(
            max_units=_MAX_BODY, sms=not chat, window=_WINDOW * chat, enclosures=frozenset(shown)
        )
        self._settings = settings
        self._clock = wiring.clock
        self._public_url = wiring.public_url.rstrip("/")
        self._codes = codes
        self._webhook = wiring.url(name, "messages")
        self._status_url = wiring.url(name, "status")
        self._signed_urls = _signed_urls(self._public_url)
        tokens = (settings.auth_token, settings.previous_auth_token)
        self._tokens = [token for token in tokens if token]
        self._shared = settings.shared_keys
        self._keyed = cache(_keyed)
        http = _Http(wiring, settings, codes)
        self._client = Client(settings.account_sid, settings.auth_token, http_client=http)  # type: ignore[no-untyped-call]  # twilio leaves it untyped

    def verify(self, request: RawRequest) -> None:
        """Check the signature over the configured public URL and every field, blank ones too.

        Both schemes: SHA-1 with the auth token, SHA-256 with a shared key named in the settings
        header. A body that is no form is covered by its hash in the signed URL, or refused.
        """
        signature = request.headers.get(_SIGNATURE_HEADER, "")
        secrets, algorithm = self._signers(request.headers.get(_SETTINGS_HEADER, ""))
        if not signature or not secrets:
            raise NotAuthentic
        signed = request.path_qs + self._signed_fields(request)
        expected = (
            _signature(self._keyed(secret, _DIGESTS[algorithm]), url + signed)
            for url in self._signed_urls
            for secret in secrets
        )
        if not request.path_qs.isascii() or not any(same_secret(signature, each) for each in expected):
            raise NotAuthentic

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One message or one status a request."""
        if request.media_type != _FORM:
            raise Malformed("not_a_form")
        form = request.form
        if request.endpoint == "status" or ("MessageStatus" in form and "Body" not in form):
            return [self._report(request, form)]
        return [self._message(form)]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Empty TwiML: replies leave through the outbox."""
        return RawResponse(body=_EMPTY_TWIML, content_type="text/xml")

    async def send(self, message: OutboundMessage) -> Sent:
        """Create the message at Twilio; our id comes back in its status callbacks."""
        enclosed = message.enclosure
        if enclosed and enclosed.kind is MediaKind.DOCUMENT:
            return await self._create(message, body=message.text, media_url=[enclosed.url])
        if enclosed:
            where = f"geo:{enclosed.latitude},{enclosed.longitude}|{one_line(enclosed.title)}"
            return await self._create(message, body=message.text, persistent_action=[where])
        return await self._create(message, body=message.text)

    async def send_template(self, message: OutboundMessage) -> Sent:
        """Create it from the approved template, with the text in one line, which is all that it may hold."""
        if not self._settings.template:
            raise SendError(code=OUTSIDE_WINDOW)
        variables = json.dumps({"1": one_line(message.text)}, ensure_ascii=False)
        return await self._create(message, content_sid=self._settings.template, content_variables=variables)

    async def _create(self, message: OutboundMessage, **content: Any) -> Sent:
        sender: dict[str, Any] = {}
        if self.capabilities.sms:
            sender["validity_period"] = seconds_left(message, self._clock, least=_SHORTEST, most=_LONGEST)
        if self._settings.sender:
            sender["from_"] = self._settings.sender
        if self._settings.messaging_service_sid:
            sender["messaging_service_sid"] = self._settings.messaging_service_sid
        created = await self._client.messages.create_async(
            to=_address(message.urn),
            status_callback=f"{self._status_url}?m={message.id}",
            **sender,
            **content,
        )
        if not created.sid:
            raise SendError(code="unreadable_answer", in_doubt=True)
        if str(created.status) in ("failed", "undelivered"):
            raise self._codes.error(str(created.error_code or created.status))
        return Sent(parts=self._parts(message, created.sid, DeliveryState.SENT))

    async def look_up(self, message: OutboundMessage, since: datetime) -> Sequence[SentPart]:
        """The same text to the same person from us, in a template or by itself, as Twilio lists it.

        The date is compared here: Twilio's own filter leaves out what it has not sent yet.
        """
        to = _address(message.urn)
        recent = await self._client.messages.list_async(to=to, limit=_RECENT, page_size=_RECENT)
        found = [
            each
            for each in recent
            if each.sid
            and self._says(each.body or "", message.text)
            and each.to == to
            and each.from_ in (None, "", self._settings.sender or each.from_)
            and str(each.direction) != "inbound"
            and (each.date_created is None or each.date_created >= since - _CLOCK_SKEW)
        ]
        states = {each.sid: _STATES.get(str(each.status), DeliveryState.SENT) for each in reversed(found)}
        return [part for sid, state in states.items() for part in self._parts(message, str(sid), state)]

    def _says(self, body: str, text: str) -> bool:
        return body == text or (bool(self._settings.template) and one_line(text) in body)

    async def examine(self) -> Sequence[Finding]:
        """Whether the account is active, and where the number's messages go."""
        account = await self._client.api.accounts(self._settings.account_sid).fetch_async()
        active = str(account.status) == "active"
        findings = [Finding(what="account", fine=active, note=f"{account.friendly_name}: {account.status}")]
        for number in await self._numbers():
            fine = number.sms_url == self._webhook and number.sms_method == "POST"
            note = f"{number.sms_method} {number.sms_url}" if number.sms_url else "none is set"
            findings.append(Finding(what="webhook", fine=fine, note=note))
        if len(findings) == 1:
            note = f"set in the console, as the sender is no number of the account: {self._webhook}"
            findings.append(Finding(what="webhook", fine=None, note=note))
        findings.append(Finding(what="brought again", fine=None, note="once, within 15 seconds"))
        return findings

    async def register(self) -> None:
        """Have the number's messages brought here; what is no telephone number of ours is set in the console.

        Raises ConfigurationError for that.
        """
        numbers = await self._numbers()
        if not numbers:
            raise ConfigurationError(
                f"channels.{self.name}.sender: is no telephone number of the account; in Twilio's console have"
                f" its incoming messages posted to {self._webhook}"
            )
        for number in numbers:
            await number.update_async(sms_url=self._webhook, sms_method="POST")

    async def locate(self, attachment: Attachment) -> Source:
        """In the account's media."""
        settings = self._settings
        return twilio_media.locate(attachment, settings.api_url, settings.account_sid, settings.auth_token)

    def probe(self) -> RawRequest:
        """The status of a message that there never was."""
        form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "sent"}
        path = f"/channels/{self.name}/status"
        signed = self._public_url + path + "".join(name + value for name, value in sorted(form.items()))
        keyed = self._keyed(self._settings.auth_token, "sha1")
        headers = {"content-type": _FORM, _SIGNATURE_HEADER: _signature(keyed, signed)}
        return RawRequest(method="POST", path=path, headers=headers, body=form_body(form))

    async def _numbers(self) -> Sequence[IncomingPhoneNumberInstance]:
        if not self._settings.sender.startswith("+"):
            return ()
        numbers = self._client.incoming_phone_numbers
        return await numbers.list_async(phone_number=self._settings.sender, limit=1)

    def _signers(self, header: str) -> tuple[Sequence[str], str]:
        """Who may have signed, and how; a shared key only by its configured id."""
        if not header.strip():
            return self._tokens, "HMAC_SHA1"
        named = dict(part.strip().partition("=")[::2] for part in header.split(","))
        algorithm = str(get_signature_algorithm(header)).upper()  # type: ignore[no-untyped-call]  # untyped
        if algorithm not in _DIGESTS:
            return (), algorithm
        if "key" in named:
            shared = self._shared.get(named["key"].strip())
            return ([shared] if shared else []), algorithm
        return (self._tokens if algorithm == "HMAC_SHA1" else ()), algorithm

    @staticmethod
    def _signed_fields(request: RawRequest) -> str:
        """What is signed after the address: names and values of all fields, in the order of the names."""
        if request.media_type == _FORM:
            return "".join([name + value for name, value in sorted(request.form.items())])
        claimed = parse_qs(request.query_string).get("bodySHA256", [""])[0]
        if request.body and not same_secret(claimed.lower(), hashlib.sha256(request.body).hexdigest()):
            raise NotAuthentic
        return ""

    def _message(self, form: Mapping[str, str]) -> InboundEvent:
        sid = needed(form, "MessageSid")
        try:
            urn = _urn(needed(form, "From"))
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        return InboundMessage(
            channel=self.name,
            external_id=fitted(sid),
            urn=urn,
            text=_decoded(form.get("Body", "")) or form.get("ButtonText", ""),
            received_at=self._clock.now(),
            recipient=form.get("To", ""),
            payload=form.get("ButtonPayload", ""),
            attachments=twilio_media.attachments(form),
        )

    def _report(self, request: RawRequest, form: Mapping[str, str]) -> InboundEvent:
        sid = form.get("MessageSid") or needed(form, "SmsSid")
        state = _STATES.get(form.get("MessageStatus") or needed(form, "SmsStatus"))
        if state is None:
            return Ignored(reason="unknown_status")
        ours = parse_qs(request.query_string).get("m", [""])[0]
        code = form.get("ErrorCode", "")
        return DeliveryReport(
            channel=self.name,
            state=state,
            at=self._clock.now(),
            provider_id=fitted(sid),
            outbound_id=our_id(ours),
            error_code=code[:40],
            opted_out=self._codes.opted_out(code),
        )

    def _parts(self, message: OutboundMessage, sid: str, state: DeliveryState) -> tuple[SentPart, ...]:
        """Twilio has one id for the whole message; it bills each part."""
        parts = max(1, count(message.text)) if self.capabilities.sms else 1
        return (SentPart(provider_id=sid, state=state),) * parts


class _Http(AsyncHttpClient):
    """The official client's way to the network: our shared session, and refusals as SendErrors."""

    def __init__(self, wiring: Wiring, settings: Settings, codes: ErrorCodes) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True, timeout=None)
        self._session = wiring.session
        self._api_url = settings.api_url.rstrip("/")
        self._seconds = settings.timeout
        self._codes = codes
        # The client names the same account with every call.
        self._authorisation = cache(encode_basic_auth)

    async def request(  # type: ignore[override]  # noqa: PLR0913, PLR0917 - the library's own client has it so
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the library's signature; the total is ours
        allow_redirects: bool = False,  # noqa: ARG002 - the library's signature
    ) -> Response:
        """One call; raises SendError for everything that is no success."""
        answer = await call(
            self._session,
            method,
            self._api_url + uri.removeprefix(API),
            seconds=self._seconds,
            params=params,
            form=None if data is None else {name: _field(value) for name, value in data.items()},
            headers={**(headers or {}), **({"Authorization": self._authorisation(*auth)} if auth else {})},
        )
        payload = _object(answer.text)
        code = _error_code(payload)
        if 400 <= answer.status < 500 and code:  # noqa: PLR2004 - an HTTP status
            raise self._codes.error(code, answer.retry_after)
        if answer.status == 401:  # noqa: PLR2004 - an HTTP status
            raise SendError(code="http_401", misconfigured=True)
        problem = unavailable(answer)
        if problem is None and answer.status >= 400:  # noqa: PLR2004 - an HTTP status
            problem = self._codes.error(f"http_{answer.status}")
        if problem is None and not payload:
            problem = SendError(code="unreadable_answer", in_doubt=True)
        if problem is not None:
            raise problem
        return Response(answer.status, answer.text, answer.headers)


def _field(value: object) -> str:
    """A field of a form; of those that may be several we have one."""
    return str(value[0] if isinstance(value, list) else value)


def _signed_urls(public_url: str) -> tuple[str, str]:
    """What a signed address may begin with, the usual one first: Twilio signs it with or without its port."""
    parsed = urlsplit(public_url)
    return str(remove_port(parsed)), str(add_port(parsed))  # type: ignore[no-untyped-call]  # twilio leaves them untyped


def _keyed(secret: str, digest: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), digestmod=digest)


def _signature(keyed: hmac.HMAC, signed: str) -> str:
    """As twilio's RequestValidator computes it, in a third of its time."""
    # A copy of the keyed state: unlike the one-shot digest it never lets go of the interpreter's lock.
    state = keyed.copy()
    state.update(signed.encode())
    return base64.b64encode(state.digest()).decode("ascii")


def _urn(address: str) -> Urn:
    """`+856…` is a phone; `whatsapp:+856…` and the like name their scheme."""
    scheme, separator, rest = address.strip().partition(":")
    return Urn(scheme.lower(), rest) if separator else Urn("tel", scheme)


def _address(urn: Urn) -> str:
    return urn.address if urn.scheme == "tel" else str(urn)


def _decoded(body: str) -> str:
    """The text of a body that came as base64; every other body as it is."""
    if len(body) % 4 or not _BASE64.fullmatch(body):
        return body
    try:
        text = base64.b64decode(body, validate=True).decode("utf-8")
    except ValueError:
        return body
    readable = all(each.isprintable() or each in "\r\n\t" for each in text)
    return text if readable and (" " in text or not text.isascii()) else body


def _error_code(payload: Mapping[str, Any]) -> str:
    return str(payload["code"]) if isinstance(payload.get("code"), int) else ""


def _object(text: str) -> dict[str, Any]:
    """The JSON object in an answer, or an empty one."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", payload) if isinstance(payload, dict) else {}
