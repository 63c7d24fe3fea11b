"""Jasmin over HTTP: an SMS gateway of one's own, with an operator's SMPP behind it.

Messages come as a form, by the `HttpConnector` of a route: id=…, from=85620…, to=1500, origin-connector=…,
coding=8, content=…, binary=<hex of the bytes>. What became of one comes as id=…, level=2, message_status=DELIVRD.
Both are brought again until the answer is `ACK/Jasmin`.
"""

from __future__ import annotations

import re
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
from channels.forms import fitted, form_body, needed, our_id, phone_urn, read_query
from channels.gate import Gate, networks
from channels.http import Answer, call, problem_of
from channels.senders import check_sender
from channels.validity import minutes_left

_MAX_TEXT = 1000
_UCS2 = "8"
_LONGEST = 7 * 24 * 60  # minutes for which SMSCs try
_DECODED = {"8": "utf-16-be", "3": "latin-1", "1": "ascii"}
_ACK = RawResponse(body=b"ACK/Jasmin")
_TAKEN = re.compile(r'Success "([^"]{1,100})"')
_STATES = {
    "ESME_ROK": DeliveryState.SENT,
    "ACCEPTD": DeliveryState.SENT,
    "DELIVRD": DeliveryState.DELIVERED,
    "EXPIRED": DeliveryState.FAILED,
    "DELETED": DeliveryState.FAILED,
    "UNDELIV": DeliveryState.FAILED,
    "REJECTD": DeliveryState.FAILED,
}
_REFUSED, _NO_ROUTE = 400, 412
_ACCOUNT = frozenset({403})
_NOTE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "jasmin"` section."""

    send_url: str = setting("address of the HTTP API, like http://127.0.0.1:1401/send")
    username: str = setting("user of the HTTP API")
    password: str = setting("password of the user, at most 30 characters", secret=True)
    key: str = setting("secret that Jasmin's calls carry as ?key=", secret=True)
    previous_key: str = setting("key that still counts while it is changed", "", secret=True)
    sender: str = setting("our short code or number", "")
    addresses: tuple[str, ...] = setting("networks that may call; empty lets every address with the key", ())
    rate: float = setting("messages a second; 0 sends as fast as Jasmin answers", 0.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        networks(self.addresses)
        check_sender(self.sender)


def build(config: ChannelConfig, wiring: Wiring) -> JasminChannel:
    """The channel of one section."""
    return JasminChannel(config.name, config.settings, wiring)


class JasminChannel:
    """See `channels.base.Channel`."""

    kind = "jasmin"
    endpoints = {"messages": ("POST",), "status": ("POST",)}  # noqa: RUF012 - never written to
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
        """Jasmin does not sign: the key, and the caller's address where addresses are configured."""
        self._gate.check(request)

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One message or one delivery report a request."""
        return [self._report(request) if request.endpoint == "status" else self._message(request.form)]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """The words without which Jasmin brings it again."""
        return _ACK

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand the message to Jasmin's queue; Lao goes as the hex of its UTF-16."""
        gsm = is_gsm(message.text)
        body = {"content": message.text} if gsm else {"hex-content": message.text.encode("utf-16-be").hex()}
        form = {
            "username": self._settings.username,
            "password": self._settings.password,
            "to": message.urn.address.removeprefix("+"),
            "coding": "0" if gsm else _UCS2,
            "validity-period": str(minutes_left(message, self._clock, most=_LONGEST)),
            "dlr": "yes",
            "dlr-url": self._report_url(message.id),
            "dlr-level": "3",
            "dlr-method": "POST",
            **body,
        }
        if self._settings.sender:
            form["from"] = self._settings.sender
        answer = await call(self._session, "POST", self._settings.send_url, seconds=self.timeout, form=form)
        problem = _problem(answer)
        if problem is not None:
            raise problem
        taken = _TAKEN.match(answer.text)
        part = SentPart(provider_id=fitted(taken[1]) if taken else "")
        return Sent(parts=(part,) * max(1, count(message.text)))

    async def examine(self) -> Sequence[Finding]:
        """Whether Jasmin knows our password, and what is left to pay with."""
        form = {"username": self._settings.username, "password": self._settings.password}
        url = self._settings.send_url.rpartition("/")[0] + "/balance"
        answer = await call(self._session, "POST", url, seconds=self.timeout, form=form)
        problem = _problem(answer) if answer.status >= _REFUSED else None
        if problem is not None:
            raise problem
        return (Finding(what="account", fine=True, note=answer.text[:_NOTE]),)

    def probe(self) -> RawRequest:
        """The report of a message that there never was."""
        query = urlencode({"key": self._settings.key, "m": "0" * 26})
        return RawRequest(
            method="POST",
            path=f"/channels/{self.name}/status",
            query_string=query,
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=form_body({"id": "0", "message_status": "ACCEPTD"}),
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
            text=_text(form),
            received_at=self._clock.now(),
            recipient=form.get("to", ""),
        )

    def _report(self, request: RawRequest) -> InboundEvent:
        status = needed(request.form, "message_status")
        state = _STATES.get(status)
        if state is None:
            if not status.startswith("ESME_"):
                return Ignored(reason="unknown_status")
            state = DeliveryState.FAILED
        ours = read_query(request.query_string).get("m", b"").decode("ascii", "replace")
        return DeliveryReport(
            channel=self.name,
            state=state,
            at=self._clock.now(),
            provider_id=fitted(needed(request.form, "id")),
            outbound_id=our_id(ours),
            error_code=status[:40] if state is DeliveryState.FAILED else "",
        )

    def _report_url(self, outbound_id: str) -> str:
        key = urlencode({"key": self._settings.key})
        return f"{self._status_url}?{key}&m={outbound_id}"


def _problem(answer: Answer) -> SendError | None:
    """What Jasmin's status and text mean; None when it has the message in its queue."""
    if answer.status == _NO_ROUTE:
        # No operator is connected for the number; routes come back.
        return SendError(code="no_route", away=True)
    problem = problem_of(answer, _ACCOUNT)
    if problem is None and not _TAKEN.match(answer.text):
        return SendError(code="unreadable_answer", in_doubt=True)
    return problem


def _text(form: Mapping[str, str]) -> str:
    """The text by its bytes, which `content` has lost where it is no plain text."""
    coding = form.get("coding", "0")
    if coding not in _DECODED or not form.get("binary"):
        return form.get("content", "")
    try:
        return bytes.fromhex(form["binary"]).decode(_DECODED[coding], "replace")
    except ValueError:
        raise Malformed("bad_binary") from None
