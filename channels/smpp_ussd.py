"""USSD over SMPP: the hops of a session in deliver_sm, its screens in submit_sm, by the dialect of the gateway.

Sources: SMPP 3.4, 5.3.2.44 (ussd_service_op) and 5.3.2.43 (its_session_info); the two vendors' dialects as public
clients of theirs speak them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.messages import SessionEvent
from bot.text.gsm import is_gsm
from channels.smpp_pdu import Message, Tag
from channels.smpp_text import DEFAULT, UCS2, Alphabet, decode, encode, joined
from channels.ussd_screens import in_gsm

SERVICE_TYPE = "USSD"
OPERATIONS = ("new", "reply", "abort", "continue", "end", "gsm", "ucs2")
_STANDARD = {
    "new": 0x01,  # PSSR indication: somebody dialled
    "reply": 0x12,  # USSR confirm: somebody answered our request
    "abort": 0x81,
    "continue": 0x02,  # USSR request
    "end": 0x11,  # PSSR response
    "gsm": DEFAULT,
    "ucs2": UCS2,
}
# By name: the values that differ, and the parameter that tells sessions apart.
PROFILES: Mapping[str, tuple[Mapping[str, int], Tag]] = {
    "standard": ({}, Tag.ITS_SESSION_INFO),
    "6d": ({"end": 0x17}, Tag.ITS_SESSION_INFO),
    "mica": ({"end": 0x17}, Tag.USER_MESSAGE_REFERENCE),
}
_OVER = 1  # the last bit of its_session_info: the session is over
_CBS_UCS2 = 0x48  # UCS-2 as cell broadcast, and so the network's own USSD, writes it (TS 23.038, section 5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One request of a session; `session` is told apart by the gateway for one phone only, if at all."""

    event: SessionEvent
    session: str
    text: str


class Dialect:
    """Reads hops and writes screens."""

    def __init__(
        self, profile: str, operations: Mapping[str, str], code: str, alphabet: Alphabet, *, ucs2: bool = True
    ) -> None:
        own, self._tag = PROFILES[profile]
        self._values = {**_STANDARD, **own, **{name: int(value, 16) for name, value in operations.items()}}
        self._code = code
        self._alphabet = alphabet
        self._ucs2 = ucs2

    def read(self, message: Message) -> Hop | None:
        """The hop in a message; None when it is none."""
        operation = message.number(Tag.USSD_SERVICE_OP)
        if operation is None:
            return None
        session = message.tlvs.get(self._tag, b"")
        if self._tag == Tag.ITS_SESSION_INFO:
            # A number of the session, then seven bits that count its messages, and whether it is over.
            over = bool(session) and bool(session[-1] & _OVER)
            session = session[:1]
        else:
            over = False
        coding = UCS2 if message.data_coding in (_CBS_UCS2, self._values["ucs2"]) else message.data_coding
        text = joined([decode(message.content, coding, self._alphabet)])
        if over or operation == self._values["abort"]:
            return Hop(event=SessionEvent.END, session=session.hex(), text="")
        if operation == self._values["reply"]:
            return Hop(event=SessionEvent.CONTINUE, session=session.hex(), text=text)
        if operation == self._values["new"]:
            return Hop(event=SessionEvent.NEW, session=session.hex(), text=self._typed_ahead(text, message))
        return None

    def screen(self, hop: Message, text: str, *, end: bool) -> Message:
        """The submit_sm that shows a text to the phone of a hop."""
        text = text if self._ucs2 else in_gsm(text)
        # A screen is laid out by GSM 03.38, whichever alphabet carries it there.
        gsm = is_gsm(text)
        coding = self._values["gsm" if gsm else "ucs2"]
        tlvs = {int(Tag.USSD_SERVICE_OP): bytes((self._values["end" if end else "continue"],))}
        if session := hop.tlvs.get(self._tag):
            if self._tag == Tag.ITS_SESSION_INFO:
                session = session[:-1] + bytes(((session[-1] & ~_OVER) | (_OVER if end else 0),))
            tlvs[self._tag] = session
        return Message(
            service_type=hop.service_type or SERVICE_TYPE,
            source=hop.destination,
            destination=hop.source,
            data_coding=coding,
            octets=encode(text, DEFAULT if gsm else UCS2, self._alphabet)[:254],
            tlvs=tlvs,
        )

    def _typed_ahead(self, dialled: str, message: Message) -> str:
        """What was typed behind the code: "3*12345678" of "*1500*3*12345678#"."""
        typed = _bare(dialled)
        for code in (_bare(self._code), _bare(message.destination.digits)):
            if code and typed == code:
                return ""
            if code and typed.startswith(code + "*"):
                return typed[len(code) + 1 :]
        # A gateway that takes the code off itself, or a plain dial of a code that nobody configured.
        return "" if dialled.startswith("*") else typed


def _bare(code: str) -> str:
    return code.strip().strip("*").removesuffix("#").strip("*")
