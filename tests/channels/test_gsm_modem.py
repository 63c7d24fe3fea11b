"""Kannel with a GSM modem, by the configuration of the page about it: Lao comes in and goes out in parts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import kannel as kind
from channels.base import Wiring
from channels.config import ChannelConfig
from tests.channels.harness import Edge, drain
from tests.servers.kannel import KEY, PASSWORD, USER, Kannel
from tests.servers.modem import Modem
from tests.system.server import until

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-gsm-modem.md"
REPLY = "ຄ່າທຳນຽມ 20.000 ກີບ ໃຊ້ເວລາ 10 ວັນ " * 3


@pytest.fixture
async def modem() -> AsyncIterator[Modem]:
    modem = Modem()
    modem.start()
    yield modem
    modem.stop()


@pytest.fixture
async def gateway(edge: Edge, tmp_path: Path, modem: Modem) -> AsyncIterator[Kannel]:
    """Both boxes, with the page's groups for the modem."""
    found = re.search(r"```\n(group = smsc\n.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    assert kind.__doc__ is not None
    query = re.search(r"/channels/<name>/(messages\?\S+)", kind.__doc__)
    assert query is not None
    get_url = f"{edge.url}/channels/kannel/{query[1].replace('<key>', KEY)}"
    groups = re.sub(r"/dev/\S+", modem.device, found[1])
    gateway = Kannel(tmp_path, get_url, groups)
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_lao_there_and_back(edge: Edge, wiring: Wiring, gateway: Kannel, modem: Modem) -> None:
    settings = kind.Settings(
        sendsms_url=gateway.sendsms_url, username=USER, password=PASSWORD, key=KEY, sender="1500"
    )
    edge.channels["kannel"] = kind.build(
        ChannelConfig(name="kannel", kind="kannel", settings=settings), wiring
    )
    await edge.listen(edge.door().routes())
    async with asyncio.timeout(30):
        await modem.ready.wait()
    modem.receive("+8562055512345", "ສະບາຍດີ ພາສປອດ?")
    await until(lambda: _is(edge.pipeline.messages), "the message")
    (message,) = edge.pipeline.messages
    assert (str(message.urn), message.text) == ("tel:+8562055512345", "ສະບາຍດີ ພາສປອດ?")
    sent = await edge.store.put("kannel", "tel:+8562055512345", REPLY)
    await drain(edge.delivery())
    await until(lambda: _is(len(modem.submitted) == 2), "both parts")
    assert {each.to for each in modem.submitted} == {"+8562055512345"}
    assert [each.header[-2:].hex() for each in modem.submitted] == ["0201", "0202"]
    # Kannel leaves the space at the end of the whole where it is.
    assert "".join(each.text for each in modem.submitted).rstrip() == REPLY.rstrip()
    assert (await edge.store.row(sent)).state == "sent"


async def _is(condition: object) -> bool:
    return bool(condition)
