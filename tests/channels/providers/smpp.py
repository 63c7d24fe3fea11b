"""An SMSC, as it brings messages and receipts, and takes ours."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import ClientSession

from bot.messages import InboundEvent, OutboundMessage
from bot.urns import Urn
from channels import smpp
from channels.base import Accepted, InboundPart
from channels.config import ChannelConfig
from channels.joining import Joining
from channels.smpp_text import joined
from tests.channels.harness import Edge
from tests.channels.providers import PATIENT, Answered
from tests.pinned import START
from tests.servers.smsc import PASSWORD, SYSTEM_ID, Smsc, tlvs
from tests.system.server import until

OK = 200
LAO = "ຄ່າທຳນຽມ 20.000 ກີບ "


def settings_for(port: int, **more: Any) -> smpp.Settings:
    """The settings of a channel to an SMSC of the tests."""
    settings = smpp.Settings(
        host="127.0.0.1",
        port=port,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        sender="1500",
        reconnect=0.01,
        country_code="856",
    )
    return replace(settings, **more)


def outbound(text: str = "hello", **more: object) -> OutboundMessage:
    """A message of ours that is in no outbox."""
    values = {
        "id": "a" * 26,
        "channel": "smpp",
        "urn": Urn.parse("tel:+8562055512345"),
        "text": text,
        "cause": "t:1",
        "created_at": START,
    }
    return OutboundMessage(**(values | more))  # type: ignore[arg-type]  # by name


@asynccontextmanager
async def linked(
    edge: Edge, session: ClientSession, settings: smpp.Settings
) -> AsyncIterator[smpp.SmppChannel]:
    """The channel of these settings, on the edge, with its links open."""
    config = ChannelConfig(name="smpp", kind="smpp", settings=settings)
    channel = smpp.build(config, edge.wiring(session))
    edge.channels["smpp"] = channel
    joining = joining_of(edge)

    async def take(event: InboundEvent | InboundPart) -> Accepted:
        return await joining.take("smpp", event)

    running = asyncio.create_task(channel.run(take))
    await until(lambda: _is_up(channel), "the link to be up")
    yield channel
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def joining_of(edge: Edge) -> Joining:
    """What joins parts before the edge's intake."""
    store = edge.store
    return Joining(intake=edge.intake(), db=store.db, vault=store.vault, clock=edge.clock, mended=joined)


@asynccontextmanager
async def connect(edge: Edge, session: ClientSession, seconds: float = PATIENT) -> AsyncIterator[SmppCaller]:
    """See `tests.channels.providers.connect`."""
    server = Smsc()
    await server.start()
    async with linked(edge, session, settings_for(server.port, timeout=seconds)) as channel:
        yield SmppCaller(edge, server, channel)
    await server.stop()


class SmppCaller:
    """A spec has the fields of a deliver_sm, or its `body`; `cut` cuts the link first. The answer's status is 200 for none."""

    urn = "tel:+8562055512345"

    def __init__(self, edge: Edge, server: Smsc, channel: smpp.SmppChannel) -> None:
        self.edge = edge
        self.server = server
        self.channel = channel

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """See `Caller.call`."""
        if spec.get("cut"):
            self.server.cut()
            await until(self._is_bound, "the link to be back")
        if "body" in spec:
            status = await self.server.bring(bytes.fromhex(spec["body"]), spec.get("command", 0x05))
        else:
            status = await self.server.deliver(_octets(spec), **_fields(spec))
        return status or OK, {}, b""

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """See `Caller.said`."""
        del number
        return {"coding": 8, "tlvs": {"0424": text.encode("utf-16-be").hex()}}

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        raise NotImplementedError

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`; the words are the SMSC's."""
        assert await self.server.receipt(0, word) == 0

    @property
    def plan(self) -> deque[str | int]:
        """See `Caller.plan`."""
        return self.server.plan

    @property
    def taken(self) -> Sequence[Mapping[str, str]]:
        """See `Caller.taken`."""
        whole: dict[str, dict[str, Any]] = {}
        for number, each in enumerate(self.server.messages):
            # A header ends with reference, total and number: the parts come in any order.
            key = each["header"][:-2] + each["to"] if each["header"] else str(number)
            parts = whole.setdefault(key, {**each, "to": f"+{each['to']}", "parts": {}})["parts"]
            parts[each["header"]] = each["text"]
        return [
            {**each, "text": "".join(text for _, text in sorted(each["parts"].items()))}
            for each in whole.values()
        ]

    async def _is_bound(self) -> bool:
        return bool(self.server.sessions) and self.channel.up


async def _is_up(channel: smpp.SmppChannel) -> bool:
    return channel.up


def _octets(spec: Mapping[str, Any]) -> bytes:
    if "hex" in spec:
        return bytes.fromhex(spec["hex"])
    encoding = "utf-16-be" if spec.get("coding") == 8 else "latin-1"
    return str(spec.get("text", "")).encode(encoding) * int(spec.get("times", 1))


def _fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    names = {"coding": "data_coding", "esm": "esm_class", "ton": "source_addr_ton", "service": "service_type"}
    fields = {to: spec[name] for name, to in names.items() if name in spec}
    more = {name: spec[name] for name in ("source", "to") if name in spec}
    return {**fields, **more, "tlvs": tlvs(spec.get("tlvs", {}))}
