"""Answers to USSD gateways: a screen in the form of each, and what they want to read beside screens."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from bot.text.graphemes import clusters
from bot.text.gsm import is_gsm
from bot.text.typography import plain
from channels.base import RawResponse
from channels.ussd_calls import Call
from channels.ussd_dialect import Dialect
from channels.ussd_xml import fault, menu, structure

_JSON, _XML = "application/json", "text/xml"
_BAD_REQUEST = 400


def screen(dialect: Dialect, call: Call, text: str, *, ends: bool, callback: str) -> RawResponse:
    """One screen; `callback` is where Vodacom brings what is typed on it."""
    state = dialect.ends if ends else dialect.goes_on
    words = {"text": text, "state": state}
    headers = {name: value.format(state=state) for name, value in dialect.headers.items()}
    if dialect.answer == "text":
        return _response(dialect, dialect.body.format(**words), "text/plain", headers)
    if dialect.answer == "vodacom":
        return _response(dialect, menu(text, "" if ends else callback), _XML, headers)
    templates = {**dialect.screen, **(dialect.last if ends else {})}
    members = _echo(dialect, call) | {name: _value(each, words) for name, each in templates.items()}
    return _document(dialect, members, headers)


def told(dialect: Dialect, templates: Mapping[str, str]) -> RawResponse:
    """The answer to a call that shows nothing: the session is over, or the gateway asks after it."""
    members = {name: _value(each, {}) for name, each in templates.items()}
    return _document(dialect, members, {}) if members else RawResponse()


def refusal(dialect: Dialect, reason: str) -> RawResponse | None:
    """The gateway's own form for a call that is malformed; None where the status says it."""
    if dialect.answer == "xmlrpc":
        return _response(dialect, fault(_BAD_REQUEST, reason), _XML, {})
    if not dialect.error:
        return None
    return _document(
        dialect, {name: _value(each, {"reason": reason}) for name, each in dialect.error.items()}, {}
    )


def in_gsm(text: str) -> str:
    """The text in GSM 03.38 alone: plain signs for typographic ones, letters without foreign marks, else "?".

    The last guard of a gateway that has no other alphabet; what comes here is worded for it.
    """
    if is_gsm(text):
        return text
    return "".join(each if is_gsm(each) else _bare(each) for each in clusters(plain(text)))


def _bare(cluster: str) -> str:
    base = "".join(each for each in unicodedata.normalize("NFKD", cluster) if not unicodedata.combining(each))
    return base if base and is_gsm(base) else "?"


def _echo(dialect: Dialect, call: Call) -> dict[str, Any]:
    return {name: call.raw[name.lower()] for name in dialect.echo if name.lower() in call.raw}


def _value(template: str, words: Mapping[str, str]) -> Any:
    """A member of an answer: `{text}` is a text, everything else is what JSON would read it as, else a text."""
    if "{text}" in template or "{reason}" in template:
        return template.format(**words)
    filled = template.format(**words)
    try:
        found = json.loads(filled)
    except ValueError:
        return filled
    return filled if isinstance(found, (dict, list)) else found


def _document(dialect: Dialect, members: Mapping[str, Any], headers: Mapping[str, str]) -> RawResponse:
    if dialect.answer == "xmlrpc":
        return _response(dialect, structure(members), _XML, headers)
    document: dict[str, Any] = {}
    for name, value in members.items():
        *outer, last = name.split(".")
        within = document
        for each in outer:
            within = within.setdefault(each, {})
        within[last] = value
    return _response(dialect, json.dumps(document, ensure_ascii=False), _JSON, headers)


def _response(dialect: Dialect, text: str, content_type: str, headers: Mapping[str, str]) -> RawResponse:
    if dialect.charset != "utf-8" and content_type != _XML:
        headers = {"Content-Type": f"{content_type}; charset={dialect.charset}", **headers}
        return RawResponse(body=text.encode(dialect.charset, "replace"), headers=headers)
    return RawResponse(body=text.encode("utf-8", "replace"), content_type=content_type, headers=headers)
