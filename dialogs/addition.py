"""What is said of a complaint beyond the answer to its question: it belongs to the complaint."""

from __future__ import annotations

from dialogs.action import Turn
from dialogs.phrases import Phrases
from dialogs.ports import Ports

# From so many letters on, words that are neither yes nor no are more than a key pressed by chance.
_LEAST_LETTERS = 8
# A village and how to find it is shorter than a story.
_STORY_WORDS, _STORY_LETTERS = 9, 45
_NO_ADDITION = frozenset({"affirm", "deny", "greet", "thanks", "subscribe", "unsubscribe", "help"})
_TOLD = frozenset({"complaint", "feedback"})
# Each further answer is read against the whole story: who goes on and on must not slow down everybody.
_MOST_LETTERS = 20_000
# Code points of the added words that are said back.
_SHOWN = 20


class Additions:
    """Tells words that staff should read from an answer to the question of a form."""

    def __init__(self, ports: Ports, phrases: Phrases) -> None:
        self._places = ports.places
        self._phrases = phrases

    def to_confirmation(self, turn: Turn) -> bool:
        """Whether an answer to "shall this be sent?" says something more; a place alone does not."""
        if turn.intent in _NO_ADDITION:
            return False
        beside = self._beside_places(turn.text)
        if beside != turn.text:
            return self._phrases.has_substance(beside)
        return self._phrases.letters(turn.text) >= _LEAST_LETTERS

    def to_place(self, turn: Turn) -> bool:
        """Whether an answer to "where?" tells what happened."""
        beside = self._beside_places(turn.text)
        long = len(beside.split()) >= _STORY_WORDS or self._phrases.letters(beside) >= _STORY_LETTERS
        return long or (turn.intent in _TOLD and self._phrases.has_substance(beside))

    def taken(self, turn: Turn) -> str:
        """The complaint with the words added, and says so; as it was where it is as long as staff will read."""
        told = self.joined(turn)
        if told != turn.slot("complaint_text"):
            turn.say("utter_complaint_added", words=turn.words.excerpt(turn.text, _SHOWN))
        return told

    @staticmethod
    def joined(turn: Turn) -> str:
        """The same without a word about it."""
        told = f"{turn.slot('complaint_text')}\n{turn.text}"
        return told if len(told) <= _MOST_LETTERS else turn.slot("complaint_text")

    def _beside_places(self, text: str) -> str:
        left = list(text)
        for each in self._places.find(text):
            left[each.start : each.end] = " " * (each.end - each.start)
        return "".join(left)
