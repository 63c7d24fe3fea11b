"""The channel port: what a channel is given, what it hands back, and what it can do."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol, runtime_checkable

from aiohttp import ClientSession

from bot.clock import Clock
from bot.messages import Attachment, Capabilities, InboundEvent, InboundMessage, OutboundMessage
from bot.parts_ledger import SentPart
from channels.errors import SendError
from channels.forms import read_form

ENDPOINTS = ("messages", "status", "ussd")
# Slashes in "/channels/<name>/<endpoint>/<tail>".
_BEFORE_ENDPOINT, _BEFORE_TAIL = 2, 3


@dataclass(frozen=True, kw_only=True)
class RawRequest:
    """A request as it came, in no web framework's words.

    `path` and `query_string` are still percent-encoded; headers are looked up in lower case;
    `remote` is the address of the peer.
    """

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    remote: str = ""

    @property
    def endpoint(self) -> str:
        """`messages`, `status` or `ussd`: the segment of the path behind the channel's name."""
        return self.path.split("/", 4)[3] if self.path.count("/") > _BEFORE_ENDPOINT else ""

    @property
    def tail(self) -> str:
        """What follows the endpoint in the path, still percent-encoded: "4f2/start"; mostly nothing."""
        return self.path.split("/", 4)[4] if self.path.count("/") > _BEFORE_TAIL else ""

    @property
    def path_qs(self) -> str:
        """Path and query as they were sent, for signatures."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path

    @cached_property
    def media_type(self) -> str:
        """The media type of the body without its parameters, in lower case; empty when none is named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The fields of a form body, read once: what a signature covers is what is parsed. Raises Malformed."""
        return read_form(self.body)


@dataclass(frozen=True, kw_only=True, slots=True)
class RawResponse:
    """What goes back to the provider."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """What became of one event: the pipeline's outcome for a message, and what it answers inline.

    `kind` is `ignored` for what changed nothing, and `reason` then says why.
    """

    event: InboundEvent
    kind: str
    messages: tuple[OutboundMessage, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundPart:
    """A part of a message that comes in several, in any order.

    `message` is as if this part were all of it, and may begin or end in the middle of a character.
    `group` tells this sender's messages of several parts from one another; `number` counts from 0.
    """

    message: InboundMessage
    group: str
    number: int
    total: int


Take = Callable[[InboundEvent | InboundPart], Awaitable[Accepted]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The provider took the message: one entry for each part that it tells of, at least one."""

    parts: tuple[SentPart, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """At most `limit` requests under `key` in any `seconds`."""

    key: str
    limit: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring:
    """What every channel is built from; `public_url` is where providers reach this server."""

    session: ClientSession
    clock: Clock
    public_url: str

    def url(self, name: str, endpoint: str) -> str:
        """Where the provider of a channel calls one of its endpoints."""
        return f"{self.public_url.rstrip('/')}/channels/{name}/{endpoint}"


class Channel(Protocol):
    """One configured way to a provider. Its methods keep no state of a conversation."""

    @property
    def name(self) -> str:
        """The name of its section, which is in its URLs."""

    @property
    def kind(self) -> str:
        """The module that it is built by."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can show and do."""

    @property
    def endpoints(self) -> Mapping[str, Collection[str]]:
        """The endpoints that it serves, with the methods by which they are called."""

    @property
    def rate(self) -> float:
        """Messages a second that the provider takes from us; 0 means as fast as it answers."""

    @property
    def timeout(self) -> float:
        """Seconds that a call to the provider may take in all; 0 where none is made."""

    def verify(self, request: RawRequest) -> None:
        """Return when the provider made the request; raises NotAuthentic, Malformed."""

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """The events of a verified request, in order; raises Malformed."""

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:
        """What tells the provider that everything in the request is taken."""

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message to the provider; raises SendError."""


@runtime_checkable
class Limited(Protocol):
    """A channel that anybody can call, and not its provider alone."""

    def rates(self, request: RawRequest) -> Sequence[Rate]:
        """The limits under which this request falls."""


@runtime_checkable
class Refusing(Protocol):
    """A channel whose provider has a form of its own for being told that a request is malformed."""

    def refusal(self, request: RawRequest, reason: str) -> RawResponse | None:
        """What is answered in place of 400 and the reason; None to leave it at that."""


@runtime_checkable
class Paced(Protocol):
    """A channel whose provider wants some time between two messages to one person."""

    @property
    def pause(self) -> float:
        """Seconds between them."""

    @property
    def burst(self) -> int:
        """How many may go at once; each of them is made up for by a pause later."""


@runtime_checkable
class Templated(Protocol):
    """A channel that writes outside its window too, by a text that its provider has approved."""

    async def send_template(self, message: OutboundMessage) -> Sent:
        """Hand the message over in the approved text. Raises SendError, `outside_window` when there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartOutcome:
    """What became of handing over one part: `sent` when the provider took it, else `error`.

    `number` is the part's place in the message, from 0. An error that says nothing of what to do (it is
    neither in doubt nor worth another try) means that this part, and with it the message, is refused.
    """

    number: int
    sent: SentPart | None = None
    error: SendError | None = None


@runtime_checkable
class Parted(Protocol):
    """A channel that hands each part of a message to its provider by itself.

    The same message is cut in the same way, and its parts bear the same reference, however often and
    in however many pieces it is handed over: a phone joins a part that was sent again with the others.
    """

    def parts(self, message: OutboundMessage) -> Sequence[str]:
        """The texts of the message's parts, in order; at least one."""

    async def send_parts(self, message: OutboundMessage, numbers: Collection[int]) -> Sequence[PartOutcome]:
        """Hand over the parts of these numbers, from 0: one outcome each.

        Raises SendError when none could be handed over; `in_doubt` then speaks of all of them.
        """


@runtime_checkable
class Linked(Protocol):
    """A channel over links to its provider that it keeps open itself: in one process at a time."""

    @property
    def up(self) -> bool:
        """Whether messages can leave by it from this process now; nothing is taken up while they cannot."""

    async def run(self, take: Take) -> None:
        """Keep the links open until cancelled, and give what comes to `take`, which is durable on return.

        What `take` does not take (it raises DatabaseUnavailable) is left to the provider to bring again.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at; `fine` is None where it can only be told, not judged."""

    what: str
    fine: bool | None
    note: str


@runtime_checkable
class Examined(Protocol):
    """A channel whose provider can be asked whether it knows us and brings its messages here."""

    async def examine(self) -> Sequence[Finding]:
        """What the provider says of our account and of where messages go. Raises SendError."""


@runtime_checkable
class Registered(Protocol):
    """A channel whose provider is told by us where to bring messages."""

    async def register(self) -> None:
        """Have messages brought to this server. Raises SendError."""


@runtime_checkable
class Probed(Protocol):
    """A channel that can sign as its provider does."""

    def probe(self) -> RawRequest:
        """A request as the provider makes it, authentic, in which nothing has happened."""


@runtime_checkable
class Asking(Protocol):
    """A channel whose provider can be asked about a message in doubt."""

    async def look_up(self, message: OutboundMessage, since: datetime) -> Sequence[SentPart]:
        """What the provider holds that may be this message, sent at or after `since`, oldest first.

        Empty when it never got it. Raises SendError when it cannot be asked now.
        """


@runtime_checkable
class AskingParts(Protocol):
    """A `Parted` channel that may come to know of a part in doubt that its provider has it."""

    async def look_up_part(self, message: OutboundMessage, since: datetime) -> PartOutcome | None:
        """The part, handed over at or after `since`; None when nothing is known of it.

        Raises SendError when that proves nothing, and the message may not go twice.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a file lies at a provider: `url` is asked, with `headers`, which are credentials.

    It must be over HTTPS on one of `hosts` or below one, which have public addresses; or on `inside`, the
    address that the operator configured in place of the provider's, wherever that is. `redirects` are
    followed at most, by the same rules and without the headers.
    """

    url: str
    hosts: Collection[str]
    inside: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    redirects: int = 0


@runtime_checkable
class Fetching(Protocol):
    """A channel by which files come."""

    async def locate(self, attachment: Attachment) -> Source:
        """Where the file lies now. Raises FetchError where it can be nowhere, SendError."""


def same_secret(given: str, *expected: str) -> bool:
    """Whether `given` is one of the expected secrets, in a time that tells nothing; empty ones never match."""
    seen = given.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(seen, secret.encode()) for secret in expected if secret]
    return bool(given) and any(matches)
