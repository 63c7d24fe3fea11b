"""The real Rasa: an environment of its own, a project that it checks and learns, and its server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.servers.ports import free_port

# Rasa 3.6.21 needs pkg_resources, and SQLAlchemy as it was before 2.
PINNED = ("rasa==3.6.21", "setuptools<81", "sqlalchemy<2")
_PATIENCE = 900.0  # seconds; importing TensorFlow on a machine at work takes minutes
_TIMEOUT = ClientTimeout(total=120)


@dataclass(frozen=True, kw_only=True)
class Rasa:
    """Rasa as installed in the environment `root`; `token` is that of our actions."""

    root: Path
    token: str

    @classmethod
    def install(cls, python: Path, root: Path, token: str) -> Rasa:
        """Make the environment of a Python 3.10, unless it is there; 2.7 GB."""
        if not (root / "bin" / "rasa").exists():
            subprocess.run([python, "-m", "venv", root], check=True)  # noqa: S603 - the Python that was named
            install: list[str | Path] = [
                root / "bin" / "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]
            subprocess.run([*install, "wheel", *PINNED], check=True)  # noqa: S603 - see above
        return cls(root=root, token=token)

    def run(self, project: Path, *arguments: str) -> float:
        """Run a command of Rasa in a project; the seconds it took. Raises CalledProcessError."""
        began = time.monotonic()
        with (project / f"{arguments[0]}.log").open("w") as log:
            command: list[str | Path] = [self.root / "bin" / "rasa", *arguments]
            subprocess.run(  # noqa: S603 - the environment that was made for it
                command, cwd=project, env=self._environment, stdout=log, stderr=log, check=True
            )
        return time.monotonic() - began

    @asynccontextmanager
    async def serve(self, project: Path) -> AsyncIterator[Server]:
        """Its server over the newest model of a project, on loopback; it ends with the block."""
        port, began = free_port(), time.monotonic()
        arguments = ("run", "--enable-api", "-i", "127.0.0.1", "-p", str(port))
        with (project / "run.log").open("w") as log:
            process = await asyncio.create_subprocess_exec(
                self.root / "bin" / "rasa",
                *arguments,
                cwd=project,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        try:
            async with ClientSession(timeout=_TIMEOUT) as session:
                server = Server(session=session, url=f"http://127.0.0.1:{port}", pid=process.pid)
                await server.until_ready(began + _PATIENCE)
                server.started = time.monotonic() - began
                yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                await process.wait()

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATOU_ACTIONS_TOKEN": self.token,
            "RASA_TELEMETRY_ENABLED": "false",
            "SANIC_WORKERS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }


@dataclass(kw_only=True)
class Server:
    """A server that runs; `started` is how long that took, in seconds."""

    session: ClientSession
    url: str
    pid: int
    started: float = 0.0

    async def until_ready(self, deadline: float) -> None:
        """Wait until it has its model; raises TimeoutError."""
        while time.monotonic() < deadline:
            try:
                async with self.session.get(f"{self.url}/status") as response:
                    if response.ok and (await response.json()).get("model_file"):
                        return
            except ClientError:
                pass
            await asyncio.sleep(1)
        raise TimeoutError

    async def parse(self, text: str) -> Any:
        """Its parse data of a text."""
        async with self.session.post(f"{self.url}/model/parse", json={"text": text}) as response:
            response.raise_for_status()
            return await response.json()

    async def say(self, sender: str, text: str) -> Sequence[dict[str, Any]]:
        """What it answers somebody: texts with their buttons."""
        message = {"sender": sender, "message": text}
        async with self.session.post(f"{self.url}/webhooks/rest/webhook", json=message) as response:
            response.raise_for_status()
            answers: list[dict[str, Any]] = await response.json()
            return answers

    @property
    def megabytes(self) -> int:
        """What it has in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) // 1024
