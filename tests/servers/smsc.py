"""A small, strict SMSC: checks what an operator's does, and misbehaves on demand. Its PDUs are read and written by smpp34."""

from __future__ import annotations

import asyncio
import struct
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import smpp34
from smsutil.codecs import GSM0338Codec

from tests.servers.ports import free_port

SYSTEM_ID, PASSWORD = "patou", "a-secret"
BINDS = {0x01: "receiver", 0x02: "transmitter", 0x09: "transceiver"}
_HEADER = struct.Struct(">IIII")
_SUBMIT, _DELIVER, _UNBIND, _ENQUIRE = 0x04, 0x05, 0x06, 0x15
_RESPONSE = 0x80000000
_BAD_PASSWORD = 0x0E
UCS2 = 8
# Another author's table of the alphabet.
_GSM = GSM0338Codec()


@dataclass
class Session:
    """One connection that is bound."""

    kind: str
    writer: StreamWriter
    waiting: dict[int, asyncio.Future[int]] = field(default_factory=dict)


class Smsc:
    """`plan` takes ok, a status, hang, lose (takes the message and cuts the link) or cut (does not take it).

    Ids are counted from `first_id`, and written by `id_form`. `refusals` are the statuses of the next binds.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.plan: deque[str | int] = deque()
        self.refusals: deque[int] = deque()
        self.messages: list[dict[str, Any]] = []
        self.binds: list[str] = []
        self.sessions: list[Session] = []
        self.id_form = "{:d}"
        self.first_id = 1000
        self.enquiries = 0
        self.silent = False
        self._numbers = count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Cut every link, and close."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Cut every link, as a network does."""
        for session in self.sessions:
            session.writer.transport.abort()
        self.sessions.clear()

    async def deliver(
        self, text: bytes = b"", *, source: str = "8562055512345", to: str = "1500", **more: Any
    ) -> int:
        """Bring a message; the status of the answer."""
        tlvs = [smpp34.Tlv(tag, value) for tag, value in more.pop("tlvs", {}).items()]
        fields: dict[str, Any] = {"source_addr_ton": 1, "source_addr_npi": 1, "tlvs": tlvs} | more
        pdu = smpp34.DeliverSm(source, to, text, **fields)
        return await self.bring(pdu.encode()[_HEADER.size :])

    async def bring(self, body: bytes, command: int = _DELIVER) -> int:
        """Bring the body of a PDU as it is; the status of the answer."""
        session = next(each for each in self.sessions if each.kind != "transmitter")
        sequence = next(self._numbers)
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        session.waiting[sequence] = waiting
        session.writer.write(_pdu(command, 0, sequence, body))
        async with asyncio.timeout(20):
            return await waiting

    def raw(self, data: bytes) -> None:
        """Write bytes that need not be a PDU."""
        self.sessions[0].writer.write(data)

    async def receipt(self, number: int, word: str, **more: Any) -> int:
        """Tell what became of the message with this place in `messages`, by the text alone."""
        message = self.messages[number]
        told = more.pop("id", message["id"])
        text = (
            f"id:{told} sub:001 dlvrd:001 submit date:2603020300 done date:2603020301 stat:{word} err:000 "
            f"text:{message['text'][:20] if message['text'].isascii() else ''}"
        )
        settings = {"esm_class": 0x04} | more
        return await self.deliver(text.encode(), source=message["to"], to="1500", **settings)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        session = None
        try:
            session = await self._bind(reader, writer)
            while session is not None:
                await self._answer(session, await _read(reader))
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            if session in self.sessions:
                self.sessions.remove(session)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _bind(self, reader: StreamReader, writer: StreamWriter) -> Session | None:
        command, _, sequence, body = await _read(reader)
        system_id, password = body.split(b"\0")[:2]
        known = (system_id.decode(), password.decode()) == (SYSTEM_ID, PASSWORD)
        status = self.refusals.popleft() if self.refusals else 0 if known else _BAD_PASSWORD
        writer.write(_pdu(command | _RESPONSE, status, sequence, b"smsc\0"))
        if status:
            await writer.drain()
            return None
        session = Session(kind=BINDS[command], writer=writer)
        self.binds.append(session.kind)
        self.sessions.append(session)
        return session

    async def _answer(self, session: Session, pdu: tuple[int, int, int, bytes]) -> None:
        command, status, sequence, body = pdu
        if command & _RESPONSE:
            waiting = session.waiting.pop(sequence, None)
            if waiting is not None:
                waiting.set_result(status)
        elif command == _ENQUIRE:
            self.enquiries += 1
            if not self.silent:
                session.writer.write(_pdu(command | _RESPONSE, 0, sequence, b""))
        elif command == _UNBIND:
            session.writer.write(_pdu(command | _RESPONSE, 0, sequence, b""))
            raise asyncio.IncompleteReadError(b"", None)
        else:
            assert command == _SUBMIT
            assert session.kind != "receiver"
            self._submit(session, sequence, body)

    def _submit(self, session: Session, sequence: int, body: bytes) -> None:
        outcome = self.plan.popleft() if self.plan else "ok"
        if isinstance(outcome, int):
            session.writer.write(_pdu(_SUBMIT | _RESPONSE, outcome, sequence, b"\0"))
            return
        if outcome == "cut":
            session.writer.transport.abort()
            return
        number = self.id_form.format(self.first_id + len(self.messages))
        self.messages.append(_read_submit(_pdu(_SUBMIT, 0, sequence, body)) | {"id": number})
        if outcome == "lose":
            session.writer.transport.abort()
        elif outcome == "ok":
            session.writer.write(_pdu(_SUBMIT | _RESPONSE, 0, sequence, number.encode() + b"\0"))


def _read_submit(data: bytes) -> dict[str, Any]:
    """The fields of a submit_sm, as smpp34 reads them."""
    pdu = smpp34.decode(data)
    assert isinstance(pdu, smpp34.SubmitSm)
    octets = pdu.short_message
    assert len(octets) <= 254
    header, content = b"", octets
    if pdu.esm_class & 0x40:
        header, content = octets[: octets[0] + 1], octets[octets[0] + 1 :]
    return {
        "to": pdu.destination_addr,
        "text": content.decode("utf-16-be") if pdu.data_coding & 0x0F == UCS2 else _gsm(content),
        "header": header.hex(),
        "coding": pdu.data_coding,
        "source": f"{pdu.source_addr_ton}/{pdu.source_addr_npi}/{pdu.source_addr}",
        "destination": f"{pdu.dest_addr_ton}/{pdu.dest_addr_npi}/{pdu.destination_addr}",
        "validity": pdu.validity_period,
        "registered": pdu.registered_delivery,
        "service_type": pdu.service_type,
        "tlvs": {tlv.tag: tlv.value for tlv in pdu.tlvs},
    }


def _gsm(octets: bytes) -> str:
    return str(_GSM.decode(octets)[0])  # type: ignore[no-untyped-call]  # it has no types


async def _read(reader: StreamReader) -> tuple[int, int, int, bytes]:
    length, command, status, sequence = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    return command, status, sequence, await reader.readexactly(length - _HEADER.size)


def _pdu(command: int, status: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body


def tlvs(spec: Mapping[str, str]) -> dict[int, bytes]:
    """Optional parameters as a table writes them: tag and value in hexadecimal."""
    return {int(tag, 16): bytes.fromhex(value) for tag, value in spec.items()}
