"""Envelopes: what channels hand in and what they are asked to send, in no provider's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.urns import Urn


class SessionEvent(StrEnum):
    """Where a message stands in a session (USSD); channels without sessions leave it out."""

    NEW = "new"
    CONTINUE = "continue"
    END = "end"


class MediaKind(StrEnum):
    """What a person can send, or be sent, besides words."""

    PHOTO = "photo"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"
    LOCATION = "location"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """What came with a message besides its words, still at the provider.

    `reference` is what its channel fetches it by: a file's id or its URL, as the provider told it
    and therefore not to be trusted. So are `media_type`, `name` and `size` (bytes; 0 when not
    told). A location has no reference but degrees north and east.
    """

    kind: MediaKind
    reference: str = ""
    media_type: str = ""
    name: str = ""
    size: int = 0
    latitude: float = 0.0
    longitude: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundMessage:
    """One message from a person.

    `external_id` is the provider's own id: (channel, external_id) is taken once. `text` is as
    received, cleaned of control characters only. `payload` is what a pressed button carries.
    `proven` is another address of the same person, for which the provider vouches (a phone number
    shared by its owner). `reply_token` lets the next message be a reply, where that costs less.

    In a session (`session` is set) `external_id` is what the gateway tells a hop by, and empty where
    it has nothing of the kind; `accumulated` when `text` is all that was typed since it was dialled, joined
    by `*`. What was typed behind the code when it was dialled comes in that form in any case.

    Elsewhere too `external_id` is empty where the provider has no ids; `stamp` is then what else it tells one
    message from another by, such as the moment at which it was sent.
    """

    channel: str
    external_id: str
    urn: Urn
    text: str
    received_at: datetime
    recipient: str = ""
    payload: str = ""
    language: str = ""
    session: SessionEvent | None = None
    session_id: str = ""
    accumulated: bool = False
    attachments: tuple[Attachment, ...] = ()
    proven: Urn | None = None
    reply_token: str = ""
    stamp: str = ""

    @property
    def key(self) -> str:
        """Names this message in every effect it causes."""
        return f"{self.channel}:{self.external_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """An answer offered to the person: what they read and what it stands for.

    `shares_phone`: to take it hands us their number, where the channel can ask for that.
    """

    label: str
    payload: str
    shares_phone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """Something shown besides words: a place in degrees north and east, or a file that anybody may fetch at `url`.

    `title` stands in its place where a message is listed; `address` says the way in words.
    """

    kind: MediaKind
    title: str
    address: str = ""
    latitude: float = 0.0
    longitude: float = 0.0
    url: str = ""


class Priority(IntEnum):
    """Lower goes first: a person's own conversation never waits behind a broadcast."""

    CONVERSATION = 0
    NOTICE = 5
    BROADCAST = 9


class DeliveryClass(StrEnum):
    """What happens to a message whose sending stayed in doubt and cannot be asked about."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


class DeliveryState(StrEnum):
    """Life of an outbound message, in the order in which it may only move forward."""

    QUEUED = "queued"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundMessage:
    """One message to a person, already in the words, length and form its channel can show.

    `cause` is the key of the inbound message, or of the system event, that it answers.
    `choices` are kept only for channels that show buttons; elsewhere they are in the text.
    `heard_at` is when the person last wrote on this channel, where a provider lets us write only
    for some time after that. `reply_token` is that of the message that it answers. What `matters`
    is sent to the person's phone when it does not arrive, if they agreed to that. A message with an
    `enclosure` shows that; its text is the title. `flash` asks, where a channel can, that it shows on the
    screen at once and is not kept (class 0 of 3GPP TS 23.038).
    """

    id: str
    channel: str
    urn: Urn
    text: str
    cause: str
    created_at: datetime
    choices: tuple[Choice, ...] = ()
    priority: Priority = Priority.CONVERSATION
    delivery_class: DeliveryClass = DeliveryClass.AT_LEAST_ONCE
    expires_at: datetime | None = None
    session_end: bool = False
    heard_at: datetime | None = None
    reply_token: str = ""
    matters: bool = False
    enclosure: Enclosure | None = None
    flash: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReport:
    """What a provider says became of an outbound message, or of one of its parts.

    At least one of `provider_id` and `outbound_id` (our own id, handed back) is set. A failure is
    `retryable` when its cause may pass: the message, or the part alone, is then sent again.
    """

    channel: str
    state: DeliveryState
    at: datetime
    provider_id: str = ""
    outbound_id: str = ""
    error_code: str = ""
    opted_out: bool = False
    retryable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reachability:
    """A provider says that a person has stopped us there, or let us write again; told outside a send."""

    channel: str
    urn: Urn
    reachable: bool
    external_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """A well-formed event that is not for us; it is counted under `reason`."""

    reason: str


InboundEvent = InboundMessage | DeliveryReport | Reachability | Ignored


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What a channel can show and do; the only thing the core knows of it.

    `max_units` counts code points, or for `sms` the characters a provider takes in one
    request. In a `session` a screen holds that many UTF-16 units, or `max_septets` of GSM 03.38 where
    that alphabet is enough for it; without `ucs2` it can show no other. `sms` channels pay by part and are written to a part budget. `inline` channels
    show the reply in the answer to the request itself (web chat, USSD, terminal); where such an
    answer can be lost, a `fetched` channel asks again and names what it has shown. `window` is
    the seconds after a person's last message in which its provider lets us write freely; 0: always.
    `contact`: a person can share their number there, and the provider vouches that it is theirs.
    `enclosures` are what it can show besides words.
    """

    max_units: int
    sms: bool = False
    buttons: int = 0
    button_units: int = 0
    session: bool = False
    max_septets: int = 0
    ucs2: bool = True
    inline: bool = False
    fetched: bool = False
    window: float = 0.0
    contact: bool = False
    enclosures: frozenset[MediaKind] = frozenset()
