"""Form-encoded bodies and queries, read exactly: what a signature covers is what is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_to_bytes

from channels.errors import Malformed

_FIELDS = 500
_ID = 120


def read_form(body: bytes) -> dict[str, str]:
    """The fields of an `application/x-www-form-urlencoded` body, blank ones too.

    Raises Malformed for bytes that are not UTF-8, a field given twice, or too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except UnicodeDecodeError:
        raise Malformed("invalid_utf8") from None
    except ValueError:
        raise Malformed("too_many_fields") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Malformed("repeated_field")
    return form


def read_query(query_string: str) -> dict[str, bytes]:
    """The fields of a query as the bytes they stand for; raises Malformed for one given twice."""
    fields: dict[str, bytes] = {}
    for pair in query_string.split("&") if query_string else ():
        name, _, value = pair.partition("=")
        key = unquote_to_bytes(name.replace("+", " ")).decode("utf-8", "replace")
        if key in fields:
            raise Malformed("repeated_field")
        fields[key] = unquote_to_bytes(value.replace("+", " "))
    return fields


def needed(form: Mapping[str, str], name: str) -> str:
    """A field that the provider always sends; raises Malformed named after it."""
    value = form.get(name, "")
    if not value:
        raise Malformed(f"missing_{name}")
    return value


def fitted(external_id: str) -> str:
    """A provider's id as it can be stored: one that is too long or not plain ASCII becomes its hash."""
    if len(external_id) <= _ID and external_id.isascii() and external_id.isprintable():
        return external_id
    return "sha256-" + hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()
