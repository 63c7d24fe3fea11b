"""Kannel's own SMSC: another codec again, and messages that carry the parameters of a receipt."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.channels.harness import Edge, drain
from tests.channels.providers.smpp import linked, settings_for
from tests.servers.ports import free_port
from tests.system.server import until

_DRIVE = "/usr/lib/kannel/test/drive_smpp"
# It wants to talk to an smsbox as well, at a port that cannot be chosen.
_BOX = 13001
MESSAGES = 20


class Drive:
    """Kannel's drive_smpp, with somebody where it looks for an smsbox; what it says is in `said`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.said = ""
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._box: asyncio.Server | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start both, and wait until it listens."""
        self._box = await asyncio.start_server(_swallow, "127.0.0.1", _BOX)
        self._process = await asyncio.create_subprocess_exec(
            *(_DRIVE, "-v", "0", "-p", str(self.port), "-m", str(MESSAGES)),
            cwd=self._folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """End both."""
        assert self._process is not None
        assert self._box is not None
        assert self._reading is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading
        self._box.close()
        await self._box.wait_closed()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.said += line.decode("utf-8", "replace")


@pytest.fixture
async def drive(tmp_path: Path) -> AsyncIterator[Drive]:
    drive = Drive(tmp_path)
    await drive.start()
    yield drive
    await drive.stop()


async def test_messages_both_ways(edge: Edge, session: ClientSession, drive: Drive) -> None:
    async with linked(
        edge, session, settings_for(drive.port, bind="separate", system_id="foo", password="bar")
    ):
        await until(lambda: _is(len(edge.pipeline.messages) == MESSAGES), "every message")
        sent = await edge.store.put("smpp", text="hello {x}")
        lao = await edge.store.put("smpp", text="ຄ່າທຳນຽມ 20.000 ກີບ " * 5, urn="tel:+8562055500000")
        await drain(edge.delivery())
        await until(lambda: _is(drive.said.count("type submit_sm") == 3), "every part")
    assert all(each.text for each in edge.pipeline.messages)
    assert drive.said.count("type deliver_sm_resp") == MESSAGES
    assert [(await edge.store.row(each)).state for each in (sent, lao)] == ["sent", "sent"]
    assert len(await edge.store.parts(lao)) == 2
    assert "short_message = <hello" in drive.said


async def _swallow(reader: StreamReader, writer: StreamWriter) -> None:
    while await reader.read(1000):
        pass
    writer.close()


async def _is(condition: object) -> bool:
    return bool(condition)
