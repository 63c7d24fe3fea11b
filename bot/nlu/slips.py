"""Slips of the finger in a word for STOP: near enough to ask whether it was meant, never to act on."""

from __future__ import annotations

from collections.abc import Iterator

from bot.nlu.classifier import base_of, fingerprint
from bot.nlu.features import Reading, toneless
from bot.nlu.model import Model
from bot.nlu.normalise import compact
from bot.nlu.whole import WholeMessages

STOP = "unsubscribe"
# Letters, marks not counted: of a shorter word a slip makes another word.
_LEAST = 4
# From so many letters on few words are others with one letter more: "quiet" is no "quit".
_LONG = 7


class Slips:
    """Knows messages that are nothing but such a slip, politeness aside.

    A letter was left out, doubled or put behind the next, a vowel has the other length, or a tone that makes another
    word. What no example has may have a letter changed for another, too, and long words one more. A message, or a
    word alone, that the examples use for something else is what it is; so is what has an exact word in it.
    """

    def __init__(self, whole: WholeMessages, model: Model) -> None:
        self._whole, self._model = whole, model
        # The intents of each word: that which is STOP outside of a dialog may be "cancel" inside.
        self._intents = {word: intents for word, intents in whole.spelt.items() if STOP in intents}
        words = [word for word in self._intents if _letters(word) >= _LEAST]
        # By how a word looks after a slip, those that it may be.
        self._slipped: dict[str, list[str]] = {}
        for word in words:
            for slip in _slips(word.replace(" ", "")):
                self._slipped.setdefault(compact(slip), []).append(word)
        self._words = {compact(word): word for word in words}
        self._longest = max(map(len, words), default=0) + 1

    def heard(self, reading: Reading) -> bool:
        """Whether the message is a slip of a word for STOP, and no word of its own."""
        forms = self._whole.forms(reading)
        if any(form in self._intents for form in forms):
            # It stands there, with a tone too many.
            return not self._whole.intent(reading)
        near = any(self._is_slip(form, reading) for form in forms)
        return near and not self._is_taught(reading) and self._intents.keys().isdisjoint(forms[0].split())

    def _is_slip(self, form: str, reading: Reading) -> bool:
        run = form.replace(" ", "")
        if len(run) > self._longest:
            return False
        typed = compact(run)
        near = self._slipped.get(typed, [])
        if any(token not in self._model.vocabularies[0] for token in reading.tokens):
            near = [*near, *(word for key, word in self._words.items() if _differs_by_one(typed, key))]
        # A space more or less is none.
        return any(run != word.replace(" ", "") for word in near)

    def _is_taught(self, reading: Reading) -> bool:
        """Whether an example says the same by something else, or the word alone is used for something else."""
        model = self._model
        known = model.remembered.get(fingerprint(reading))
        if known is not None:
            return not any(base_of(model.names[known]) in intents for intents in self._intents.values())
        row = model.vocabularies[0].get(reading.tokens[0]) if len(reading.tokens) == 1 else None
        if row is None:
            return False
        spoken_for = model.weights[row, : len(model.intents)] * model.scale[: len(model.intents)]
        return model.intents[int(spoken_for.argmax())] != STOP


def _letters(word: str) -> int:
    return sum(letter.isalpha() for letter in toneless(word))


def _slips(word: str) -> Iterator[str]:
    """The word, and what it is without a letter, with one doubled, with two of them turned."""
    yield word
    for at, letter in enumerate(word):
        before, after = word[:at], word[at + 1 :]
        yield before + after
        yield before + letter + letter + after
        yield before + after[:1] + letter + after[1:]


def _differs_by_one(typed: str, meant: str) -> bool:
    """Whether a letter is another one, or in a long word there is one more."""
    if not len(meant) <= len(typed) <= len(meant) + (len(meant) >= _LONG):
        return False
    at = next((place for place, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), len(meant))
    return typed[at + 1 :] == meant[at + len(meant) + 1 - len(typed) :]
