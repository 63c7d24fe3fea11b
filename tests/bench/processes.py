"""The processes of a measurement: the server that is measured, and others beside it."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

from tests.servers.ports import free_port
from tests.system.server import PatouServer, Setup, until


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a load run showed."""

    seconds: float
    statuses: dict[str, int]
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: int) -> float:
        """Milliseconds within which so many of a hundred were answered."""
        return statistics.quantiles(self.latencies, n=100)[share - 1]


def whole(slices: Sequence[Loaded]) -> Loaded:
    """Several runs as if they were one."""
    return Loaded(
        seconds=sum(each.seconds for each in slices),
        statuses=dict(sum((Counter(each.statuses) for each in slices), Counter())),
        latencies=[latency for each in slices for latency in each.latencies],
    )


async def load(
    url: str, requests: Sequence[bytes], connections: int, *, rate: float = 0.0, dealt: bool = False
) -> Loaded:
    """Send prepared requests from a process of its own; see `tests.bench.load`."""
    port = url.rpartition(":")[2]
    options = ["--rate", str(rate)] * bool(rate) + ["--dealt"] * dealt
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.load", port, str(connections), *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(b"".join(requests))
    told: dict[str, Any] = json.loads(out)
    return Loaded(seconds=told["seconds"], statuses=told["statuses"], latencies=told["latencies_ms"])


@asynccontextmanager
async def serving(setup: Setup, session: ClientSession) -> AsyncIterator[PatouServer]:
    """The server that is measured."""
    server = PatouServer(setup, session)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def running(module: str, session: ClientSession) -> AsyncIterator[str]:
    """Another server in a process of its own; its address."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, str(port))

    async def answers() -> bool:
        try:
            async with session.get(url):
                return True
        except ClientError:
            return False

    await until(answers, f"{module} to listen")
    try:
        yield url
    finally:
        process.kill()
        await process.wait()


def own_folder(setup: Setup, name: str) -> Setup:
    """The same, with a folder of its own below."""
    folder = setup.folder / name
    folder.mkdir()
    return replace(setup, folder=folder)


def resident(process: int) -> float:
    """Megabytes of memory in use."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024
