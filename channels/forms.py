"""Form-encoded bodies and queries, read exactly: what a signature covers is what is read; and what stands in them."""

from __future__ import annotations

import hashlib
import re
from binascii import unhexlify
from collections.abc import Mapping

from yarl import URL

from bot.urns import Urn
from channels.errors import Malformed

_FIELDS = 500
_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_ID = 120
_OUR_ID = re.compile(r"[0-9a-f]{26}")
_INTERNATIONAL = re.compile(r"(?:\+|00)?([1-9][0-9]{7,14})")


def read_form(body: bytes) -> dict[str, str]:
    """The fields of an `application/x-www-form-urlencoded` body, blank ones too.

    Raises Malformed for bytes that are not UTF-8, a field given twice, or too many fields.
    """
    try:
        return {name: value.decode("utf-8") for name, value in _fields(body).items()}
    except UnicodeDecodeError:
        raise Malformed("invalid_utf8") from None


def read_query(query_string: str) -> dict[str, bytes]:
    """The fields of a query as the bytes they stand for; raises Malformed as `read_form` does."""
    return _fields(query_string.encode("utf-8", "surrogateescape"))


def _fields(encoded: bytes) -> dict[str, bytes]:
    if encoded.count(b"&") >= _FIELDS:
        raise Malformed("too_many_fields")
    pairs = [pair for pair in encoded.replace(b"+", b" ").split(b"&") if pair]
    fields = {}
    try:
        for pair in pairs:
            name, _, value = pair.partition(b"=")
            if b"%" in pair:
                name, value = _unquoted(name), _unquoted(value)
            fields[name.decode("utf-8")] = value
    except UnicodeDecodeError:
        raise Malformed("invalid_utf8") from None
    if len(fields) != len(pairs):
        raise Malformed("repeated_field")
    return fields


def _unquoted(encoded: bytes) -> bytes:
    """As urllib's, but whole runs at once: a Lao letter is three escapes, and most of a form's cost."""
    return _ESCAPES.sub(_run, encoded)


def _run(found: re.Match[bytes]) -> bytes:
    return unhexlify(found[0].replace(b"%", b""))


def form_body(fields: Mapping[str, str]) -> bytes:
    """Fields as an `application/x-www-form-urlencoded` body in UTF-8."""
    return URL.build(query=fields).raw_query_string.encode("ascii")


def needed(form: Mapping[str, str], name: str) -> str:
    """A field that the provider always sends; raises Malformed named after it."""
    value = form.get(name, "")
    if not value:
        raise Malformed(f"missing_{name}")
    return value


def our_id(given: str) -> str:
    """An id of a message of ours that came back; empty for what is none."""
    return given if _OUR_ID.fullmatch(given) else ""


def phone_urn(sender: str) -> Urn:
    """Whom a gateway names: an international number in E.164 form; short codes and names stay as they are.

    Raises MalformedUrn for nobody.
    """
    found = _INTERNATIONAL.fullmatch(sender.strip())
    return Urn("tel", f"+{found[1]}" if found else sender.strip())


def fitted(external_id: str) -> str:
    """A provider's id as it can be stored: one that is too long or not plain ASCII becomes its hash."""
    if len(external_id) <= _ID and external_id.isascii() and external_id.isprintable():
        return external_id
    return "sha256-" + hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()


def one_line(text: str) -> str:
    """The text as the parameter of a template takes it: no line breaks, no tabs, no runs of spaces."""
    return " ".join(text.split())
