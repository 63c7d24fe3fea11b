"""Kannel 1.4 over HTTP: an SMS gateway of one's own, with an operator or a modem behind it.

Its sms-service sends messages here with this `get-url` (%p sender, %P recipient, %I id, %C character
set, %c coding, %b the text's bytes, %T seconds since 1970):

    <public url>/channels/<name>/messages?key=<key>&from=%p&to=%P&id=%I&charset=%C&coding=%c&time=%T&text=%b

with `max-messages = 0` and `omit-empty = true`: the answer is empty and replies go through sendsms.
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
from bot.text.gsm import is_gsm
from bot.text.parts import count
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Wiring
from channels.config import ChannelConfig, setting
from channels.errors import Malformed, SendError
from channels.forms import fitted, our_id, phone_urn, read_query
from channels.gate import Gate, networks
from channels.http import Answer, call, problem_of
from channels.senders import check_sender
from channels.validity import minutes_left

_MAX_TEXT = 1600  # characters; longer texts would make URLs that gateways cut
_UCS2 = "2"
_AT_ONCE = "0"  # the message class of 3GPP TS 23.038 that is shown and not kept
_LONGEST = 7 * 24 * 60  # minutes for which SMSCs try
# Delivered, not delivered, accepted and refused by the operator; not "buffered", which says nothing new.
_DLR_MASK = 1 + 2 + 8 + 16
_DLR_STATES = {
    "1": DeliveryState.DELIVERED,
    "2": DeliveryState.FAILED,
    "8": DeliveryState.SENT,
    "16": DeliveryState.FAILED,
}
_BUFFERED = "4"
# The names that Kannel gives to what a phone sent, and Python's.
_CHARSETS = {
    "gsm-7": "utf-8",
    "utf-16": "utf-16-be",
    "utf-16be": "utf-16-be",
    "utf-8": "utf-8",
    "latin1": "latin-1",
}
_NO_RECEIVER = 400
_ACCOUNT = frozenset({403})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "kannel"` section."""

    sendsms_url: str = setting("address of smsbox, like http://127.0.0.1:13013/cgi-bin/sendsms")
    username: str = setting("sendsms-user")
    password: str = setting("password of the sendsms-user", secret=True)
    key: str = setting("secret that Kannel's calls carry as ?key=", secret=True)
    previous_key: str = setting("key that still counts while it is changed", "", secret=True)
    sender: str = setting("our short code or number", "")
    smsc: str = setting("send through this SMSC of the gateway only", "")
    flash: bool = setting(
        "show what follows a dialled session on the screen at once, if the operator allows it", default=False
    )
    addresses: tuple[str, ...] = setting("networks that may call; empty lets every address with the key", ())
    rate: float = setting("messages a second; 0 sends as fast as Kannel answers", 0.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        networks(self.addresses)
        check_sender(self.sender)


def build(config: ChannelConfig, wiring: Wiring) -> KannelChannel:
    """The channel of one section."""
    return KannelChannel(config.name, config.settings, wiring)


class KannelChannel:
    """See `channels.base.Channel`."""

    kind = "kannel"
    endpoints = {"messages": ("GET",), "status": ("GET",)}  # noqa: RUF012 - never written to
    capabilities = Capabilities(max_units=_MAX_TEXT, sms=True)

    def __init__(self, name: str, settings: Settings, wiring: Wiring) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self._settings = settings
        self._session = wiring.session
        self._clock = wiring.clock
        self._status_url = wiring.url(name, "status")
        self._gate = Gate(keys=(settings.key, settings.previous_key), addresses=settings.addresses)

    def verify(self, request: RawRequest) -> None:
        """Kannel does not sign: the key, and the caller's address where addresses are configured."""
        self._gate.check(request)

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One message or one delivery report a request."""
        fields = read_query(request.query_string)
        return [self._report(fields) if request.endpoint == "status" else self._message(fields)]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Nothing: a body would go to the person as a message."""
        return RawResponse()

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand the message to sendsms; 202 means that the gateway has it, even with its operator down."""
        query = {
            "username": self._settings.username,
            "password": self._settings.password,
            "to": message.urn.address,
            "text": message.text,
            "charset": "UTF-8",
            "validity": str(minutes_left(message, self._clock, most=_LONGEST)),
            "dlr-mask": str(_DLR_MASK),
            "dlr-url": self._report_url(message.id),
        }
        if self._settings.sender:
            query["from"] = self._settings.sender
        if self._settings.smsc:
            query["smsc"] = self._settings.smsc
        if message.flash and self._settings.flash:
            query["mclass"] = _AT_ONCE
        if not is_gsm(message.text):
            query["coding"] = _UCS2
        answer = await call(
            self._session,
            "GET",
            f"{self._settings.sendsms_url}?{urlencode(query)}",
            seconds=self.timeout,
            # A connection that smsbox has just closed would leave the message in doubt.
            headers={"Connection": "close"},
        )
        problem = _problem(answer)
        if problem is not None:
            raise problem
        return Sent(parts=(SentPart(provider_id=""),) * max(1, count(message.text)))

    async def examine(self) -> Sequence[Finding]:
        """Whether sendsms knows our password: it refuses that before it misses a receiver."""
        query = {"username": self._settings.username, "password": self._settings.password}
        url = f"{self._settings.sendsms_url}?{urlencode(query)}"
        answer = await call(self._session, "GET", url, seconds=self.timeout)
        known = answer.status == _NO_RECEIVER
        return (Finding(what="account", fine=known, note="" if known else f"http_{answer.status}"),)

    def probe(self) -> RawRequest:
        """The report of a message that there never was."""
        query = urlencode({"key": self._settings.key, "m": "0" * 26, "d": "8"})
        path = f"/channels/{self.name}/status"
        return RawRequest(method="GET", path=path, query_string=query, headers={})

    def _message(self, fields: Mapping[str, bytes]) -> InboundEvent:
        if "from" not in fields or "text" not in fields:
            raise Malformed("missing_from" if "from" not in fields else "missing_text")
        sender = _ascii(fields["from"])
        try:
            urn = phone_urn(sender)
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        return InboundMessage(
            channel=self.name,
            external_id=fitted(_ascii(fields.get("id", b""))),
            urn=urn,
            text=_text(fields),
            received_at=self._clock.now(),
            recipient=_ascii(fields.get("to", b"")),
            stamp=_ascii(fields.get("time", b"")),
        )

    def _report(self, fields: Mapping[str, bytes]) -> InboundEvent:
        kind = _ascii(fields.get("d", b""))
        ours = _ascii(fields.get("m", b""))
        if not kind or not our_id(ours):
            raise Malformed("missing_d" if not kind else "missing_m")
        state = _DLR_STATES.get(kind)
        if state is None:
            return Ignored(reason="buffered" if kind == _BUFFERED else "unknown_status")
        bad = state is DeliveryState.FAILED
        return DeliveryReport(
            channel=self.name,
            state=state,
            at=self._clock.now(),
            outbound_id=ours,
            error_code=f"dlr_{kind}" if bad else "",
        )

    def _report_url(self, outbound_id: str) -> str:
        key = urlencode({"key": self._settings.key})
        return f"{self._status_url}?{key}&m={outbound_id}&d=%d"


def _problem(answer: Answer) -> SendError | None:
    """What Kannel's status and text mean; None when the gateway has the message."""
    problem = problem_of(answer, _ACCOUNT)
    if problem is None and not answer.text.startswith(("0:", "3:")):
        return SendError(code="unreadable_answer", in_doubt=True)
    return problem


def _text(fields: Mapping[str, bytes]) -> str:
    """The text by the character set that Kannel names; what cannot be read becomes U+FFFD."""
    named = _ascii(fields.get("charset", b"")).lower()
    if _ascii(fields.get("coding", b"")) == _UCS2:
        named = "utf-16be"
    return fields["text"].decode(_CHARSETS.get(named, "utf-8"), "replace")


def _ascii(value: bytes) -> str:
    return value.decode("ascii", "replace").strip()
