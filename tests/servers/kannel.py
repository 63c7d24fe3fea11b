"""Kannel: the real bearerbox and smsbox with the fake SMSC, and a small sendsms that misbehaves on demand."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from pathlib import Path
from textwrap import dedent
from urllib.parse import quote

from aiohttp import ClientSession, web

from tests.servers.ports import free_port

USER = "patou"
PASSWORD = "a-password-of-the-tests"
KEY = "a-key-of-the-tests"
_FAKE_SMSC = "/usr/lib/kannel/test/fakesmsc"
_FIELDS = {
    "username", "password", "from", "to", "text", "coding", "charset", "smsc", "dlr-mask", "dlr-url", "validity", "mclass",
}  # fmt: skip
_START_SECONDS = 15.0


class Kannel:
    """A gateway of this test's own, in `folder`; what the phone gets is read from `received`.

    `smsc` are the groups of another SMSC in place of the fake one.
    """

    def __init__(self, folder: Path, get_url: str, smsc: str = "") -> None:
        self.sendsms_port = free_port()
        self._folder = folder
        self._get_url = get_url
        self._smsc = smsc
        self._ports = [free_port() for _ in range(3)]
        self._processes: list[asyncio.subprocess.Process] = []
        self._readers: list[asyncio.Task[None]] = []
        self.received: asyncio.Queue[str] = asyncio.Queue()

    @property
    def sendsms_url(self) -> str:
        """What `sendsms_url` would be."""
        return f"http://127.0.0.1:{self.sendsms_port}/cgi-bin/sendsms"

    async def start(self) -> None:
        """Start both boxes and wait until they answer."""
        configuration = self._folder / "kannel.conf"
        configuration.write_text(self._configuration())
        await self._spawn("/usr/sbin/bearerbox", "-v", "4", str(configuration))
        await _until_open(self._ports[0])
        if not self._smsc:
            await _until_open(self._ports[2])
        await self._spawn("/usr/sbin/smsbox", "-v", "4", str(configuration))
        await _until_open(self.sendsms_port)

    async def stop(self) -> None:
        """End everything that was started."""
        for process in reversed(self._processes):
            if process.returncode is None:
                process.kill()
            await process.wait()
        for reader in self._readers:
            await reader

    async def send(self, sender: str, recipient: str, text: str) -> None:
        """Let the phone `sender` write; the fake SMSC stays to receive what comes back."""
        words = f"text {text}" if text.isascii() else f"ucs2 {quote(text.encode('utf-16-be'))}"
        message = f"{sender} {recipient} {words}"
        port = str(self._ports[2])
        await self._spawn(_FAKE_SMSC, "-H", "127.0.0.1", "-r", port, "-i", "0.1", "-m", "1", message)

    async def _spawn(self, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            cwd=self._folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._processes.append(process)
        self._readers.append(asyncio.create_task(self._read(process)))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self.received.put_nowait(line.decode("utf-8", "replace").rstrip())

    def _configuration(self) -> str:
        admin, box, smsc = self._ports
        fake = dedent(
            f"""\
            group = smsc
            smsc = fake
            smsc-id = fake
            port = {smsc}
            connect-allow-ip = 127.0.0.1
            """
        )
        boxes = dedent(
            f"""\
            group = core
            admin-port = {admin}
            admin-password = x
            admin-interface = 127.0.0.1
            smsbox-port = {box}
            smsbox-interface = 127.0.0.1
            box-allow-ip = "127.0.0.1"
            log-level = 4

            group = smsbox
            bearerbox-host = 127.0.0.1
            sendsms-port = {self.sendsms_port}
            sendsms-interface = 127.0.0.1
            log-level = 4

            group = sendsms-user
            username = {USER}
            password = {PASSWORD}
            max-messages = 10
            concatenation = true

            group = sms-service
            keyword = default
            max-messages = 0
            omit-empty = true
            catch-all = true
            get-url = "{self._get_url}"
            """
        )
        return f"{boxes}\n{self._smsc or fake}"


class SendsmsServer:
    """A strict `sendsms`; `plan` says how the next calls go: ok, queued, an HTTP status, hang or lose."""

    def __init__(self, session: ClientSession) -> None:
        self.port = free_port()
        self.plan: deque[str | int] = deque()
        self.messages: list[dict[str, str]] = []
        self.calls = 0
        self._session = session
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """What `sendsms_url` would be."""
        return f"http://127.0.0.1:{self.port}/cgi-bin/sendsms"

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes([web.get("/cgi-bin/sendsms", self._send)])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Let go of whoever hangs, and close."""
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def call_back(self, message: dict[str, str], kind: str) -> int:
        """Call the message's dlr-url with a kind of report; the status of the answer."""
        async with self._session.get(re.sub("%d", kind, message["dlr-url"])) as response:
            assert await response.read() == b""
            return response.status

    async def _send(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        fields = dict(request.query)
        if (fields.get("username"), fields.get("password")) != (USER, PASSWORD):
            return web.Response(status=403, text="Authorization failed for sendsms")
        if fields.keys() - _FIELDS or len(fields) != len(request.query):
            return web.Response(status=400, text="Unknown field")
        if not fields.get("to"):
            return web.Response(status=400, text="Missing receiver number, rejected")
        outcome = self.plan.popleft() if self.plan else "ok"
        if outcome == "hang":
            await self._closing.wait()
        if isinstance(outcome, int):
            return web.Response(status=outcome, text="refused")
        self.messages.append(fields)
        if outcome == "lose":
            assert request.transport is not None
            request.transport.abort()
        text = "3: Queued for later delivery" if outcome == "queued" else "0: Accepted for delivery"
        return web.Response(status=202, text=text)


async def _until_open(port: int) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
