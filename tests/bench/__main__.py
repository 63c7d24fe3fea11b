"""`make bench`: measures beside the bare figures of the same run; writes docs/benchmarks.md and .json.

A figure of a noisy machine means little alone: what counts is its ratio to the bare one.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import ClientSession

from tests.bench.channels import reading
from tests.bench.cutting import cutting
from tests.bench.lengths import longest_in_lao
from tests.bench.pacing import pacing
from tests.bench.processes import load, own_folder, resident, running, serving, whole
from tests.bench.rows import Row
from tests.bench.smpp import smpp
from tests.bench.traffic import PUBLIC_URL, webhooks
from tests.bench.understanding import understood
from tests.bench.ussd import dialling
from tests.bench.web_chat import waiting
from tests.system.models import train
from tests.system.server import PatouServer, Setup

DOCS = Path(__file__).parents[2] / "docs"
ROUNDS = 3
MESSAGES, SLICES = 6000, 12
_BARE_TO_ONE = 6  # so many requests to the bare handler take half as long as one to the server
CONNECTIONS = 16
STEADY_RATE, STEADY_SECONDS = 300, 20


async def measure(folder: Path) -> list[Row]:
    """All figures, in the order of the table."""
    models = folder / "models"
    models.mkdir()
    await train(models)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        provider = await stack.enter_async_context(running("tests.bench.provider", session))
        bare = await stack.enter_async_context(running("tests.bench.bare", session))
        environ = {"PATOU_PUBLIC_URL": PUBLIC_URL}
        setup = Setup(folder=folder, models=models, twilio_url=provider, environ=environ)
        rows = await _throughput(setup, session, bare, all_new=False)
        rows += await _throughput(setup, session, bare, all_new=True)
        rows += await _steady(setup, session, provider)
        rows += await _start(setup, session)
        async with serving(own_folder(setup, "web_chat"), session) as server:
            rows += await waiting(server.url)
        rows += await dialling(setup, session, bare)
    rows += cutting(DOCS.parent / "nlu_data") + await understood()
    return rows + await reading() + await pacing() + await smpp() + await longest_in_lao()


async def _throughput(setup: Setup, session: ClientSession, bare: str, *, all_new: bool) -> list[Row]:
    """Webhooks a second, slice by slice in turn with the bare handler, as the machine's speed changes by the second."""
    own, loaded = [], []
    async with serving(own_folder(setup, f"throughput-{all_new:d}"), session) as server:
        # The first turns compile statements; a server is measured warm.
        await load(server.url, list(webhooks(200, all_new=all_new)), CONNECTIONS)
        requests = list(webhooks(MESSAGES, start=10_000, all_new=all_new))
        plain = list(webhooks(MESSAGES // SLICES * _BARE_TO_ONE, all_new=all_new))
        for first in range(0, MESSAGES, MESSAGES // SLICES):
            own.append(await load(bare, plain, CONNECTIONS))
            loaded.append(await load(server.url, requests[first : first + MESSAGES // SLICES], CONNECTIONS))
        assert {status for each in loaded for status in each.statuses} == {"200"}, loaded
        assert await _answered(server) == MESSAGES + 200
    ours, others = whole(loaded), whole(own)
    texts = "every text for the first time" if all_new else "a quarter of the texts for the first time"
    return [
        Row(
            what=f"Signed Twilio webhooks answered 2xx after the commit, one process, SQLite FULL; {texts}",
            figure=f"{ours.rate:,.0f}/s",
            bare=f"{others.rate:,.0f}/s",
            ratio=f"{ours.rate / others.rate:.3f}",
        ),
        Row(
            what=f"… p50 / p99 of an answer at {CONNECTIONS} connections without pause",
            figure=f"{ours.percentile(50):.1f} / {ours.percentile(99):.1f} ms",
            bare=f"{others.percentile(50):.1f} / {others.percentile(99):.1f} ms",
        ),
    ]


async def _steady(setup: Setup, session: ClientSession, provider: str) -> list[Row]:
    """At a given rate: how long answers take, and whether anything is left behind."""
    before = int(await _text(session, f"{provider}/taken"))
    async with serving(own_folder(setup, "steady"), session) as server:
        await load(server.url, list(webhooks(200)), CONNECTIONS)
        count = STEADY_RATE * STEADY_SECONDS
        requests = list(webhooks(count, start=10_000))
        loaded = await load(server.url, requests, CONNECTIONS, rate=STEADY_RATE)
        at_once = int(await _text(session, f"{provider}/taken")) - before - 200
        waiting = sum(each["state"] == "pending" for each in await server.export("inbox"))
    return [
        Row(
            what=f"p50 / p99 of an answer at {STEADY_RATE}/s for {STEADY_SECONDS} s",
            figure=f"{loaded.percentile(50):.1f} / {loaded.percentile(99):.1f} ms",
        ),
        Row(
            what="… answered 2xx; the rest were told 503 and to come again",
            figure=f"{loaded.statuses.get('200', 0):,} of {count:,}",
        ),
        Row(what="… in the inbox without an answer afterwards", figure=f"{waiting:,}"),
        Row(
            what="… replies with the provider when the last webhook was answered",
            figure=f"{at_once:,} of {count:,}",
        ),
    ]


async def _start(setup: Setup, session: ClientSession) -> list[Row]:
    """From the command to ready with a warm model, and what the process then weighs."""
    seconds = []
    async with serving(own_folder(setup, "start"), session) as server:
        for _ in range(ROUNDS):
            await server.stop()
            began = time.perf_counter()
            await server.start()
            seconds.append(time.perf_counter() - began)
        await load(server.url, list(webhooks(1000)), CONNECTIONS)
        weight = resident(server.process)
    python = await _bare_start()
    return [
        Row(
            what="Ready with a warm model",
            figure=f"{statistics.median(seconds):.2f} s",
            bare=f"{python:.2f} s (Python importing aiohttp, rasa_sdk, sqlalchemy)",
            ratio=f"{statistics.median(seconds) / python:.1f}",
        ),
        Row(what="Resident after 1,000 messages", figure=f"{weight:.0f} MB"),
    ]


async def _bare_start() -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import aiohttp, rasa_sdk, sqlalchemy, numpy"
    )
    await process.wait()
    return time.perf_counter() - began


async def _answered(server: PatouServer) -> int:
    """How many messages of the inbox are answered; the rest would be a backlog."""
    return sum(each["state"] == "done" for each in await server.export("inbox"))


async def _text(session: ClientSession, url: str) -> str:
    async with session.get(url) as response:
        return await response.text()


def write(rows: Sequence[Row]) -> None:
    """The page and its JSON."""
    machine = f"{platform.machine()}, Python {platform.python_version()}, {platform.system()}"
    lines = [
        "# Benchmarks",
        "",
        "`make bench` writes this page. The bare figure was measured in the same run on the same machine;",
        "the ratio is what counts. The bare webhook handler is aiohttp reading the form and nothing else.",
        "",
        f"Machine: {machine}.",
        "",
        "| what | Patou | bare | ratio |",
        "|---|---|---|---|",
        *(f"| {row.what} | {row.figure} | {row.bare} | {row.ratio} |" for row in rows),
        "",
    ]
    (DOCS / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")
    fields = [{"what": row.what, "figure": row.figure, "bare": row.bare, "ratio": row.ratio} for row in rows]
    text = json.dumps({"machine": machine, "rows": fields}, indent=1)
    (DOCS / "benchmarks.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write("\n".join(lines[8:]) + "\n")


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory(prefix="patou-bench-") as folder:
        write(asyncio.run(measure(Path(folder))))


if __name__ == "__main__":
    main()
