"""SMPP 3.4 on the wire: protocol data units, their fields and their optional parameters.

Source: SMPP Protocol Specification v3.4, sections 3 to 5.
"""

from __future__ import annotations

import struct
from asyncio import StreamReader
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from bot.errors import PatouError

RESPONSE = 0x80000000
_HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")
# A message_payload may have 64 KiB; what claims more is no PDU.
_LONGEST = 70_000
_SHORT_MESSAGE = 254
_INTERFACE_VERSION = 0x34


class Command(IntEnum):
    """Ids of requests; that of a response has the highest bit set as well."""

    GENERIC_NACK = 0
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103


class Status(IntEnum):
    """The statuses that we give, and those of a refused bind."""

    OK = 0x00
    BAD_MESSAGE_LENGTH = 0x01
    BAD_COMMAND_LENGTH = 0x02
    BAD_COMMAND = 0x03
    ALREADY_BOUND = 0x05
    BIND_FAILED = 0x0D
    BAD_PASSWORD = 0x0E
    BAD_SYSTEM_ID = 0x0F
    TRY_LATER = 0x64


class Tag(IntEnum):
    """Optional parameters that we read or write."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427
    USSD_SERVICE_OP = 0x0501
    ITS_SESSION_INFO = 0x1383


@dataclass
class BadPdu(PatouError):
    """A PDU that cannot be read; `status` is what its sender is told, `reason` a constant name."""

    reason: str
    status: int = Status.BAD_COMMAND_LENGTH

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Pdu:
    """One unit as it crosses the line, its body unread."""

    command: int
    sequence: int
    status: int = 0
    body: bytes = b""

    @property
    def is_response(self) -> bool:
        """Whether it answers a request of the receiver."""
        return bool(self.command & RESPONSE)

    def encode(self) -> bytes:
        """Header and body."""
        length = _HEADER.size + len(self.body)
        return _HEADER.pack(length, self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An address with its type of number and numbering plan (specification, 5.2.5 and 5.2.6)."""

    ton: int = 0
    npi: int = 0
    digits: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What submit_sm, deliver_sm and data_sm carry; `odd` when the optional parameters ended in the middle of one."""

    service_type: str = ""
    source: Address = field(default_factory=Address)
    destination: Address = field(default_factory=Address)
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    validity: str = ""
    registered: int = 0
    data_coding: int = 0
    octets: bytes = b""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)
    odd: bool = False

    @property
    def content(self) -> bytes:
        """The octets of the message, wherever they stand."""
        return self.octets or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")

    def number(self, tag: int) -> int | None:
        """The value of an optional parameter as a number; None where it is not given, or empty."""
        value = self.tlvs.get(tag)
        return int.from_bytes(value, "big") if value else None

    def encode(self) -> bytes:
        """The body of a submit_sm or deliver_sm."""
        if len(self.octets) > _SHORT_MESSAGE:
            raise ValueError(f"a short_message has at most {_SHORT_MESSAGE} octets")
        return b"".join(
            (
                _c_octets(self.service_type),
                _address(self.source),
                _address(self.destination),
                bytes((self.esm_class, self.protocol_id, self.priority)),
                _c_octets(""),
                _c_octets(self.validity),
                bytes((self.registered, 0, self.data_coding, 0, len(self.octets))),
                self.octets,
                *(_TLV.pack(tag, len(value)) + value for tag, value in self.tlvs.items()),
            )
        )


def bind_body(system_id: str, password: str, system_type: str, address_range: str) -> bytes:
    """The body of a bind request of any kind."""
    names = _c_octets(system_id) + _c_octets(password) + _c_octets(system_type)
    return names + bytes((_INTERFACE_VERSION, 0, 0)) + _c_octets(address_range)


def read_message(pdu: Pdu) -> Message:
    """The message of a submit_sm, deliver_sm or data_sm; raises BadPdu.

    Optional parameters that are cut off are left out: the message before them is whole.
    """
    fields = _Fields(pdu.body)
    service_type, source, destination = fields.text(), fields.address(), fields.address()
    esm_class, protocol_id, priority, validity, octets = fields.octet(), 0, 0, "", b""
    if pdu.command == Command.DATA_SM:
        registered, data_coding = fields.octet(), fields.octet()
    else:
        protocol_id, priority = fields.octet(), fields.octet()
        fields.text()  # schedule_delivery_time
        validity, registered = fields.text(), fields.octet()
        fields.octet()  # replace_if_present_flag
        data_coding = fields.octet()
        fields.octet()  # sm_default_msg_id
        octets = fields.counted()
    tlvs, odd = fields.tlvs()
    return Message(
        service_type=service_type,
        source=source,
        destination=destination,
        esm_class=esm_class,
        protocol_id=protocol_id,
        priority=priority,
        validity=validity,
        registered=registered,
        data_coding=data_coding,
        octets=octets,
        tlvs=tlvs,
        odd=odd,
    )


def message_id(pdu: Pdu) -> str:
    """The id in a submit_sm_resp; empty where there is none."""
    return pdu.body.partition(b"\0")[0].decode("latin-1").strip()


async def read_pdu(reader: StreamReader) -> Pdu:
    """The next unit of a connection.

    Raises BadPdu when the length cannot be right, after which nothing on the connection can be followed,
    and IncompleteReadError when the connection ends.
    """
    length, command, status, sequence = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    if not _HEADER.size <= length <= _LONGEST:
        raise BadPdu("bad_length")
    body = await reader.readexactly(length - _HEADER.size)
    return Pdu(command=command, sequence=sequence, status=status, body=body)


class _Fields:
    """Reads the fields of a body one after the other; raises BadPdu where it ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def octet(self) -> int:
        return self._take(1)[0]

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise BadPdu("unterminated_field")
        value = self._body[self._at : end]
        self._at = end + 1
        return value.decode("latin-1")

    def address(self) -> Address:
        return Address(ton=self.octet(), npi=self.octet(), digits=self.text())

    def counted(self) -> bytes:
        length = self.octet()
        if self._at + length > len(self._body):
            raise BadPdu("bad_message_length", Status.BAD_MESSAGE_LENGTH)
        return self._take(length)

    def tlvs(self) -> tuple[dict[int, bytes], bool]:
        """Tags with their values, the first of each; and whether the last was cut off."""
        found: dict[int, bytes] = {}
        while self._at + _TLV.size <= len(self._body):
            tag, length = _TLV.unpack_from(self._body, self._at)
            start = self._at + _TLV.size
            if start + length > len(self._body):
                break
            self._at = start + length
            found.setdefault(tag, self._body[start : self._at])
        return found, self._at < len(self._body)

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._body):
            raise BadPdu("body_too_short")
        self._at += count
        return self._body[self._at - count : self._at]


def _c_octets(text: str) -> bytes:
    return text.encode("latin-1", "replace").replace(b"\0", b"") + b"\0"


def _address(address: Address) -> bytes:
    return bytes((address.ton, address.npi)) + _c_octets(address.digits)
