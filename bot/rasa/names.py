"""Intents and payloads as a Rasa server has them: "help/privacy" is a retrieval intent there, which no rule can begin with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

_PART, _RASA_PART = "/", "__"
_PAYLOAD = re.compile(r"/(\w+)/(\w+)")


def rasa_name(intent: str) -> str:
    """What a Rasa server calls an intent: "help__privacy" for "help/privacy"."""
    return intent.replace(_PART, _RASA_PART)


def own_name(name: str) -> str:
    """The intent of a name that `rasa_name` gave."""
    return name.replace(_RASA_PART, _PART, 1)


def rasa_payload(payload: str) -> str:
    """A button's payload with the intent as a Rasa server calls it; any other text as it is."""
    found = _PAYLOAD.match(payload)
    return f"/{found[1]}{_RASA_PART}{found[2]}{payload[found.end() :]}" if found else payload


def own_message(message: Mapping[str, Any], values: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """A Rasa server's latest message in our terms: the intent, and the closer one as `intent_response_key`.

    An entity that is none of its `values` is left out: DIET cuts "motorbike road tax" in two, of which one is nothing.
    """
    entities = [
        each for each in message.get("entities") or () if _is_known(each["entity"], each["value"], values)
    ]
    told = {**message, "entities": entities}
    intent = message.get("intent")
    if not isinstance(intent, Mapping) or not isinstance(intent.get("name"), str):
        return told
    ranked: dict[str, Any] = {}
    for each in message.get("intent_ranking") or ():
        ranked.setdefault(_base(each["name"]), {**each, "name": _base(each["name"])})
    return {
        **told,
        "intent": {**intent, "name": _base(intent["name"])},
        "intent_response_key": own_name(intent["name"]),
        "intent_ranking": list(ranked.values()),
    }


def own_slots(slots: Mapping[str, Any], values: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """A Rasa server's slots; one of an entity that is none of its `values` is empty."""
    return {name: value if _is_known(name, value, values) else None for name, value in slots.items()}


def own_events(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A Rasa server's events in our terms: what was said is named by the key of its text.

    A slot that was emptied is no answer to judge: rasa-sdk would have a form's validation look at it.
    """
    emptied = {"event": "slot", "value": None}
    return [_own_event(event) for event in events if not emptied.items() <= event.items()]


def rasa_response(response: Mapping[str, Any]) -> dict[str, Any]:
    """What an action says, for a Rasa server: lines in one text, and payloads with its names of intents.

    What only channels of ours can show is left out: files, and a button that shares a phone.
    """
    said = {name: "\n".join(map(str, each)) if _is_lines(each) else each for name, each in response.items()}
    buttons = [
        {"title": each["title"], "payload": rasa_payload(each["payload"])}
        for each in response.get("buttons") or ()
        if "shares_phone" not in each
    ]
    return {**said, "buttons": buttons, "attachment": None}


def _own_event(event: Mapping[str, Any]) -> dict[str, Any]:
    key = (event.get("metadata") or {}).get("utter_action") if event.get("event") == "bot" else None
    return {**event, "text": key} if key else dict(event)


def _is_known(entity: str, value: Any, values: Mapping[str, Collection[str]]) -> bool:
    return entity not in values or (isinstance(value, str) and value in values[entity])


def _base(name: str) -> str:
    return own_name(name).partition(_PART)[0]


def _is_lines(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
