"""JSON bodies, read member by member: what is missing is empty, what is of the wrong type is malformed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from channels.errors import Malformed

Document = Mapping[str, Any]


def read_json(body: bytes) -> Document:
    """The object that a body is; raises Malformed. Lone surrogates are let through and cleaned at the door."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not_json") from None
    if not isinstance(document, dict):
        raise Malformed("not_an_object")
    return document


def member(document: Document, name: str) -> Document:
    """The object under a name, empty when it is missing; raises Malformed for what is none."""
    return cast("Document", _typed(document, name, dict, {}))


def items(document: Document, name: str) -> Sequence[Document]:
    """The objects in the list under a name, none when it is missing; raises Malformed for any other list."""
    listed = _typed(document, name, list, [])
    if not all(isinstance(each, dict) for each in listed):
        raise Malformed("wrong_type")
    return cast("Sequence[Document]", listed)


def texts(document: Document, name: str) -> Sequence[str]:
    """The texts in the list under a name, none when it is missing; raises Malformed for any other list."""
    listed = _typed(document, name, list, [])
    if not all(isinstance(each, str) for each in listed):
        raise Malformed("wrong_type")
    return cast("Sequence[str]", listed)


def text(document: Document, name: str) -> str:
    """The text under a name, empty when it is missing; raises Malformed for what is none."""
    return str(_typed(document, name, str, ""))


def whole(document: Document, name: str) -> int:
    """The whole number under a name; raises Malformed when it is missing or of another type."""
    value = document.get(name)
    if type(value) is not int:
        raise Malformed("wrong_type")
    return value


def _typed(document: Document, name: str, kind: type, missing: Any) -> Any:
    value = document.get(name)
    if value is None:
        return missing
    if not isinstance(value, kind):
        raise Malformed("wrong_type")
    return value
