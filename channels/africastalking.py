"""Africa's Talking: SMS.

Sample of a message (form fields): id=…, text=…, from=+85620…, to=1500, date=…, linkId=….
Sample of a delivery report: id=ATXid_…, status=Success, phoneNumber=+85620…, networkCode=45701.
Neither is signed: their addresses here carry a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.errors import MalformedUrn
from bot.messages import (
    Capabilities,
    DeliveryReport,
    DeliveryState,
    Ignored,
    InboundEvent,
    InboundMessage,
    OutboundMessage,
)
from bot.parts_ledger import SentPart
from bot.text.parts import count
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Wiring
from channels.codes import ErrorCodes
from channels.config import ChannelConfig, setting
from channels.documents import Document, items, member, read_json, text
from channels.errors import Malformed, SendError
from channels.forms import fitted, form_body, needed, phone_urn
from channels.gate import Gate, networks
from channels.http import Answer, call, problem_of
from channels.senders import check_sender

API = "https://api.africastalking.com"
_MAX_TEXT = 1600
_TAKEN = frozenset({"100", "101", "102"})
_STATES = {
    "Sent": DeliveryState.SENT,
    "Submitted": DeliveryState.SENT,
    "Success": DeliveryState.DELIVERED,
    "Rejected": DeliveryState.FAILED,
    "Failed": DeliveryState.FAILED,
    "AbsentSubscriber": DeliveryState.FAILED,
    "Expired": DeliveryState.FAILED,
}
_ACCOUNT = frozenset({401, 403})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "africastalking"` section."""

    username: str = setting("user name of the app; sandbox in the sandbox")
    api_key: str = setting("API key of the app", secret=True)
    key: str = setting("secret that the callback addresses carry as ?key=", secret=True)
    previous_key: str = setting("key that still counts while it is changed", "", secret=True)
    sender: str = setting("our short code or alphanumeric sender", "")
    addresses: tuple[str, ...] = setting("networks that may call; empty lets every address with the key", ())
    api_url: str = setting("address of the API", API)
    rate: float = setting("messages a second; 0 sends as fast as they answer", 0.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        networks(self.addresses)
        check_sender(self.sender)


def build(config: ChannelConfig, wiring: Wiring) -> AfricasTalkingChannel:
    """The channel of one section."""
    return AfricasTalkingChannel(config.name, config.settings, wiring, ErrorCodes.load(__file__))


class AfricasTalkingChannel:
    """See `channels.base.Channel`. Reports name a message by the provider's id alone."""

    kind = "africastalking"
    endpoints = {"messages": ("POST",), "status": ("POST",)}  # noqa: RUF012 - never written to
    capabilities = Capabilities(max_units=_MAX_TEXT, sms=True)

    def __init__(self, name: str, settings: Settings, wiring: Wiring, codes: ErrorCodes) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self._settings = settings
        self._session = wiring.session
        self._clock = wiring.clock
        self._codes = codes
        self._gate = Gate(keys=(settings.key, settings.previous_key), addresses=settings.addresses)
        self._api = settings.api_url.rstrip("/")

    def verify(self, request: RawRequest) -> None:
        """Nothing is signed: the key, and the caller's address where addresses are configured."""
        self._gate.check(request)

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One message or one delivery report a request."""
        return [self._report(request.form) if request.endpoint == "status" else self._message(request.form)]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Nothing: replies leave through the outbox."""
        return RawResponse()

    async def send(self, message: OutboundMessage) -> Sent:
        """Send the message; what is said of its one recipient decides."""
        form = {"username": self._settings.username, "to": message.urn.address, "message": message.text}
        if self._settings.sender:
            form["from"] = self._settings.sender
        answer = await call(
            self._session,
            "POST",
            f"{self._api}/version1/messaging",
            seconds=self.timeout,
            form={**form, "bulkSMSMode": "1", "enqueue": "1"},
            headers={"apiKey": self._settings.api_key, "Accept": "application/json"},
        )
        problem = problem_of(answer, _ACCOUNT)
        if problem is not None:
            raise problem
        recipient = _recipient(answer)
        code = str(recipient.get("statusCode", ""))
        if code not in _TAKEN:
            raise self._codes.error(code)
        part = SentPart(provider_id=fitted(text(recipient, "messageId")))
        return Sent(parts=(part,) * max(1, count(message.text)))

    async def examine(self) -> Sequence[Finding]:
        """Whether the key is good, and what is left to pay with."""
        answer = await call(
            self._session,
            "GET",
            f"{self._api}/version1/user",
            seconds=self.timeout,
            params={"username": self._settings.username},
            headers={"apiKey": self._settings.api_key, "Accept": "application/json"},
        )
        problem = problem_of(answer, _ACCOUNT)
        if problem is not None:
            raise problem
        try:
            balance = text(member(read_json(answer.text.encode()), "UserData"), "balance")
        except Malformed:
            raise SendError(code="unreadable_answer") from None
        return (Finding(what="account", fine=True, note=balance),)

    def probe(self) -> RawRequest:
        """The report of a message that there never was."""
        return RawRequest(
            method="POST",
            path=f"/channels/{self.name}/status",
            query_string=urlencode({"key": self._settings.key}),
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=form_body({"id": "0", "status": "Sent"}),
        )

    def _message(self, form: Mapping[str, str]) -> InboundEvent:
        external_id = needed(form, "id")
        try:
            urn = phone_urn(form.get("from", ""))
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        return InboundMessage(
            channel=self.name,
            external_id=fitted(external_id),
            urn=urn,
            text=form.get("text", ""),
            received_at=self._clock.now(),
            recipient=form.get("to", ""),
        )

    def _report(self, form: Mapping[str, str]) -> InboundEvent:
        state = _STATES.get(needed(form, "status"))
        if state is None:
            return Ignored(reason="unknown_status")
        bad = state is DeliveryState.FAILED
        reason = form.get("failureReason", "") or form["status"]
        return DeliveryReport(
            channel=self.name,
            state=state,
            at=self._clock.now(),
            provider_id=fitted(needed(form, "id")),
            error_code=reason[:40] if bad else "",
            opted_out=bad and reason == "UserInBlacklist",
        )


def _recipient(answer: Answer) -> Document:
    """What is said of the one recipient; raises SendError when nothing is."""
    try:
        told = items(member(read_json(answer.text.encode()), "SMSMessageData"), "Recipients")
    except Malformed:
        raise SendError(code="unreadable_answer", in_doubt=True) from None
    if not told:
        # Refused as a whole, with a sentence instead of a code: a sender that is not ours.
        raise SendError(code="no_recipient", misconfigured=True)
    return told[0]
