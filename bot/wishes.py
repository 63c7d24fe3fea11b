"""The wishes of a message beyond its first one, and those that wait: for a service, or for another to be answered first."""

from __future__ import annotations

from bot.parsed import Parsed, about, closest
from bot.turns import Stage

# With this the first one is asked for.
_WHICH_FIRST = "utter_ask_which_first"
# What is known of a message besides its words.
_ENVELOPE = ("message_id", "channel", "address", "proven", "attachments")


def waiting(stage: Stage) -> list[Parsed]:
    """The wishes of the message before: for the service named now, or after the one that was to be answered first."""
    if all(said["key"] != _WHICH_FIRST for said in stage.state.said):
        return about(stage.later, stage.parsed["entities"])
    others = [each for each in stage.later if closest(each) != closest(stage.parsed)]
    return others if len(others) < len(stage.later) else []


def said_with(wish: Parsed, message: Parsed) -> Parsed:
    """A wish as one of this message."""
    return {**wish, **{name: message[name] for name in _ENVELOPE if name in message}}
