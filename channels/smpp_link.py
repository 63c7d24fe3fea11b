"""One connection to an SMSC: bound, kept alive, with a window of requests under way."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from bot.errors import PatouError
from channels.smpp_pdu import RESPONSE, BadPdu, Command, Pdu, Status, bind_body, read_pdu

# What an SMSC may bring at once before the connection is read no further.
_BROUGHT = 200
_LAST_SEQUENCE = 0x7FFFFFFF
_LEAVE_SECONDS = 2.0
_REFUSED = (Status.BIND_FAILED, Status.BAD_PASSWORD, Status.BAD_SYSTEM_ID)

log = structlog.get_logger()


class NotBound(PatouError):
    """Nothing can be sent now; nothing was."""


@dataclass
class LinkLost(PatouError):
    """The connection ended, or never came about; what was under way may have been taken."""

    reason: str
    was_bound: bool = False

    def __str__(self) -> str:
        return self.reason


class NoAnswer(PatouError):
    """The SMSC did not answer in time; it may have taken the request."""


@dataclass
class BindRefused(PatouError):
    """The SMSC does not let us in; `status` says why."""

    status: int

    @property
    def of_account(self) -> bool:
        """Whether the account itself is refused: to ask again soon might have it locked."""
        return self.status in _REFUSED

    def __str__(self) -> str:
        return f"0x{self.status:02X}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Where an SMSC listens, and as whom we bind."""

    host: str
    port: int
    tls: bool
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    address_range: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timers:
    """In seconds: to connect and bind, to wait for an answer, and of silence before we ask whether it is there."""

    connect: float = 10.0
    answer: float = 10.0
    enquire: float = 30.0


Brought = Callable[[Pdu], Awaitable[int]]


class Link:
    """One connection, of one kind of bind. `brought` is called for every message; its result is the answer's status.

    What was brought is worked on in tasks that are added to `tasks`: they outlive the connection, and are the
    caller's to end.
    """

    def __init__(
        self,
        account: Account,
        command: Command,
        window: int,
        timers: Timers,
        brought: Brought,
        tasks: set[asyncio.Task[None]],
    ) -> None:
        self._account = account
        self._command = command
        self._timers = timers
        self._brought = brought
        self._tasks = tasks
        self._window = asyncio.Semaphore(window)
        self._places = asyncio.Semaphore(_BROUGHT)
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._writer: StreamWriter | None = None
        self._heard = False
        self._bound = False

    @property
    def sends(self) -> bool:
        """Whether messages can leave by it now."""
        return self._bound and self._command != Command.BIND_RECEIVER

    @property
    def under_way(self) -> int:
        """Requests that wait for their answers."""
        return len(self._waiting)

    async def hold(self, once_bound: Callable[[], None]) -> None:
        """Connect, bind, and serve until it ends. Raises LinkLost, BindRefused; when cancelled, it unbinds first."""
        try:
            reader = await self._open()
            self._bound = True
            once_bound()
            await self._serve(reader)
        except asyncio.CancelledError:
            await self._leave()
            raise
        finally:
            self._bound = False
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(LinkLost("ended"))
            await self._close()

    async def try_bind(self) -> None:
        """Bind, and leave again. Raises LinkLost, BindRefused."""
        try:
            await self._open()
            self._write(Pdu(command=Command.UNBIND, sequence=self._next()))
        finally:
            await self._close()

    async def request(self, command: Command, body: bytes, patience: float) -> Pdu:
        """The answer to a request, which waits that many seconds for its place in the window.

        Raises NotBound when it was not sent, LinkLost and NoAnswer when it was.
        """
        try:
            async with asyncio.timeout(patience):
                await self._window.acquire()
        except TimeoutError:
            raise NotBound from None
        try:
            if not self._bound:
                raise NotBound
            return await self._request(command, body)
        finally:
            self._window.release()

    async def _open(self) -> StreamReader:
        account = self._account
        secure = ssl.create_default_context() if account.tls else None
        try:
            async with asyncio.timeout(self._timers.connect):
                reader, self._writer = await asyncio.open_connection(account.host, account.port, ssl=secure)
                await self._bind(reader)
        except (OSError, asyncio.IncompleteReadError, BadPdu, TimeoutError) as error:
            raise LinkLost(type(error).__name__) from None
        return reader

    async def _bind(self, reader: StreamReader) -> None:
        account = self._account
        body = bind_body(account.system_id, account.password, account.system_type, account.address_range)
        self._write(Pdu(command=self._command, sequence=self._next(), body=body))
        answer = await read_pdu(reader)
        while not answer.is_response:
            answer = await read_pdu(reader)
        if answer.status or answer.command == RESPONSE:
            raise BindRefused(answer.status or Status.BIND_FAILED)

    async def _serve(self, reader: StreamReader) -> None:
        """Read, and ask after silences, until either ends in an error."""
        both = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._enquire())]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _read(self, reader: StreamReader) -> None:
        try:
            while True:
                await self._take(await read_pdu(reader))
        except BadPdu as error:
            # Where the next unit begins is unknown: only a new connection helps.
            self._answer(RESPONSE, 0, error.status)
            raise LinkLost(error.reason) from None
        except (OSError, asyncio.IncompleteReadError):
            raise LinkLost("closed") from None

    async def _take(self, pdu: Pdu) -> None:
        self._heard = True
        if pdu.is_response:
            waiting = self._waiting.get(pdu.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(pdu)
        elif pdu.command in (Command.DELIVER_SM, Command.DATA_SM):
            await self._places.acquire()
            task = asyncio.create_task(self._bring(pdu))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif pdu.command in (Command.ENQUIRE_LINK, Command.UNBIND):
            self._answer(pdu.command | RESPONSE, pdu.sequence)
            if pdu.command == Command.UNBIND:
                raise LinkLost("unbound")
        elif pdu.command != Command.ALERT_NOTIFICATION:
            self._answer(RESPONSE, pdu.sequence, Status.BAD_COMMAND)

    async def _bring(self, pdu: Pdu) -> None:
        """Hand in one message, and answer when that is done, whatever happened."""
        try:
            status = await self._brought(pdu)
        except Exception:
            log.exception("smpp.fault")
            status = Status.TRY_LATER
        finally:
            self._places.release()
        # It has a field for an id, which is empty (4.6.2).
        self._answer(pdu.command | RESPONSE, pdu.sequence, status, b"\0")

    async def _enquire(self) -> None:
        """Ask after each silence. Raises LinkLost when nothing comes back."""
        while True:
            self._heard = False
            await asyncio.sleep(self._timers.enquire)
            if self._heard:
                continue
            try:
                await self._request(Command.ENQUIRE_LINK, b"")
            except NoAnswer:
                raise LinkLost("silent") from None
            except NotBound:
                raise LinkLost("closed") from None

    async def _leave(self) -> None:
        """Answer what was brought, as far as that is soon done, and say that we go."""
        if not self._bound:
            return
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_LEAVE_SECONDS)
        with suppress(NotBound):
            self._write(Pdu(command=Command.UNBIND, sequence=self._next()))

    async def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _request(self, command: Command, body: bytes) -> Pdu:
        sequence = self._next()
        waiting: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = waiting
        try:
            self._write(Pdu(command=command, sequence=sequence, body=body))
            async with asyncio.timeout(self._timers.answer):
                return await waiting
        except TimeoutError:
            raise NoAnswer from None
        finally:
            del self._waiting[sequence]

    def _answer(self, command: int, sequence: int, status: int = 0, body: bytes = b"") -> None:
        with suppress(NotBound):
            self._write(Pdu(command=command, sequence=sequence, status=status, body=body))

    def _write(self, pdu: Pdu) -> None:
        if self._writer is None or self._writer.is_closing():
            raise NotBound
        self._writer.write(pdu.encode())

    def _next(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence
