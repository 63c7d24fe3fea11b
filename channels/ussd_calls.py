"""Calls of USSD gateways, read as fields, and what a dial string in them says beside the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from channels.base import RawRequest
from channels.documents import Document, read_json
from channels.errors import Malformed, NotServed
from channels.forms import read_query
from channels.ussd_dialect import Dialect, Rule
from channels.ussd_xml import read_call

# What a phone sends to the network when somebody dials: *123#, *123*4#; some gateways take off the first sign.
_DIALLED = re.compile(r"\*[0-9*]+#?|[0-9]+(?:\*[0-9]+)+#")
_FRAME = "*# "
_DEPTH = 3  # members of members of JSON that are looked at


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call: its fields as texts, by name in lower case, and as they came, for what is handed back."""

    fields: Mapping[str, str]
    raw: Mapping[str, Any]

    def get(self, name: str) -> str:
        """A field's text; empty when it is missing or has no name."""
        return self.fields.get(name.lower(), "") if name else ""

    def has(self, name: str) -> bool:
        """Whether the field is there at all."""
        return name.lower() in self.fields


def read(request: RawRequest, dialect: Dialect) -> Call:
    """The fields of a call, those of its path too. Raises Malformed, NotServed for a path of no meaning."""
    told = _READERS[dialect.read](request, dialect.charset)
    raw = {name.lower(): value for name, value in told.items()}
    if len(raw) != len(told):
        raise Malformed("repeated_field")
    raw |= _path(request.tail, dialect.path)
    return Call(fields={name: _text(value) for name, value in raw.items()}, raw=raw)


def holds(rule: Rule, call: Call, text: str, codes: Iterable[str]) -> bool:
    """Whether a rule holds for a call in which `text` was typed."""
    if rule.kind == "empty":
        return not text
    if rule.kind == "dialled":
        # A number without a sign may be an amount. A session that we never saw begins with it all the same.
        if any(codes):
            return "*" in text and _behind(text.strip(_FRAME), codes) is not None
        return bool(_DIALLED.fullmatch(text))
    if rule.otherwise and not call.has(rule.field):
        return holds(rule.otherwise, call, text, codes)
    given = call.get(rule.field).lower()
    return bool(given) if rule.any else given in rule.words


def typed_ahead(text: str, codes: Iterable[str]) -> str:
    """What was typed behind the code when dialling: "3*12345678" of "*123*3*12345678#", "" of "*123#".

    Behind a code that is none of `codes` it is all but the number after the first sign; without signs it is all.
    """
    dialled = text.strip(_FRAME)
    behind = _behind(dialled, codes)
    if behind is not None:
        return behind
    return dialled.partition("*")[2] if text.lstrip().startswith("*") else dialled


def without_code(text: str, codes: Iterable[str]) -> str:
    """All that was typed since dialling, where the gateway repeats the dial string too."""
    behind = _behind(text.strip(_FRAME), codes) if text.startswith("*") else None
    return text if behind is None else behind


def _behind(dialled: str, codes: Iterable[str]) -> str | None:
    """What stands behind the longest of the codes that the text begins with; None when it is none."""
    for code in sorted({code.strip(_FRAME) for code in codes} - {""}, key=len, reverse=True):
        if dialled == code:
            return ""
        if dialled.startswith(f"{code}*"):
            return dialled[len(code) + 1 :]
    return None


def _path(tail: str, names: str) -> dict[str, str]:
    """The last segments of a path, under the names that the dialect has for them."""
    if not names:
        if tail:
            raise NotServed("not_found")
        return {}
    wanted = names.lower().split("/")
    found = [unquote(each) for each in tail.split("/")][-len(wanted) :]
    if len(found) != len(wanted) or not all(found):
        raise NotServed("not_found")
    return dict(zip(wanted, found, strict=True))


def _of_query(request: RawRequest, charset: str) -> Document:
    return _decoded(request.query_string, charset)


def _of_form(request: RawRequest, charset: str) -> Document:
    return _decoded(request.body.decode("utf-8", "surrogateescape"), charset)


def _of_json(request: RawRequest, charset: str) -> Document:
    if not request.body:
        return {}
    try:
        body = request.body.decode(charset)
    except UnicodeDecodeError:
        raise Malformed("wrong_charset") from None
    return dict(_members("", read_json(body.encode("utf-8", "surrogatepass")), _DEPTH))


def _of_xmlrpc(request: RawRequest, charset: str) -> Document:
    del charset  # a document names its own
    return read_call(request.body)


_READERS = {"query": _of_query, "form": _of_form, "json": _of_json, "xmlrpc": _of_xmlrpc}


def _decoded(encoded: str, charset: str) -> dict[str, str]:
    try:
        return {name: value.decode(charset) for name, value in read_query(encoded).items()}
    except UnicodeDecodeError:
        raise Malformed("wrong_charset") from None


def _members(prefix: str, document: Document, depth: int) -> Iterable[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            if depth > 1:
                yield from _members(f"{prefix}{name}.", value, depth - 1)
        elif value is None or isinstance(value, (str, int)):
            yield prefix + name, value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
