"""The XML of operators: XML-RPC calls with one structure, their answers, and Vodacom's menus.

What comes is read by defusedxml, which takes no document type and so no entity; what goes out is written here.
A sample of a call:

<methodCall><methodName>handleUSSD</methodName><params><param><value><struct>
<member><name>TransactionId</name><value><string>0001</string></value></member>…
</struct></value></param></params></methodCall>
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from channels.errors import Malformed

_MEMBERS = 100
_MOMENT = "dateTime.iso8601"
# XML 1.0 has no place for these, not even as references (section 2.2).
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Moment(str):
    """A date and time as a call wrote it, to be written so again."""

    __slots__ = ()


def read_call(body: bytes) -> dict[str, str]:
    """The members of the one structure that a call hands over, as texts; raises Malformed.

    Source: the XML-RPC specification of 1999. Members that are no scalars are left out.
    """
    try:
        call = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Malformed("not_xml") from None
    members = call.findall("./params/param/value/struct/member") if call.tag == "methodCall" else []
    if not 0 < len(members) <= _MEMBERS:
        raise Malformed("no_structure")
    fields = dict(_scalars(members))
    if "" in fields or len(fields) > len({name.lower() for name in fields}):
        raise Malformed("repeated_field")
    return fields


def _scalars(members: list[Element]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for member in members:
        value = member.find("value")
        if value is None or len(value) > 1 or any(len(each) for each in value):
            continue
        told = value[0] if len(value) else value
        kind = Moment if told.tag == _MOMENT else str
        found.append((member.findtext("name") or "", kind(told.text or "")))
    if len({name for name, _ in found}) != len(found):
        raise Malformed("repeated_field")
    return found


def structure(members: Mapping[str, Any]) -> str:
    """An answer with one structure: texts, whole numbers and truths."""
    inner = "".join(
        f"<member><name>{_written(name)}</name><value>{_value(value)}</value></member>"
        for name, value in members.items()
    )
    return (
        f"{_HEAD}<methodResponse><params><param><value><struct>{inner}</struct></value></param></params>"
        "</methodResponse>"
    )


def fault(code: int, reason: str) -> str:
    """The answer that says what was wrong with a call."""
    inner = "".join(
        f"<member><name>{name}</name><value>{_value(value)}</value></member>"
        for name, value in (("faultCode", code), ("faultString", reason))
    )
    return f"{_HEAD}<methodResponse><fault><value><struct>{inner}</struct></value></fault></methodResponse>"


def menu(text: str, callback: str) -> str:
    """A screen as Vodacom shows it; with a `callback` something may be typed, which is brought there."""
    option = f'<option command="1" order="1" callback="{_written(callback)}" display="False"></option>'
    options = f"<options>{option}</options>" if callback else ""
    return f"{_HEAD}<request><headertext>{_written(text)}</headertext>{options}</request>"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return f"<boolean>{value:d}</boolean>"
    if isinstance(value, int):
        return f"<int>{value}</int>"
    tag = _MOMENT if isinstance(value, Moment) else "string"
    return f"<{tag}>{_written(str(value))}</{tag}>"


def _written(text: str) -> str:
    return escape(_UNWRITABLE.sub("", text), quote=True)
