"""smpp34's SMSC, which takes everything, and brings messages and receipts until they are answered; and a network to cut."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import smpp34

from tests.servers.ports import free_port

_REFERENCE = 0x0204
_RETRY_SECONDS = 0.05
_ANSWER_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """A deliver_sm that is still to be answered."""

    source: str
    to: str
    octets: bytes
    fields: dict[str, Any] = field(default_factory=dict)


class RustSmsc:
    """`taken` are the octets of every message that it took, in order, with whom they were for."""

    def __init__(self, *, receipts: bool = True) -> None:
        self.port = free_port()
        self.taken: list[tuple[str, bytes]] = []
        self.answered = 0
        self._receipts = receipts
        self._server = smpp34.Server("127.0.0.1", self.port, system_id="rust")
        self._sessions: dict[str, smpp34.Esme] = {}
        self._waiting: asyncio.Queue[Brought] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._ids = count(1)

    async def start(self, lanes: int = 8) -> None:
        """Listen; what is to be brought goes in so many lanes."""
        await self._server.start()
        self._tasks = [asyncio.create_task(self._listen())]
        self._tasks += [asyncio.create_task(self._bring()) for _ in range(lanes)]

    async def stop(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.stop()

    def bring(self, messages: Iterable[Brought]) -> None:
        """Bring these, each until it is answered with success."""
        for each in messages:
            self._waiting.put_nowait(each)

    async def _listen(self) -> None:
        while True:
            event = await self._server.next()
            if isinstance(event, smpp34.Esme):
                self._sessions[event.session_id] = event
            elif isinstance(event, smpp34.Unbound):
                self._sessions.pop(event.session_id, None)
            else:
                self._take(event)

    def _take(self, event: smpp34.SubmitSmEvent) -> None:
        number = str(next(self._ids))
        self.taken.append((event.destination_addr, event.short_message))
        with suppress(smpp34.SmppError):
            event.accept(number)
        if self._receipts and event.registered_delivery:
            text = f"id:{number:0>10} sub:001 dlvrd:001 submit date:2603020300 done date:2603020300 stat:DELIVRD err:000 text:"
            tlvs = [tlv for tlv in event.tlvs if tlv.tag == _REFERENCE]
            self.bring(
                [
                    Brought(
                        source=event.destination_addr,
                        to=event.source_addr,
                        octets=text.encode(),
                        fields={"esm_class": 0x04, "tlvs": tlvs},
                    )
                ]
            )

    async def _bring(self) -> None:
        while True:
            each = await self._waiting.get()
            if await self._deliver(each):
                self.answered += 1
            else:
                self._waiting.put_nowait(each)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _deliver(self, each: Brought) -> bool:
        session = next(
            (session for session in reversed(self._sessions.values()) if session.can_receive), None
        )
        if session is None:
            return False
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await session.deliver_sm(
                    each.to, each.octets, source_addr=each.source, source_addr_ton=1, **each.fields
                )
        except (smpp34.SmppError, TimeoutError, RuntimeError):
            return False
        return answer.is_success


class Network:
    """A way to a port that can be cut in the middle of anything."""

    def __init__(self, to: int) -> None:
        self.port = free_port()
        self._to = to
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """End."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Cut every connection; what is under way in either direction is gone."""
        for writer in self._writers:
            writer.transport.abort()

    async def _connect(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(there, writer), return_exceptions=True)
        for each in (writer, back):
            self._writers.discard(each)
            each.close()
            with suppress(OSError):
                await each.wait_closed()
        self._tasks.discard(task)


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()
