"""Parse data in Rasa's shape: of what was picked, begun by ourselves, or said about something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from bot.text.clean import clean

_PAYLOAD = re.compile(r"^/(\w+(?:/\w+)?)(\{.*\})?$", re.DOTALL)

Parsed = dict[str, Any]


def certain(intent: str, values: Mapping[str, Any], language: str) -> Parsed:
    """An intent that nobody had to guess, with the values of its entities; "help/privacy" is one, too."""
    wish = {"name": intent.partition("/")[0], "confidence": 1.0}
    entities = [{"entity": name, "value": value, "start": 0, "end": 0} for name, value in values.items()]
    return {
        "text": "",
        "language": language,
        "intent": wish,
        "intent_ranking": [wish],
        "intent_response_key": intent,
        "entities": entities,
    }


def parsed_payload(payload: str, language: str) -> Parsed | None:
    """What a payload such as `/fee{"service": "passport"}` stands for; None for anything else."""
    found = _PAYLOAD.match(payload)
    return certain(found[1], _values(found[2]), language) if found else None


def intent_of(payload: str) -> str:
    """The intent that a payload stands for, as closely as it says; empty for anything else."""
    found = _PAYLOAD.match(payload)
    return found[1] if found else ""


def closest(parsed: Mapping[str, Any]) -> str:
    """The intent as closely as it was understood: "help/privacy", or "help"."""
    return str(parsed.get("intent_response_key") or parsed["intent"]["name"])


def about(wishes: Iterable[Parsed], entities: Iterable[Mapping[str, Any]]) -> list[Parsed]:
    """The wishes, about the service that is named now; none if there is none."""
    named = [each for each in entities if each["entity"] == "service"]
    return [{**wish, "entities": [*wish["entities"], *named]} for wish in wishes] if named else []


def readable(text: str) -> bool:
    """Whether there is anything to understand: a letter, a digit, or the question mark that asks for help."""
    return any(letter.isalnum() or letter == "?" for letter in text)


def _values(text: str | None) -> dict[str, str]:
    """The entities of a payload; a page may send any, so what is no text is left out and texts are cleaned anew."""
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return {name: clean(value) for name, value in found.items() if isinstance(value, str)}
