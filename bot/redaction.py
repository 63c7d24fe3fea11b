"""Redaction: nothing that a person wrote, and no way to reach them, gets into a log.

Fields whose name says that they hold words, addresses or secrets lose their value; every other value
is searched for what looks like a phone number, an address, or a secret in a URL or header. An
exception keeps its type and its frames, and loses its message, which often quotes the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sized
from datetime import date
from enum import Enum
from ipaddress import ip_address
from pathlib import PurePath
from typing import Any

from bot.text.digits import ascii_digits

GONE = "[redacted]"

_PERSONAL = frozenset(
    {
        "text", "texts", "body", "bodies", "payload", "content", "message", "messages", "raw", "form",
        "data", "query", "query_string", "words", "summary", "description", "answer", "reply",
        "replies", "params", "parameters", "statement", "sql", "locals", "urn", "urns", "address",
        "addresses", "phone", "phones", "msisdn", "number", "sender", "recipient", "from", "to", "name",
        "contact_name", "first_name", "last_name", "email", "reference", "pin", "token", "tokens",
        "secret", "secrets", "password", "passwd", "secret_key", "api_key", "auth", "authorization",
        "cookie", "cookies", "signature", "headers", "credentials",
    }
)  # fmt: skip
_PERSONAL_ENDS = (
    "_text",
    "_body",
    "_urn",
    "_phone",
    "_address",
    "_pin",
    "_token",
    "_secret",
    "_password",
    "_sealed",
)
# Numbers under these names, or under names that end in them, are times and sizes, however long.
_MEASURES = frozenset(
    {"at", "ms", "us", "ns", "bytes", "seq", "count", "seconds", "pid", "thread", "lineno", "size", "length"}
)
_PLACES = frozenset({"remote", "peer", "host", "listen"})
_SHORTEST_PHONE = 10**6
_LONGEST = 4_000
# What structlog's formatter carries through and takes out again before it writes.
_STRUCTLOGS = frozenset({"_record", "_from_structlog"})

_SCHEMES = "tel|sms|telegram|whatsapp|messenger|facebook|viber|line|web|ussd|mailto|terminal"
_SECRETS = tuple(
    (re.compile(pattern, re.IGNORECASE), rf"\g<1>{GONE}")
    for pattern in (
        r"([?&;](?:key|api_?key|token|access_token|secret|sig|signature|password|pin)=)[^&;#\s\"']*",
        r"\b((?:bearer|basic|token)\s+)[a-z0-9+/=._~-]{6,}",
        r"(://)[^/@\s]{1,200}(?=@)",
        # Telegram puts a bot's token into the path.
        r"((?:\b|bot))[0-9]{6,}:[a-z0-9_-]{20,}",
        rf"\b((?:{_SCHEMES}):)(?!//)[^\s,;\"'<>\])}}]+",
        r"()[^\s@<>(),;:\"'=]{1,64}(?:@|%40)[^\s@<>(),;:\"']{1,200}\.[^\s@<>(),;:\"'.]{2,}",
    )
)
# Long and numeric, yet no number to call: moments, our ids and digests, and providers' message ids.
_HARMLESS = (
    r"(?<![0-9A-Za-z])(?:[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
    r"|(?=[A-Z]{0,2}[0-9]*[a-f])(?:[0-9a-f]{26}|(?:[A-Z]{2})?[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})"
    r")(?![0-9A-Za-z])"
)
_DIGITS = re.compile(
    rf"(?P<harmless>{_HARMLESS})"
    r"|(?:\+|%2[Bb])?\(?[0-9](?:(?:[\s().\-_\u2010-\u2015\u200b]|%20){0,2}[0-9]){6,}"
)
# One word of Latin letters, as event and channel names are: it holds nothing to look for.
_PLAIN = re.compile(r"[A-Za-z_.-]*")
_FRAME = re.compile(r'\s+File "([ -~]*)", line ([0-9]+)(?:, in ([\w.<>]+))?', re.ASCII)
_TYPE = re.compile(r"[A-Za-z_][A-Za-z_.]*")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the event with personal and secret values redacted, ready for JSON.

    Goes after `format_exc_info`.
    """
    for key, value in event.items():
        if key == "exception" and isinstance(value, str):
            event[key] = _frames(value)
        elif key not in _STRUCTLOGS:
            event[key] = _field(key, value)
    return event


def scrub(text: str) -> str:
    """The text without phone numbers, urns, e-mail addresses and secrets, cut at 4,000 characters."""
    text = text[:_LONGEST]
    if _PLAIN.fullmatch(text):
        return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    kept, position = [], 0
    for match in _DIGITS.finditer(ascii_digits(text)):
        if match["harmless"] is None:
            kept += [text[position : match.start()], GONE]
            position = match.end()
    return "".join(kept) + text[position:]


def _field(key: str, value: Any) -> Any:
    name = key.lower()
    if value is None or isinstance(value, bool):
        return value
    if name in _PERSONAL or name.endswith(_PERSONAL_ENDS):
        return f"[{len(value)} redacted]" if isinstance(value, Sized) else GONE
    if name in _PLACES and isinstance(value, str) and _is_ip(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, Enum):
        measured = name.rpartition("_")[2] in _MEASURES
        return value if measured or abs(value) < _SHORTEST_PHONE else GONE
    return _other(value)


def _other(value: Any) -> Any:
    if isinstance(value, str | Enum | PurePath | date):
        return scrub(str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, Mapping):
        return {scrub(str(key)): _field(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_field("", each) for each in value]
    # What an object shows of itself is not known; of an exception the type is enough.
    return f"<{type(value).__name__}>"


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _frames(trace: str) -> str:
    """A formatted traceback reduced to frames and exception types: no message, no source, no locals."""
    kept, message = [], False
    for line in trace.splitlines():
        if line.lstrip(" |").startswith("Traceback (most recent call last)"):
            message = False
        elif frame := _FRAME.match(line.replace("|", " ")):
            kept.append(f"{frame[1]}:{frame[2]} {frame[3] or ''}".rstrip())
        elif not message and line[:1].strip():
            named = _TYPE.match(line)
            kept.append(named[0] if named else GONE)
            message = True
    return scrub("\n".join(kept))
