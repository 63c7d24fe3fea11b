"""A real Kannel: a phone writes Lao, our webhook takes it, the reply arrives at the phone as Lao."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from channels import kannel as kind
from channels.base import Wiring
from channels.config import ChannelConfig
from tests.channels.harness import Edge, drain
from tests.servers.kannel import KEY, PASSWORD, USER, Kannel

REPLY = "ຄ່າທຳນຽມ 20.000 ກີບ {x} €"
_ARRIVED = re.compile(r"Got message \d+: <1500 (\S+) (?:udh \S+ )?(\S+) (.*)>")


@pytest.fixture
async def gateway(edge: Edge, tmp_path: Path) -> AsyncIterator[Kannel]:
    """Both boxes, calling the edge as channels/kannel.py says they must be told to."""
    assert kind.__doc__ is not None
    query = re.search(r"/channels/<name>/(messages\?\S+)", kind.__doc__)
    assert query is not None
    get_url = f"{edge.url}/channels/kannel/{query[1].replace('<key>', KEY)}"
    gateway = Kannel(tmp_path, get_url)
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_lao_there_and_back_with_its_receipt(edge: Edge, wiring: Wiring, gateway: Kannel) -> None:
    settings = kind.Settings(
        sendsms_url=gateway.sendsms_url, username=USER, password=PASSWORD, key=KEY, sender="1500"
    )
    config = ChannelConfig(name="kannel", kind="kannel", settings=settings)
    edge.channels["kannel"] = kind.build(config, wiring)
    await edge.listen(edge.door().routes())
    await gateway.send("+8562055512345", "1500", "ສະບາຍດີ ພາສປອດ?")
    await _until(lambda: bool(edge.pipeline.messages))
    (message,) = edge.pipeline.messages
    assert (str(message.urn), message.text, message.recipient) == (
        "tel:+8562055512345",
        "ສະບາຍດີ ພາສປອດ?",
        "1500",
    )
    sent = await edge.store.put("kannel", "tel:+8562055512345", REPLY)
    await drain(edge.delivery())
    assert await _arrival(gateway) == ("+8562055512345", REPLY)
    async with asyncio.timeout(10):
        while (await edge.store.row(sent)).state != "delivered":  # noqa: ASYNC110 - the gateway calls when it likes
            await asyncio.sleep(0.01)


async def _until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the gateway calls when it likes
            await asyncio.sleep(0.01)


async def _arrival(gateway: Kannel) -> tuple[str, str]:
    """Recipient and text of the next message that the phone shows."""
    async with asyncio.timeout(10):
        while True:
            found = _ARRIVED.search(await gateway.received.get())
            if found:
                recipient, coding, words = found.groups()
                raw = unquote_to_bytes(words.replace("+", " "))
                return recipient, raw.decode("utf-8" if coding == "text" else "utf-16-be")
