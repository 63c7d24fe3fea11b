"""Where strangers' files are opened: each in a process of its own, so that none can take the server down."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.files.cleaner import REFUSED
from bot.files.errors import NotKept, Reason
from bot.files.kinds import KEPT
from bot.messages import MediaKind

_SECONDS = 40.0
_MOST_BYTES = 32 * 1024 * 1024
_LONGEST_HEAD = 100

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanFile:
    """A file that was written anew: what it is by its own bytes, and those."""

    media_type: str
    data: bytes

    @property
    def kind(self) -> MediaKind:
        """The kind of thing that it is, whatever its sender said."""
        return KEPT[self.media_type][0]


class Workshop:
    """Makes files safe; at most `places` at once."""

    def __init__(self, places: int = 1, seconds: float = _SECONDS) -> None:
        self._places = asyncio.Semaphore(places)
        self._seconds = seconds

    async def clean(self, data: bytes) -> CleanFile:
        """The file as it is kept. Raises NotKept; a file at which the process ends badly is unreadable."""
        async with self._places:
            # Without our environment: nothing that opens a file needs our secrets.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.files.cleaner", stdin=PIPE, stdout=PIPE, stderr=PIPE, env={}
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._seconds):
                    told = await _conversation(process, data)
            except TimeoutError:
                raise NotKept(Reason.UNREADABLE) from None
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                code = await process.wait()
        return _understood(code, told)


async def _conversation(process: Process, data: bytes) -> bytes:
    """Hand in the file and read what comes back, no more of it than any clean file has."""
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise NotKept(Reason.UNREADABLE)
    complaint = asyncio.create_task(_read(stderr))
    answer = asyncio.create_task(_read(stdout))
    try:
        with suppress(ConnectionError):
            stdin.write(data)
            await stdin.drain()
            stdin.close()
        told = await answer
        await complaint
        await process.wait()
    finally:
        answer.cancel()
        complaint.cancel()
    return told


async def _read(stream: asyncio.StreamReader) -> bytes:
    """All that comes; what is longer than a clean file can be is cut, and so is none."""
    read = bytearray()
    while chunk := await stream.read(1 << 16):
        if len(read) <= _MOST_BYTES:
            read += chunk
    return bytes(read)


def _understood(code: int, told: bytes) -> CleanFile:
    if code == REFUSED and told.decode("ascii", "replace") in set(Reason):
        raise NotKept(Reason(told.decode("ascii")))
    end = told.find(b"\n", 0, _LONGEST_HEAD)
    media_type = told[: max(end, 0)].decode("ascii", "replace")
    if code or media_type not in KEPT or len(told) > _MOST_BYTES:
        log.info("workshop.unreadable", code=code)
        raise NotKept(Reason.UNREADABLE)
    return CleanFile(media_type=media_type, data=told[end + 1 :])
