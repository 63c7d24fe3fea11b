"""How long a screen takes when many dial at once, and what sessions left open weigh.

`python -m tests.bench.ussd [SESSIONS]` measures this alone, with so many sessions left open.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import ClientSession

from tests.bench.processes import Loaded, load, own_folder, resident, running, serving
from tests.bench.rows import Row
from tests.servers.ussd_gateway import CODE, KEY
from tests.system.models import train
from tests.system.server import Setup

OPEN = 10_000
PHONES = 50
_ROUNDS = 2  # sessions of one phone, one after the other
_READING = 1.0  # seconds from screen to screen: nobody is faster
_SECTION = f"""[channels.ussd]
kind = "ussd"
dialect = "africastalking"
codes = ["{CODE}"]
key = "env:USSD_KEY"
"""
# From the main menu into two of its goals, up again, and what nobody offers.
_TYPED = ("", "1", "1*1", "1*1*1", "1*1*1*00", "1*1*1*00*2", "1*1*1*00*2*0", "1*1*1*00*2*0*passport fee")


async def dialling(setup: Setup, session: ClientSession, bare: str, sessions: int = OPEN) -> list[Row]:
    """The rows, for a server with a USSD channel beside the bare handler at its address."""
    own = own_folder(setup, "ussd")
    channels = own.folder / "ussd.toml"
    channels.write_text(_SECTION, "utf-8")
    own = replace(own, environ={**own.environ, "USSD_KEY": KEY, "PATOU_CHANNELS": str(channels)})
    async with serving(own, session) as server:
        # The first turns compile statements; a server is measured warm.
        await load(server.url, list(_talks(1_000, 1)), PHONES, dealt=True)
        talks = list(_talks(2_000, _ROUNDS))
        paced = await load(server.url, talks, PHONES, rate=PHONES / _READING, dealt=True)
        rushed = await load(server.url, list(_talks(3_000, _ROUNDS)), PHONES, dealt=True)
        before = resident(server.process)
        opened = await load(server.url, list(_dials(sessions)), PHONES)
        after = resident(server.process)
    for each in (paced, rushed, opened):
        assert each.statuses.keys() == {"200"}, each.statuses
    beside = await load(bare, talks, PHONES, rate=PHONES / _READING, dealt=True)
    rush = await load(bare, talks, PHONES, dealt=True)
    return [
        _row(f"USSD at {PHONES} sessions, a screen a second each: p50 / p99 of a turn", paced, beside),
        _row("… without a pause between screens", rushed, rush),
        Row(what=f"Memory of {sessions:,} sessions left open", figure=f"{after - before:+.0f} MB"),
    ]


def _row(what: str, loaded: Loaded, bare: Loaded) -> Row:
    return Row(
        what=what,
        figure=f"{loaded.percentile(50):.1f} / {loaded.percentile(99):.1f} ms",
        bare=f"{bare.percentile(50):.1f} / {bare.percentile(99):.1f} ms",
        ratio=f"{loaded.percentile(99) / bare.percentile(99):.1f}",
    )


def _talks(start: int, rounds: int) -> Iterator[bytes]:
    """Sessions of as many phones side by side: the first screen of all, the second of all, and so on."""
    for turn in range(rounds):
        for typed in _TYPED:
            for phone in range(start, start + PHONES):
                yield _request(f"t{turn}-{phone}", phone, typed)


def _dials(count: int) -> Iterator[bytes]:
    """So many other people dial, and leave it at that."""
    return (_request(f"d{phone}", phone, "") for phone in range(10_000, 10_000 + count))


def _request(session: str, phone: int, typed: str) -> bytes:
    fields = {
        "sessionId": session,
        "serviceCode": CODE,
        "phoneNumber": f"+85620{55_000_000 + phone}",
        "text": typed,
    }
    body = urlencode(fields).encode()
    head = (
        f"POST /channels/ussd/ussd?key={KEY} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    return struct.pack(">I", len(request)) + request


async def measure(folder: Path, sessions: int) -> Sequence[Row]:
    """The rows, with everything that they need."""
    models = folder / "models"
    models.mkdir()
    await train(models)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        bare = await stack.enter_async_context(running("tests.bench.bare", session))
        setup = Setup(folder=folder, models=models, twilio_url=bare)
        return await dialling(setup, session, bare, sessions)


def main() -> None:
    """Measure and print."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else OPEN
    with tempfile.TemporaryDirectory(prefix="patou-bench-") as folder:
        for row in asyncio.run(measure(Path(folder), sessions)):
            sys.stdout.write(f"{row.what} | {row.figure} | {row.bare} | {row.ratio}\n")


if __name__ == "__main__":
    main()
