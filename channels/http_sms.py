"""Any other SMS gateway that is called by HTTP and calls back: what its fields are named is configuration.

[channels.operator]
kind = "http_sms"
send_url = "https://sms.example.net/send"
send_as = "json"
send_fields = {login = "patou", password = "env:PASSWORD", msisdn = "{number}", message = "{text}", ref = "{id}"}
taken = '"status": ?"ok"'
message_fields = {from = "msisdn", text = "message", id = "msgId", to = "shortcode"}
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
from channels.base import Accepted, RawRequest, RawResponse, Sent, Wiring
from channels.blanks import check_template
from channels.config import ChannelConfig, setting
from channels.documents import read_json
from channels.errors import Malformed, SendError
from channels.forms import fitted, our_id, phone_urn, read_query
from channels.gate import Gate, networks
from channels.http import Answer, call, problem_of
from channels.senders import check_sender
from channels.validity import minutes_left, seconds_left

_MAX_TEXT = 1600
_LONGEST = 7 * 24 * 3600  # seconds for which SMSCs try
_WAYS = ("form", "json", "query")
_FILLED = frozenset(
    {
        "number", "digits", "text", "hex", "coding", "from", "id", "report_url",
        "valid_seconds", "valid_minutes", "valid_until",
    }
)  # fmt: skip
_MESSAGE_FIELDS = {"from": "from", "text": "text", "to": "to", "id": "id"}
_REPORT_FIELDS = {"id": "id", "ours": "m", "status": "status"}
_ACCOUNT = frozenset({401, 403})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "http_sms"` section; where braces stand, `{number}`, `{text}` and so on are filled in."""

    send_url: str = setting("address to which messages are sent")
    send_as: str = setting("form, json or query", "form")
    send_fields: Mapping[str, str] = setting(
        "their field names with what to put there: {number}, {digits} (no plus), {text}, {hex} (UTF-16), {coding} (0 or 8),"
        " {from}, {id}, {report_url}, {valid_seconds}, {valid_minutes}, {valid_until}, or any text, or env:NAME",
        factory=dict,
    )
    flash_fields: Mapping[str, str] = setting(
        "fields that are added where a message is to show on the screen at once, if the operator allows it",
        factory=dict,
    )
    headers: Mapping[str, str] = setting("headers, such as Authorization, as env:NAME", factory=dict)
    sender: str = setting("our short code or number, for {from}", "")
    taken: str = setting("what an answer with a 2xx must match to be a success; empty for any", "")
    provider_id: str = setting("pattern of the message's id in the answer, with one group", "")
    key: str = setting("secret of their calls, as ?key= or Basic password", secret=True)
    previous_key: str = setting("key that still counts while it is changed", "", secret=True)
    addresses: tuple[str, ...] = setting("networks that may call; empty lets every address with the key", ())
    message_fields: Mapping[str, str] = setting(
        "what they call from, text, to and id of a message", factory=lambda: dict(_MESSAGE_FIELDS)
    )
    text_hex: bool = setting("their text is the hex of UTF-16", default=False)
    report_fields: Mapping[str, str] = setting(
        "what they call id, ours (our {id}) and status of a report", factory=lambda: dict(_REPORT_FIELDS)
    )
    report_states: Mapping[str, str] = setting(
        "their words for sent, delivered and failed",
        factory=lambda: {"DELIVRD": "delivered", "UNDELIV": "failed"},
    )
    reply: str = setting("what they want to read when all is taken", "")
    rate: float = setting("messages a second; 0 sends as fast as they answer", 0.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        networks(self.addresses)
        if self.send_as not in _WAYS:
            raise ValueError(f"send_as: must be one of {', '.join(_WAYS)}")
        if not self.send_fields:
            raise ValueError("send_fields: is missing: what they call the number and the text")
        check_sender(self.sender)
        for name, value in self.flash_fields.items():
            check_template(f"flash_fields.{name}", value, _FILLED)
        for name, value in self.send_fields.items():
            check_template(f"send_fields.{name}", value, _FILLED)
        _check_pattern("taken", self.taken, groups=0)
        _check_pattern("provider_id", self.provider_id, groups=1)
        if not {"from", "text"} <= self.message_fields.keys() <= _MESSAGE_FIELDS.keys():
            raise ValueError("message_fields: must name from and text, and may name to and id")
        if not self.report_fields.keys() <= _REPORT_FIELDS.keys():
            raise ValueError("report_fields: may name id, ours and status")
        if not set(self.report_states.values()) <= {"sent", "delivered", "failed"}:
            raise ValueError("report_states: each must be sent, delivered or failed")


def build(config: ChannelConfig, wiring: Wiring) -> HttpSmsChannel:
    """The channel of one section."""
    return HttpSmsChannel(config.name, config.settings, wiring)


class HttpSmsChannel:
    """See `channels.base.Channel`."""

    kind = "http_sms"
    endpoints = {"messages": ("GET", "POST"), "status": ("GET", "POST")}  # noqa: RUF012 - never written to
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
        """Nothing is signed: the key, and the caller's address where addresses are configured."""
        self._gate.check(request)

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One message or one delivery report a request."""
        fields = _fields(request)
        return [self._report(fields) if request.endpoint == "status" else self._message(fields)]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """What they are configured to want."""
        return RawResponse(body=self._settings.reply.encode())

    async def send(self, message: OutboundMessage) -> Sent:
        """Send the fields as they are configured."""
        fields = self._filled(message)
        way = self._settings.send_as
        answer = await call(
            self._session,
            "GET" if way == "query" else "POST",
            self._settings.send_url,
            seconds=self.timeout,
            params=fields if way == "query" else None,
            form=fields if way == "form" else None,
            document=fields if way == "json" else None,
            headers=self._settings.headers,
        )
        problem = self._problem(answer)
        if problem is not None:
            raise problem
        pattern = self._settings.provider_id
        found = re.search(pattern, answer.text) if pattern else None
        part = SentPart(provider_id=fitted(found[1]) if found else "")
        return Sent(parts=(part,) * max(1, count(message.text)))

    def probe(self) -> RawRequest:
        """The report of a message that there never was."""
        query = urlencode({"key": self._settings.key, "m": "0" * 26})
        return RawRequest(method="GET", path=f"/channels/{self.name}/status", query_string=query, headers={})

    def _filled(self, message: OutboundMessage) -> dict[str, str]:
        key = urlencode({"key": self._settings.key})
        values = {
            "number": message.urn.address,
            "digits": message.urn.address.removeprefix("+"),
            "text": message.text,
            "hex": message.text.encode("utf-16-be").hex(),
            "coding": "0" if is_gsm(message.text) else "8",
            "from": self._settings.sender,
            "id": message.id,
            "report_url": f"{self._status_url}?{key}&m={message.id}",
            "valid_seconds": seconds_left(message, self._clock, most=_LONGEST),
            "valid_minutes": minutes_left(message, self._clock, most=_LONGEST // 60),
            "valid_until": message.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if message.expires_at else "",
        }
        fields = {**self._settings.send_fields, **(self._settings.flash_fields if message.flash else {})}
        return {name: template.format_map(values) for name, template in fields.items()}

    def _problem(self, answer: Answer) -> SendError | None:
        """What an answer means; None when the gateway has the message."""
        problem = problem_of(answer, _ACCOUNT)
        if problem is not None:
            return problem
        fine = not self._settings.taken or re.search(self._settings.taken, answer.text)
        return None if fine else SendError(code="not_taken", retryable=True, tries=3)

    def _message(self, fields: Mapping[str, str]) -> InboundEvent:
        names = self._settings.message_fields
        if names["from"] not in fields or names["text"] not in fields:
            raise Malformed("missing_from" if names["from"] not in fields else "missing_text")
        try:
            urn = phone_urn(fields[names["from"]])
        except MalformedUrn:
            return Ignored(reason="unusable_address")
        return InboundMessage(
            channel=self.name,
            external_id=fitted(fields.get(names.get("id", ""), "")),
            urn=urn,
            text=_from_hex(fields[names["text"]]) if self._settings.text_hex else fields[names["text"]],
            received_at=self._clock.now(),
            recipient=fields.get(names.get("to", ""), ""),
        )

    def _report(self, fields: Mapping[str, str]) -> InboundEvent:
        names = self._settings.report_fields
        status = fields.get(names.get("status", ""), "")
        provider_id = fields.get(names.get("id", ""), "")
        ours = our_id(fields.get(names.get("ours", ""), "") or fields.get("m", ""))
        if not provider_id and not ours:
            raise Malformed("missing_id")
        state = self._settings.report_states.get(status)
        if state is None:
            return Ignored(reason="unknown_status")
        return DeliveryReport(
            channel=self.name,
            state=DeliveryState(state),
            at=self._clock.now(),
            provider_id=fitted(provider_id) if provider_id else "",
            outbound_id=ours,
            error_code=fitted(status)[:40] if state == "failed" else "",
        )


def _fields(request: RawRequest) -> dict[str, str]:
    """Query and body together, as texts: a JSON body's numbers too. The body's word counts."""
    query = {
        name: value.decode("utf-8", "replace") for name, value in read_query(request.query_string).items()
    }
    if request.media_type == "application/json":
        told = read_json(request.body)
        return query | {name: str(value) for name, value in told.items() if isinstance(value, (str, int))}
    return query | dict(request.form)


def _from_hex(text: str) -> str:
    try:
        return bytes.fromhex(text).decode("utf-16-be", "replace")
    except ValueError:
        raise Malformed("bad_hex") from None


def _check_pattern(where: str, pattern: str, *, groups: int) -> None:
    try:
        found = re.compile(pattern).groups
    except re.error:
        raise ValueError(f"{where}: is no regular expression") from None
    if pattern and groups and found != groups:
        raise ValueError(f"{where}: must have one group, the id")
