"""Signed Twilio webhooks as a day brings them: many people, three scripts, questions and a few complaints."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests.servers.twilio import ACCOUNT, NUMBER, TOKEN

WORDS = (
    "ພາສປອດ ລາຄາເທົ່າໃດ",
    "ເຮັດບັດປະຈຳຕົວ ຕ້ອງໃຊ້ເອກະສານຫຍັງແດ່",
    "bat pacham tua sai vela chak meu",
    "how much is the road tax for a motorbike",
    "what do I need for a passport",
    "sabaidee",
    "ຂ້ອຍຢາກຮ້ອງທຸກ ເຈົ້າໜ້າທີ່ເມືອງປາກເຊເຮັດວຽກຊັກຊ້າຫຼາຍ",
    "khop chai der",
)
# What people say in words of their own: they name themselves, and no two of these texts are the same.
_OWN_WORDS = frozenset((WORDS[4], WORDS[6]))
_SYLLABLES = ("kham", "noy", "say", "vong", "dao", "phet", "boun", "thip", "mali", "sone")
# A person writes so many messages, each with other words, and after everybody else's.
_EACH = 4


# As behind a reverse proxy: what Twilio signs has no port.
PUBLIC_URL = "https://sms.example.org"


def webhooks(count: int, start: int = 0, *, all_new: bool = False) -> Iterator[bytes]:
    """`count` raw HTTP requests to the Twilio channel of a server, each after its length in four bytes.

    A quarter of the texts, or with `all_new` every one, comes only once.
    """
    validator = RequestValidator(TOKEN)  # type: ignore[no-untyped-call]  # twilio leaves it untyped
    address = f"{PUBLIC_URL}/channels/twilio/messages"
    host = PUBLIC_URL.partition("//")[2]
    people = max(1, count // _EACH)
    for number in range(start, start + count):
        fields = {
            "MessageSid": f"SM{number:032x}",
            "AccountSid": ACCOUNT,
            "From": f"+85620{55_000_000 + start + number % people}",
            "To": NUMBER,
            "Body": _text(WORDS[(number + number // people) % len(WORDS)], number, all_new=all_new),
            "NumMedia": "0",
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
        }
        signature = validator.compute_signature(address, fields)  # type: ignore[no-untyped-call]  # untyped
        body = urlencode(fields).encode()
        head = (
            f"POST /channels/twilio/messages HTTP/1.1\r\nHost: {host}\r\n"
            f"X-Twilio-Signature: {signature}\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        request = head.encode() + body
        yield struct.pack(">I", len(request)) + request


def _text(words: str, number: int, *, all_new: bool) -> str:
    if not all_new and words not in _OWN_WORDS:
        return words
    return f"{words}, {''.join(_SYLLABLES[int(digit)] for digit in str(number))}"
