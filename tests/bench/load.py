"""A load generator that costs little: prepared requests over kept connections, answers timed.

Run as a process of its own, so that the server measured has a core to itself:
`python -m tests.bench.load PORT CONNECTIONS [--rate N] [--dealt] < requests`, each request after its length in
four bytes. Dealt, the requests go to the connections in turn, and each keeps its own in order: one connection, one phone. Prints {"seconds", "statuses", "latencies_ms"} as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import struct
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Run:
    """What is still to send and what came of the rest."""

    waiting: deque[bytes]
    rate: float = 0.0
    delay: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    started: float = 0.0
    sent: int = 0

    async def next(self) -> tuple[bytes, float] | None:
        """The next request and the moment from which its latency counts."""
        if not self.waiting:
            return None
        request = self.waiting.popleft()
        due = time.perf_counter()
        if self.rate:
            # Counted from when it was due, also if every connection was busy then.
            due = self.started + self.sent / self.rate
            self.sent += 1
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
        return request, due


async def connection(run: Run, port: int) -> None:
    """One kept connection: request, answer, request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (turn := await run.next()) is not None:
        request, due = turn
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if length:
            await reader.readexactly(int(length[1]))
        run.statuses[int(head[9:12])] += 1
        run.latencies.append(time.perf_counter() - due)
    writer.close()


def read_requests(data: bytes) -> Iterator[bytes]:
    """Requests, each after its length."""
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


async def load(runs: Sequence[Run], port: int) -> float:
    """Send everything, a connection each run; the seconds that it took."""
    began = time.perf_counter()
    for run in runs:
        run.started = began + run.delay
    await asyncio.gather(*(connection(run, port) for run in runs))
    return time.perf_counter() - began


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--dealt", action="store_true")
    options = parser.parse_args()
    requests = list(read_requests(sys.stdin.buffer.read()))
    count: int = options.connections
    if options.dealt:
        # One after another, as phones are not in step.
        gap = 1 / options.rate if options.rate else 0.0
        runs = [
            Run(waiting=deque(requests[at::count]), rate=options.rate / count, delay=at * gap)
            for at in range(count)
        ]
    else:
        runs = [Run(waiting=deque(requests), rate=options.rate)] * count
    seconds = uvloop.run(load(runs, options.port))
    told = list({id(run): run for run in runs}.values())
    latencies = [round(each * 1000, 3) for run in told for each in run.latencies]
    statuses = sum((run.statuses for run in told), Counter[int]())
    json.dump({"seconds": seconds, "statuses": statuses, "latencies_ms": latencies}, sys.stdout)


if __name__ == "__main__":
    main()
