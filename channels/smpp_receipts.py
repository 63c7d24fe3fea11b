"""Delivery receipts of SMPP: read from their optional parameters and from their text, and matched to what we sent.

Sample of the text (SMPP 3.4, appendix B): id:0000001234 sub:001 dlvrd:001 submit date:2611220930 done
date:2611220931 stat:DELIVRD err:000 text:hello
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.messages import DeliveryState
from channels.smpp_pdu import Message, Tag
from channels.smpp_text import UCS2

Form = Literal["auto", "same", "decimal", "hex"]

_STATES = {
    "ENROUTE": DeliveryState.SENT,
    "ACCEPTD": DeliveryState.SENT,
    "DELIVRD": DeliveryState.DELIVERED,
    "EXPIRED": DeliveryState.EXPIRED,
    "DELETED": DeliveryState.FAILED,
    "UNDELIV": DeliveryState.FAILED,
    "REJECTD": DeliveryState.FAILED,
}
# The values of message_state (5.2.28) in the words of the text.
_WORDS = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
# Of esm_class (5.2.12): the bits of the message type; a receipt, and one of a message still on its way.
_KIND = 0x3C
_RECEIPTS = (0x04, 0x20)
_ID = re.compile(r"\bid:\s*([^\s]+)", re.IGNORECASE)
_STATUS = re.compile(r"\bstat:\s*([A-Za-z]+)", re.IGNORECASE)
_ERROR = re.compile(r"\berr:\s*([0-9A-Za-z]+)", re.IGNORECASE)
_TEXT = re.compile(r"\btext:(.*)", re.IGNORECASE | re.DOTALL)
_WORD = 7
_NATIONAL_DIGITS = 8
_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-f]{1,16}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What an SMSC says became of a message; `state` is None for a word that says nothing.

    `id` is normalised; `certain` when it came as the parameter, whose form is that of the response.
    `person` is whom the message went to, `reference` ours if the SMSC hands it back, `head` the first
    characters of the text if it tells them.
    """

    id: str
    certain: bool
    state: DeliveryState | None
    error_code: str
    person: str
    reference: int | None
    head: str


def is_receipt(message: Message) -> bool:
    """Whether a deliver_sm is a receipt: its esm_class says so, or its parameters do where that says nothing.

    An id alone is not enough: some SMSCs put one on what people write.
    """
    kind = message.esm_class & _KIND
    told = Tag.RECEIPTED_MESSAGE_ID in message.tlvs and Tag.MESSAGE_STATE in message.tlvs
    return kind in _RECEIPTS or (not kind and told)


def read_receipt(message: Message) -> Receipt | None:
    """The receipt in a message; None when it names no id. The parameters count before the text.

    The text is ASCII whatever the default alphabet is, in which an id's underscore would be something else.
    """
    text = message.content.decode("utf-16-be" if message.data_coding == UCS2 else "latin-1", "replace")
    told = message.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
    written = _found(_ID, text)
    if not told and not written:
        return None
    number = message.number(Tag.MESSAGE_STATE)
    word = _WORDS.get(number, "") if number is not None else ""
    word = word or _found(_STATUS, text).upper()[:_WORD]
    state = _STATES.get(word)
    bad = state in (DeliveryState.FAILED, DeliveryState.EXPIRED)
    error = _found(_ERROR, text)
    return Receipt(
        id=normalised(told or written),
        certain=bool(told),
        state=state,
        error_code=f"{word.lower()}_{error}".rstrip("_")[:40] if bad else "",
        person=digits(message.source.digits),
        reference=message.number(Tag.USER_MESSAGE_REFERENCE),
        head=_found(_TEXT, text).strip(),
    )


def normalised(provider_id: str) -> str:
    """One writing of an id: SMSCs pad the same one with zeros, or write it in capitals, as they like."""
    return provider_id.strip().lower().lstrip("0") or "0"


def candidates(receipt: Receipt, form: Form) -> Sequence[str]:
    """The ids of responses that the receipt may mean, the likeliest first.

    `decimal`: it has in decimal what the response had in hexadecimal; `hex`: the other way round.
    """
    same, told = receipt.id, list(_converted(receipt.id))
    if receipt.certain or form == "same":
        return (same,)
    if form == "auto":
        return list(dict.fromkeys((same, *(each for _, each in told))))
    return [each for name, each in told if name == form] or (same,)


def learnt(receipt: Receipt, provider_id: str) -> Form:
    """The form in which an SMSC's receipts have ids, by one whose message is known."""
    forms: tuple[Form, ...] = ("same", "decimal", "hex")
    fitting = [form for form in forms if candidates(receipt, form)[0] == provider_id]
    # An id of one digit is the same in every form.
    return fitting[0] if len(fitting) == 1 else "auto"


def _converted(told: str) -> Iterator[tuple[Form, str]]:
    """The id as the response may have had it, with the form that the receipt then has."""
    if _DECIMAL.fullmatch(told):
        yield "decimal", f"{int(told):x}"
    if _HEX.fullmatch(told):
        yield "hex", str(int(told, 16))


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """An id that an SMSC gave to a part: of which message, to whom; `alone` when it has no other part."""

    outbound_id: str
    person: str
    alone: bool


class GivenIds:
    """The ids that were given lately: receipts often come before anybody could store what they are about."""

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._given: OrderedDict[str, Given] = OrderedDict()

    def add(self, provider_id: str, given: Given) -> None:
        """Remember one; an SMSC that counts from the start again gives it a new meaning."""
        self._given[provider_id] = given
        self._given.move_to_end(provider_id)
        if len(self._given) > self._most:
            self._given.popitem(last=False)

    def find(self, ids: Sequence[str], person: str) -> tuple[str, Given] | None:
        """The first of these ids that was given for a message to this person."""
        for each in ids:
            given = self._given.get(each)
            if given is not None and _same(given.person, person):
                return each, given
        return None


class Unclaimed:
    """Receipts of messages that we do not know by their id: the response with it was lost with its link.

    A message in doubt finds its own by whom it went to, and by our reference or by how its text begins.
    """

    def __init__(self, most: int = 5_000) -> None:
        self._most = most
        self._receipts: OrderedDict[str, tuple[Receipt, float]] = OrderedDict()

    def add(self, receipt: Receipt, at: float) -> None:
        """Keep one that came `at` this time."""
        self._receipts[receipt.id] = (receipt, at)
        self._receipts.move_to_end(receipt.id)
        if len(self._receipts) > self._most:
            self._receipts.popitem(last=False)

    @property
    def waiting(self) -> Sequence[Receipt]:
        """Those that nobody has claimed."""
        return [receipt for receipt, _ in self._receipts.values()]

    def forget(self, receipt: Receipt) -> None:
        """Say that a message was found for one."""
        self._receipts.pop(receipt.id, None)

    def claim(self, person: str, reference: int, text: str, since: float) -> Receipt | None:
        """The receipt of a part; whoever claims it has it alone."""
        for key, (receipt, at) in self._receipts.items():
            if _same(receipt.person, person) and at >= since and _speaks_of(receipt, reference, text):
                del self._receipts[key]
                return receipt
        return None


def _same(one: str, other: str) -> bool:
    """Whether two writings of a number are one: some SMSCs leave the country code out."""
    short, long = sorted((one.lstrip("0"), other.lstrip("0")), key=len)
    return short == long or (len(short) >= _NATIONAL_DIGITS and long.endswith(short))


def _speaks_of(receipt: Receipt, reference: int, text: str) -> bool:
    if receipt.reference is not None:
        return receipt.reference == reference
    return bool(receipt.head) and receipt.head.isascii() and text.startswith(receipt.head)


def digits(address: str) -> str:
    """An address as both sides of a receipt write it: without the plus."""
    return address.strip().removeprefix("+")


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
