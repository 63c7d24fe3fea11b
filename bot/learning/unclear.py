"""An unclear message: one that was not understood, or was taken for something else than was meant."""

from __future__ import annotations

from dataclasses import dataclass

# The name of an intent, and how sure the understanding was of it.
Guess = tuple[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclear:
    """A message that was not understood, or was taken for something else than was meant.

    `guesses` are the likeliest intents with their confidences. `chosen` is the intent that the person
    picked afterwards, or meant, and `service` the public service of it, where they said; `corrected` when they
    said something against how they were understood. `again` when the message was noticed before.
    """

    text: str
    language: str = ""
    guesses: tuple[Guess, ...] = ()
    chosen: str = ""
    service: str = ""
    corrected: bool = False
    again: bool = False
