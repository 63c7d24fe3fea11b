"""USSD: menus on any phone, through a gateway that calls for each screen.

[channels.ussd]
kind = "ussd"
dialect = "africastalking"
codes = ["*384*123#"]
key = "env:USSD_KEY"
follow_up = "sms"

Sample of a call (form fields): sessionId=ATUid_…, serviceCode=*384*123#, phoneNumber=+85620…, text=1*2. The answer is
`CON` and a screen, or `END` and the last one. Other gateways use other names, methods and forms for the same:
channels/ussd_dialects.yml has those that are ready. None of them is signed: their addresses here carry a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.errors import MalformedUrn
from bot.messages import Capabilities, Ignored, InboundEvent, InboundMessage, OutboundMessage, SessionEvent
from bot.urns import Urn
from channels.base import Accepted, RawRequest, RawResponse, Sent, Wiring
from channels.config import ChannelConfig, setting
from channels.errors import Malformed, SendError
from channels.forms import fitted, phone_urn
from channels.gate import Gate, networks
from channels.ussd_calls import Call, holds, read, typed_ahead, without_code
from channels.ussd_dialect import MEMBERS, Dialect, dialect
from channels.ussd_screens import in_gsm, refusal, screen, told

_METHODS = {"query": ("GET",), "form": ("POST",), "json": ("POST",), "xmlrpc": ("POST",)}
_PATH_METHODS = ("GET", "POST", "PUT")
_SIGNS = frozenset("*#0123456789")
_PROBE, _CHECK, _OVER = "probe", "session_asked", "session_over"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "ussd"` section. All behind `ucs2` is the dialect's where it is left out."""

    key: str = setting("secret of their calls, as ?key= or Basic password", secret=True)
    previous_key: str = setting("key that still counts while it is changed", "", secret=True)
    addresses: tuple[str, ...] = setting("networks that may call; empty lets every address with the key", ())
    dialect: str = setting(
        "which gateway: a name of channels/ussd_dialects.yml; none: all below is told here", ""
    )
    codes: tuple[str, ...] = setting("the codes that people dial, such as *123*4#", ())
    ucs2: bool = setting("gateway and phones show Lao; else screens are in GSM 03.38 alone", default=False)
    read: str = setting("where their fields are: form, json, query or xmlrpc", "")
    path: str = setting("names of the last segments of the path, such as session/method", "")
    secret: str = setting("a field of their query that carries the key, besides `key`", "")
    fields: Mapping[str, str] = setting(
        "what they call session (none: the number is), number, text, code and hop (a number of the call)",
        factory=dict,
    )
    new: str = setting(
        "how a new session is told: empty, dialled, FIELD=word|word, FIELD=*; behind a comma, where the field is missing",
        "",
    )
    over: str = setting("how it is told that a session is over", "")
    check: str = setting("how a call is told that only asks whether a session is open", "")
    typed: str = setting("what their text is: last, or accumulated since dialling", "")
    ahead: str = setting("the text of a first call: read for what was typed behind the code, or ignored", "")
    first: str = setting("the first screen: may_end, or stays_open whatever it says", "")
    charset: str = setting("utf-8, iso-8859-1, windows-1252 or us-ascii", "")
    answer: str = setting("form of our answers: text, json, xmlrpc or vodacom", "")
    body: str = setting("the answer where it is a text, with {state} and {text}", "")
    screen: Mapping[str, str] = setting("members of the answer where it is json or xmlrpc", factory=dict)
    last: Mapping[str, str] = setting("those of them that are others on a last screen", factory=dict)
    echo: tuple[str, ...] = setting("fields that are handed back as they came", ())
    headers: Mapping[str, str] = setting("headers of the answer, with {state}", factory=dict)
    goes_on: str = setting("their {state} of a session that goes on", "")
    ends: str = setting("their {state} of a session that ends", "")
    done: Mapping[str, str] = setting("members of the answer when a session is over", factory=dict)
    checked: Mapping[str, str] = setting("members of the answer to `check`", factory=dict)
    error: Mapping[str, str] = setting(
        "members of the answer to a malformed call, with {reason}", factory=dict
    )
    units: int = setting("UTF-16 units of a screen in Lao", 0)
    septets: int = setting("characters of a screen in GSM 03.38", 0)

    def __post_init__(self) -> None:
        networks(self.addresses)
        for code in self.codes:
            if not set(code) <= _SIGNS or not set(code) - {"*", "#"}:
                raise ValueError("codes: must be codes as they are dialled, such as *123*4#")
        if not self.spoken().tells_code and not self.codes:
            raise ValueError("codes: is missing: without it nobody knows what is typed behind the code")

    def spoken(self) -> Dialect:
        """The dialect with the changes of this section; raises ValueError that names a setting."""
        return dialect(self.dialect, {name: getattr(self, name) for name in MEMBERS})


def build(config: ChannelConfig, wiring: Wiring) -> UssdChannel:
    """The channel of one section."""
    return UssdChannel(config.name, config.settings, wiring)


class UssdChannel:
    """See `channels.base.Channel` and `channels.base.Refusing`. Nothing is sent but the answers to calls."""

    kind = "ussd"
    rate = 0.0
    timeout = 0.0

    def __init__(self, name: str, settings: Settings, wiring: Wiring) -> None:
        self.name = name
        self._dialect = settings.spoken()
        self._codes = settings.codes
        self._clock = wiring.clock
        self._key = settings.key
        self._callback = f"{wiring.url(name, 'ussd')}?{urlencode({'key': settings.key})}"
        self._gate = Gate(
            keys=(settings.key, settings.previous_key),
            addresses=settings.addresses,
            field=self._dialect.secret,
        )
        methods = _PATH_METHODS if self._dialect.path else _METHODS[self._dialect.read]
        self.endpoints = {"ussd": methods, "status": ("GET",)}
        self.capabilities = Capabilities(
            max_units=self._dialect.units,
            max_septets=self._dialect.septets,
            ucs2=settings.ucs2,
            session=True,
            inline=True,
        )

    def verify(self, request: RawRequest) -> None:
        """Nothing is signed: the key, and the caller's address where addresses are configured."""
        self._gate.check(request)

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One call of a session; `status` is called to see whether we listen."""
        if request.endpoint == "status":
            return [Ignored(reason=_PROBE)]
        return [self._event(read(request, self._dialect))]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:
        """The screen. Without one the session ends, with nothing to read: it is not left waiting."""
        (outcome,) = outcomes
        if not isinstance(outcome.event, InboundMessage):
            reason = outcome.event.reason if isinstance(outcome.event, Ignored) else ""
            return told(self._dialect, _answers(self._dialect).get(reason, {}))
        if outcome.event.session is SessionEvent.END:
            return told(self._dialect, self._dialect.done)
        shown = outcome.messages[0] if outcome.messages else None
        kept_open = self._dialect.first == "stays_open" and outcome.event.session is SessionEvent.NEW
        text = shown.text if shown else ""
        return screen(
            self._dialect,
            read(request, self._dialect),
            text if self.capabilities.ucs2 else in_gsm(text),
            ends=(shown is None or shown.session_end) and not kept_open,
            callback=self._callback,
        )

    def refusal(self, request: RawRequest, reason: str) -> RawResponse | None:
        """The gateway's own form for a malformed call, where it has one."""
        return refusal(self._dialect, reason) if request.endpoint == "ussd" else None

    async def send(self, message: OutboundMessage) -> Sent:  # noqa: ARG002 - the port's
        """Never called for an inline channel: what is no answer to a call goes by the `follow_up` channel."""
        raise SendError(code="inline")

    def probe(self) -> RawRequest:
        """A call in which no session is."""
        query = urlencode({"key": self._key})
        return RawRequest(method="GET", path=f"/channels/{self.name}/status", query_string=query, headers={})

    def _event(self, call: Call) -> InboundEvent:
        names = self._dialect.fields
        text = call.get(names["text"])
        codes = [*self._codes, call.get(names.get("code", ""))]
        if self._dialect.check and holds(self._dialect.check, call, text, codes):
            return Ignored(reason=_CHECK)
        number = call.get(names["number"])
        over = self._dialect.over is not None and holds(self._dialect.over, call, text, codes)
        if over and not number:
            return Ignored(reason=_OVER)  # nobody is named; the session runs out by itself
        session_id = call.get(names["session"]) if "session" in names else number
        if not session_id:
            raise Malformed("missing_session")
        event, typed = (SessionEvent.END, "") if over else self._typed(call, text, codes)
        return InboundMessage(
            channel=self.name,
            external_id=fitted(hop) if (hop := call.get(names.get("hop", ""))) else "",
            urn=_urn(number),
            text=typed,
            received_at=self._clock.now(),
            recipient=call.get(names.get("code", "")) or next(iter(self._codes), ""),
            session=event,
            session_id=fitted(session_id),
            accumulated=self._dialect.typed == "accumulated" and event is SessionEvent.CONTINUE,
        )

    def _typed(self, call: Call, text: str, codes: Sequence[str]) -> tuple[SessionEvent, str]:
        """Whether the session is new, and what was typed: behind the code, or as the answer to a screen."""
        if self._dialect.typed == "accumulated":
            text = without_code(text, codes)
        new, ignored = holds(self._dialect.new, call, text, codes), self._dialect.ahead == "ignored"
        if new and ignored:
            return SessionEvent.NEW, ""
        if not call.has(self._dialect.fields["text"]):
            raise Malformed("missing_text")
        return (SessionEvent.NEW, typed_ahead(text, codes)) if new else (SessionEvent.CONTINUE, text)


def _urn(number: str) -> Urn:
    try:
        return phone_urn(number)
    except MalformedUrn:
        raise Malformed("bad_number" if number else "missing_number") from None


def _answers(dialect: Dialect) -> Mapping[str, Mapping[str, str]]:
    """What is answered to calls that are no part of a conversation, by the reason for which they are passed over."""
    return {_OVER: dialect.done, _CHECK: dialect.checked}
