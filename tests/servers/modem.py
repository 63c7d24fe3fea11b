"""A GSM modem behind a pseudo-terminal: it answers AT commands, and carries SMS in PDU mode.

Sources: 3GPP TS 27.005 (AT commands for SMS), 3GPP TS 23.040, section 9.2 (the TPDUs).
"""

from __future__ import annotations

import asyncio
import os
import tty
from dataclasses import dataclass

_END = b"\x1a"
_ANSWERS = {
    "AT+CPIN?": "+CPIN: READY",
    "AT+CREG?": "+CREG: 0,1",
    "AT+CSMS=?": "+CSMS: (0,1)",
    "ATI": "A MODEM OF THE TESTS",
}
_INTERNATIONAL, _UCS2, _HEADER = 0x91, 0x08, 0x40


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """An SMS that the network took from the modem."""

    to: str
    header: bytes
    text: str


class Modem:
    """`device` is what a gateway opens; `ready` is set when it has prepared the modem for messages."""

    def __init__(self) -> None:
        self._end, slave = os.openpty()
        self._slave = slave
        for each in (self._end, slave):
            tty.setraw(each)
        self.device = os.ttyname(slave)
        self.submitted: list[Submitted] = []
        self.ready = asyncio.Event()
        self._typed = b""
        self._in_pdu = False

    def start(self) -> None:
        """Listen to what is typed."""
        asyncio.get_running_loop().add_reader(self._end, self._read)

    def stop(self) -> None:
        """Hang up."""
        asyncio.get_running_loop().remove_reader(self._end)
        os.close(self._end)
        os.close(self._slave)

    def receive(self, sender: str, text: str) -> None:
        """Bring an SMS, as the network does."""
        octets = text.encode("utf-16-be")
        digits = sender.removeprefix("+")
        tpdu = (
            f"04{len(digits):02X}{_INTERNATIONAL:02X}{_swapped(digits)}00{_UCS2:02X}62302030000000"
            f"{len(octets):02X}{octets.hex().upper()}"
        )
        self._write(f"\r\n+CMT: ,{len(tpdu) // 2}\r\n00{tpdu}\r\n")

    def _read(self) -> None:
        self._typed += os.read(self._end, 4096)
        while (end := _END if self._in_pdu else b"\r") in self._typed:
            line, _, self._typed = self._typed.partition(end)
            if self._in_pdu:
                self._in_pdu = False
                self.submitted.append(_read_submit(bytes.fromhex(line.decode("ascii").strip())))
                self._write(f"\r\n+CMGS: {len(self.submitted)}\r\n\r\nOK\r\n")
            elif command := line.decode("ascii", "replace").strip():
                self._answer(command)

    def _answer(self, command: str) -> None:
        if command.startswith("AT+CMGS="):
            self._in_pdu = True
            self._write("\r\n> ")
            return
        told = _ANSWERS.get(command, "")
        self._write(f"\r\n{told}\r\n\r\nOK\r\n" if told else "\r\nOK\r\n")
        if command.startswith("AT+CNMI"):
            self.ready.set()

    def _write(self, text: str) -> None:
        os.write(self._end, text.encode("ascii"))


def _read_submit(pdu: bytes) -> Submitted:
    tpdu = pdu[1 + pdu[0] :]  # behind the address of the service centre
    first, digits = tpdu[0], tpdu[2]
    number = _swapped(tpdu[4 : 4 + (digits + 1) // 2].hex())[:digits]
    rest = tpdu[4 + (digits + 1) // 2 :]
    assert rest[1] & 0x0F == _UCS2
    # A relative validity has one octet, an absolute one seven.
    user_data = rest[2 + {0x00: 0, 0x10: 1, 0x18: 7}[first & 0x18] + 1 :]
    header = user_data[: user_data[0] + 1] if first & _HEADER else b""
    return Submitted(to=f"+{number}", header=header, text=user_data[len(header) :].decode("utf-16-be"))


def _swapped(digits: str) -> str:
    """Digits in pairs the other way round, filled up with F."""
    even = digits + "F" * (len(digits) % 2)
    return "".join(even[at + 1] + even[at] for at in range(0, len(even), 2))
