"""What is almost a provider's request: whatever it is, it is read, refused by name, or ignored."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.messages import DeliveryReport, InboundEvent, InboundMessage
from channels.base import Accepted, Channel, Limited, RawRequest
from channels.config import kinds
from channels.errors import Malformed, NotAuthentic
from channels.intake import readable
from tests.channels.harness import Edge
from tests.channels.providers import connect
from tests.channels.test_media import TABLE as MEDIA
from tests.channels.test_tables import table

MUTATIONS = 10_000
_LONGEST_ID = 120
_ODD: tuple[Any, ...] = (None, True, 0, -1, 1e308, "", "\ud83d", "x" * 300, [], {}, [[]], {"a": {}}, 10**400)

Mutation = Callable[[RawRequest, random.Random], RawRequest]


class Recording:
    """A channel that keeps the requests that it is given."""

    def __init__(self, channel: Channel) -> None:
        self.requests: list[RawRequest] = []
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def verify(self, request: RawRequest) -> None:
        """See `Channel.verify`."""
        self.requests.append(request)
        self._channel.verify(request)


# What comes over a link is no request; its octets are changed in test_smpp_wire.py.
CALLED = [kind for kind in kinds() if kind != "smpp"]


@pytest.mark.parametrize("kind", CALLED)
async def test_requests_changed_a_little(kind: str, edge: Edge, session: ClientSession) -> None:
    async with connect(kind, edge, session) as caller:
        channel = edge.channels[kind]
        recording = Recording(channel)
        edge.channels[kind] = recording
        await edge.listen(edge.door().routes())
        for row in table(kind)["inbound"]:
            for spec in row["requests"]:
                await caller.call(spec)
        for row in MEDIA.get(kind, {}).get("told", ()):
            await caller.call(row["spec"])
    real = [each for each in recording.requests if len(each.body) < 5_000]
    random_ = random.Random(kind)  # noqa: S311 (it must repeat itself)
    outcomes = [
        _taken(channel, _mutated(random_.choice(real), random_)) for _ in range(MUTATIONS // len(CALLED))
    ]
    # Else all of it would have been refused at the first look, and little would be shown.
    assert sum(outcomes) > len(outcomes) // 20


def _mutated(request: RawRequest, random_: random.Random) -> RawRequest:
    for _ in range(random_.randint(1, 3)):
        request = random_.choice(_MUTATIONS)(request, random_)
    return request


def _taken(channel: Channel, request: RawRequest) -> int:
    """Whether there was something in it; anything but the errors of the edge fails the test."""
    looks = (channel.verify, channel.rates) if isinstance(channel, Limited) else (channel.verify,)
    for look in looks:
        with suppress(NotAuthentic, Malformed):
            look(request)
    events: Sequence[InboundEvent] = ()
    with suppress(Malformed):
        events = channel.parse(request)
        channel.answer(request, [Accepted(event=each, kind="done") for each in events])
    for event in events:
        _check(event)
    return bool(events)


def _check(event: InboundEvent) -> None:
    if isinstance(event, InboundMessage):
        message = readable(event)
        # One without an id is named behind the door, and a call of a session by the session.
        assert len(message.external_id) <= _LONGEST_ID
        assert not message.session or 0 < len(message.session_id) <= _LONGEST_ID
        (message.external_id + message.text + message.payload + message.recipient).encode()
    elif isinstance(event, DeliveryReport):
        assert event.provider_id or event.outbound_id
        assert len(event.provider_id) <= _LONGEST_ID
        assert len(event.error_code) <= 40


def _bytes_changed(request: RawRequest, random_: random.Random) -> RawRequest:
    body = bytearray(request.body or b"x")
    at = random_.randrange(len(body))
    body[at : at + random_.randint(0, 5)] = random_.randbytes(random_.randint(0, 5))
    return replace(request, body=bytes(body))


def _query_changed(request: RawRequest, random_: random.Random) -> RawRequest:
    query = list(request.query_string or "a=b")
    query[random_.randrange(len(query))] = random_.choice(
        ("", "&", "=", "%", "%ff", "%d0", "\udcff", "a=b&a=b")
    )
    return replace(request, query_string="".join(query))


def _headers_changed(request: RawRequest, random_: random.Random) -> RawRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    name = random_.choice(sorted(headers))
    headers[name] = random_.choice(("", "x", "\udcff", "application/json", headers[name] * 2))
    return replace(request, headers=headers)


def _document_changed(request: RawRequest, random_: random.Random) -> RawRequest:
    """A member replaced by something of another kind, or taken out."""
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return _bytes_changed(request, random_)
    places = list(_places(document))
    if not places:
        return request
    where, name = random_.choice(places)
    if random_.random() < 0.2:
        del where[name]
    else:
        where[name] = random_.choice(_ODD)
    return replace(request, body=json.dumps(document).encode())


def _places(node: Any) -> Sequence[tuple[Any, Any]]:
    """Everything that can be replaced in a document, as container and key."""
    members = (
        list(node.items())
        if isinstance(node, dict)
        else list(enumerate(node))
        if isinstance(node, list)
        else []
    )
    return [(node, name) for name, _ in members] + [each for _, inner in members for each in _places(inner)]


_MUTATIONS: Sequence[Mutation] = (
    _bytes_changed,
    _query_changed,
    _headers_changed,
    _document_changed,
    _document_changed,
    _document_changed,
)
