"""What an action may use: rasa-sdk's dispatcher, and a place for effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

_EMPTY_OR_BUTTONS = ("text", "buttons", "elements", "custom", "template", "response", "image", "attachment")


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """Something to say: the key of a text, what to put into it, answers to choose from, and what goes with it.

    `enclosures` are the fields of `bot.messages.Enclosure`; they are shown where a channel can. `without` are
    intents that are not offered although the text has answers for them.
    """

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    buttons: tuple[dict[str, str], ...] = ()
    enclosures: tuple[dict[str, Any], ...] = ()
    without: frozenset[str] = frozenset()

    def record(self) -> dict[str, Any]:
        """As remembered for a repetition."""
        enclosed = {"enclosures": list(self.enclosures)} if self.enclosures else {}
        return {"key": self.key, "values": self.values, "buttons": list(self.buttons), **enclosed}

    @classmethod
    def recall(cls, record: dict[str, Any]) -> Response:
        """From what was remembered."""
        return cls(
            key=record["key"],
            values=record["values"],
            buttons=tuple(record["buttons"]),
            enclosures=tuple(record.get("enclosures", ())),
        )


class TurnDispatcher(CollectingDispatcher):
    """Collects what the actions of one turn say (`utter_message`) and cause (`effect`)."""

    def __init__(self) -> None:
        super().__init__()
        self.effects: list[Any] = []

    def effect(self, effect: object) -> None:
        """Have something done when the turn is committed; composition/installation.py knows who writes which type."""
        self.effects.append(effect)

    def take_responses(self) -> list[Response]:
        """The responses said since the last call; raises ValueError for words instead of a key."""
        responses = [_response(message) for message in self.messages]
        self.messages.clear()
        return responses


def _response(message: dict[str, Any]) -> Response:
    key = message.get("response")
    if not key:
        raise ValueError("an action says utter_* keys, never words")
    values = {name: value for name, value in message.items() if name not in _EMPTY_OR_BUTTONS}
    return Response(
        key=key,
        values=values,
        buttons=tuple(message.get("buttons") or ()),
        enclosures=tuple(message.get("attachment") or ()),
    )
