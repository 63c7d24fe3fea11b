"""Requests as providers make them, changed a little and then a little more; the same in every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from tests.servers.kannel import KEY
from tests.system.phones import FORM, fields_of

PHONES = ("+8562055599999", "+8562055599998", "+8562055599997", "+8562055599996")
_ODD = (
    "", " ", "0", "-1", "NaN", "null", "true", "[]", "{}", "\x00", "\ufeff", "\u202e", "'", '"', "<", "&", "%", "%00",
    "\r\n", "A" * 3000, "ກ" * 2000, "👍", "../..", "{}" * 40, "+", "whatsapp:", "tel:", "9" * 400, "1e999",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


class Mutations:
    """`sign` makes the signature of a form for a target; half of the forms are signed after the change."""

    def __init__(self, seed: int, sign: Callable[[str, Mapping[str, str]], str]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - it must repeat itself
        self._sign = sign

    def take(self, count: int) -> Iterator[Request]:
        """That many requests."""
        makers = (self._twilio, self._twilio_bytes, self._status, self._kannel, self._report, self._web)
        for _ in range(count):
            yield self._random.choice(makers)()

    def _twilio(self) -> Request:
        fields = self._changed(fields_of(PHONES[0], "passport fee", self._id("SM")))
        return self._form("/channels/twilio/messages", fields)

    def _twilio_bytes(self) -> Request:
        fields = fields_of(PHONES[1], "ພາສປອດ fee", self._id("SM"))
        target = "/channels/twilio/messages"
        headers = {**FORM, "X-Twilio-Signature": self._sign(target, fields)}
        return Request(
            method="POST",
            target=target,
            headers=self._headers(headers),
            body=self._broken(urlencode(fields).encode()),
        )

    def _status(self) -> Request:
        fields = {
            "MessageSid": self._id("SM"),
            "MessageStatus": self._random.choice(("sent", "delivered", "undelivered", "read", "no such")),
            "ErrorCode": self._random.choice(("", "30003", "21610", "x" * 300)),
            "To": PHONES[2],
        }
        return self._form(f"/channels/twilio/status?m={self._id('')[:26]}", self._changed(fields))

    def _kannel(self) -> Request:
        fields = {
            "key": KEY,
            "from": PHONES[3],
            "to": "1500",
            "id": self._id(""),
            "charset": self._random.choice(("UTF-8", "UTF-16BE", "GSM-7", "ebcdic", "")),
            "coding": self._random.choice(("0", "1", "2", "9", "x")),
            "text": "passport fee",
        }
        return self._query("/channels/kannel/messages", self._changed(fields))

    def _report(self) -> Request:
        fields = {"key": KEY, "m": self._id("")[:26], "d": self._random.choice(("1", "2", "8", "16", "%d"))}
        return self._query("/channels/kannel/status", self._changed(fields))

    def _web(self) -> Request:
        body = f'{{"session": "{"s" * 32}", "id": "{self._id("")}", "text": "passport", "language": "en"}}'
        return Request(
            method="POST",
            target="/channels/web/messages",
            headers=self._headers({"Content-Type": "application/json"}),
            body=self._broken(body.encode()),
        )

    def _form(self, target: str, fields: Mapping[str, str]) -> Request:
        headers = {**FORM, "X-Twilio-Signature": self._sign(target, fields)}
        body = urlencode(fields, errors="replace").encode()
        return Request(method="POST", target=target, headers=headers, body=body)

    def _query(self, path: str, fields: Mapping[str, str]) -> Request:
        query = urlencode(fields, errors="replace")
        if self._random.random() < 0.5:
            query = quote(self._broken(query.encode()), safe="=&%+")
        return Request(method="GET", target=f"{path}?{query}", headers={})

    def _changed(self, fields: Mapping[str, str]) -> dict[str, str]:
        """One or two fields gone, odd, or added."""
        changed = dict(fields)
        for _ in range(self._random.randint(1, 2)):
            name = self._random.choice(list(fields))
            match self._random.randrange(4):
                case 0:
                    changed.pop(name, None)
                case 1:
                    changed[name] = self._random.choice(_ODD)
                case 2:
                    changed[name] = changed.get(name, "") + self._random.choice(_ODD)
                case _:
                    changed[self._random.choice(_ODD)[:50]] = self._random.choice(_ODD)
        return changed

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Sometimes another type, encoding or settings than the body has."""
        odd = self._random.choice(
            (
                {},
                {},
                {},
                {"Content-Type": self._random.choice(("application/json", "text/xml", "", ";;;", "multipart/form-data"))},
                {"Content-Encoding": self._random.choice(("gzip", "deflate", "br", "identity", "gzip, gzip"))},
                {"X-Twilio-Webhooks-Signature-Settings": self._random.choice(("alg=x", "key=,algorithm=HMAC_SHA256", "="))},
                {"X-Twilio-Signature": self._random.choice(("", "=", "é", "A" * 4000))},
            )
        )  # fmt: skip
        return {**headers, **odd}

    def _broken(self, body: bytes) -> bytes:
        """A few bytes changed, doubled, cut out or put in."""
        data = bytearray(body)
        for _ in range(self._random.randint(1, 4)):
            place = self._random.randrange(len(data) + 1)
            match self._random.randrange(4):
                case 0:
                    data[place:place] = self._random.randbytes(self._random.randint(1, 8))
                case 1:
                    del data[place : place + self._random.randint(1, 20)]
                case 2:
                    data[place : place + 1] = bytes([self._random.randrange(256)])
                case _:
                    data[place:place] = data[: self._random.randrange(len(data) + 1)]
        return bytes(data)

    def _id(self, prefix: str) -> str:
        return prefix + f"{self._random.getrandbits(128):032x}"
