"""The real `patou serve` in a process of its own, with everything that a test does to a process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.config import load_config
from cli.export import EXPORTS
from composition.store import open_store
from tests.servers import kannel, twilio
from tests.servers.ports import free_port

PATIENCE = 60.0  # seconds for what takes one on a machine with nothing else to do
_PATOU = Path(sys.executable).with_name("patou")
_POLL_SECONDS = 0.02
_START_POLL_SECONDS = 0.1


async def until(
    condition: Callable[[], Awaitable[bool]],
    what: str,
    seconds: float = PATIENCE,
    pause: float = _POLL_SECONDS,
) -> None:
    """Wait until it is so; fails with `what` when it takes too long."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - what is waited for is another process
                await asyncio.sleep(pause)
    except TimeoutError:
        raise AssertionError(f"still waiting for: {what}") from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """Where a server lives and what is around it; `environ` adds settings or secrets."""

    folder: Path
    models: Path
    twilio_url: str
    sendsms_url: str = "http://127.0.0.1:9/cgi-bin/sendsms"
    database_url: str = ""
    redis_url: str = ""
    data: str = "data"
    provider_seconds: float = 5.0
    grace: float = 10.0
    environ: Mapping[str, str] = field(default_factory=dict)


class PatouServer:
    """One installation on a port of its own; it may be killed and started as often as a test likes."""

    def __init__(self, setup: Setup, session: ClientSession) -> None:
        self.setup = setup
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = setup.folder / setup.data
        self.log_file = setup.folder / "log.jsonl"
        self._session = session
        self._process: asyncio.subprocess.Process | None = None
        self._prepare()

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        await self.launch()
        await until(self.is_ready, "the server to be ready", pause=_START_POLL_SECONDS)

    async def launch(self) -> None:
        """Start without waiting."""
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(_PATOU), "serve", "--port", str(self.port)),
                cwd=self.setup.folder,
                env=self.environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
            )

    async def is_ready(self) -> bool:
        """Whether it says so; fails when the process has ended by itself."""
        assert self.is_running, self.log_file.read_text("utf-8")[-3000:]
        return await self.status("/health/ready") == 200

    async def status(self, path: str) -> int:
        """The status that a GET is answered with; 0 where nobody answers."""
        try:
            async with self._session.get(self.url + path, timeout=ClientTimeout(total=5)) as response:
                return response.status
        except (ClientError, TimeoutError):
            return 0

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def process(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        """SIGKILL."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        return await self._end(signal.SIGTERM)

    async def close(self) -> None:
        """Make sure that nothing is left running."""
        if self.is_running:
            await self.kill()

    async def ended(self) -> int:
        """Wait for the process to end; its exit code."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def command(self, *arguments: str) -> Finished:
        """Run another `patou` command of the same installation."""
        process = await asyncio.create_subprocess_exec(
            *(str(_PATOU), *arguments),
            cwd=self.setup.folder,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Finished(code=process.returncode, out=out.decode(), err=err.decode())

    async def export(self, what: str) -> list[dict[str, Any]]:
        """What `patou export --decrypt` prints, without a process that takes seconds to start."""
        async with open_store(load_config(self.environ), maintenance=True) as (db, vault):
            return [json.loads(orjson.dumps(record)) async for record in EXPORTS[what](db, vault)]

    @property
    def log(self) -> list[dict[str, Any]]:
        """Everything logged since the first start; each line is a JSON object."""
        return [json.loads(line) for line in self.log_file.read_text("utf-8").splitlines()]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the process and of its commands: nothing of ours leaks in."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
        settings = {
            "PATOU_DATA_DIR": str(self.data),
            "PATOU_DATABASE_URL": self.setup.database_url,
            "PATOU_REDIS_URL": self.setup.redis_url,
            "PATOU_PUBLIC_URL": self.url,
            "PATOU_ANCHOR_FILE": str(self.setup.folder / "anchors.jsonl"),
            "PATOU_GRACE_SECONDS": str(self.setup.grace),
            "PATOU_DAILY_PARTS": "1000000",
            "TWILIO_TOKEN": twilio.TOKEN,
            "KANNEL_PASSWORD": kannel.PASSWORD,
            "KANNEL_KEY": kannel.KEY,
        }
        return {**kept, **settings, **self.setup.environ}

    def _prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        (self.data / "models").symlink_to(self.setup.models)
        (self.setup.folder / "channels.toml").write_text(
            dedent(f"""\
            [channels.twilio]
            kind = "twilio"
            account_sid = "{twilio.ACCOUNT}"
            auth_token = "env:TWILIO_TOKEN"
            sender = "{twilio.NUMBER}"
            api_url = "{self.setup.twilio_url}"
            timeout = {self.setup.provider_seconds}

            [channels.kannel]
            kind = "kannel"
            sendsms_url = "{self.setup.sendsms_url}"
            username = "{kannel.USER}"
            password = "env:KANNEL_PASSWORD"
            key = "env:KANNEL_KEY"
            sender = "1500"
            timeout = {self.setup.provider_seconds}
            """)
        )

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return await self.ended()
