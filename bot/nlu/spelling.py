"""Words spelt wrong: an unknown word is read as the known one that a single slip of a finger made it from.

With it, and examples mistyped on purpose, ten wrong letters of a hundred cost 8 points of accuracy instead of 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.nlu.features import CONCEPT, Reading

# Shorter words are a slip away from too many; longer ones are no words.
_LEAST, _LONGEST = 4, 20
# From so many letters on few words are a letter away from each other: "feel" is no "fees", "the thief" no "the chief".
_LONG = 7
# Two words run together are so long, each of them at least of so many letters.
_RUN_TOGETHER, _PART = 6, 2
# Of more unknown words only the first are looked at, so that the work of a message is bounded.
_MOST = 8


class Spelling:
    """Mends the words of a message by those that the examples have."""

    def __init__(self, grams: Iterable[str], sounds: str) -> None:
        """`grams` are those of the block of words, the commonest first; `sounds` names the table of sound.py."""
        words = (gram for gram in grams if " " not in gram and not gram.startswith(CONCEPT))
        self._ranks = {word: rank for rank, word in enumerate(words)}
        self.sounds = sounds
        # By what is left of a word without one of its letters, and by the word itself.
        self._index: dict[str, list[str]] = {}
        for word in filter(_mendable, self._ranks):
            for form in _shortened(word):
                self._index.setdefault(form, []).append(word)

    def mended(self, reading: Reading) -> Reading:
        """The message with known words for unknown ones; itself where there is nothing to mend.

        What stands in the result stands elsewhere in the text: it is for what has no offsets.
        """
        known = self._ranks
        unknown = [word for word in reading.tokens if word not in known and _mendable(word)]
        if not unknown:
            return reading
        words = {word: self._nearest(word) or word for word in dict.fromkeys(unknown[:_MOST])}
        if all(word == other for word, other in words.items()):
            return reading
        parts, at, bare = [], 0, reading.bare
        for token in reading.tokens:
            start = bare.index(token, at)
            parts += [bare[at:start], words.get(token, token)]
            at = start + len(token)
        return Reading("".join((*parts, bare[at:])), self.sounds)

    def knows(self, words: Iterable[str]) -> bool:
        """Whether one of these words is known, or a known one spelt wrong."""
        several = list(words)
        if not self._ranks.keys().isdisjoint(several):
            return True
        return any(self._nearest(word) for word in several[:_MOST] if _mendable(word))

    def _nearest(self, word: str) -> str:
        """The commonest word that is one slip away, or the two that were run together; empty if there is none."""
        near = {
            other
            for form in _shortened(word)
            for other in self._index.get(form, ())
            if _one_slip(word, other)
        }
        if near:
            return min(near, key=self._ranks.__getitem__)
        if len(word) < _RUN_TOGETHER:
            return ""
        cuts = ((word[:at], word[at:]) for at in range(_PART, len(word) - _PART + 1))
        pairs = [(one, other) for one, other in cuts if one in self._ranks and other in self._ranks]
        # A pair is as common as the rarer of the two.
        return " ".join(min(pairs, key=lambda pair: max(map(self._ranks.__getitem__, pair)), default=()))


def _mendable(word: str) -> bool:
    return _LEAST <= len(word) <= _LONGEST and word.isalpha()


def _shortened(word: str) -> Iterator[str]:
    """The word, and all that is left of it without one letter, each once."""
    yield word
    for at, letter in enumerate(word):
        if word[at - 1 : at] != letter:
            yield word[:at] + word[at + 1 :]


def _one_slip(typed: str, known: str) -> bool:
    """Whether a letter left out, put in, changed for another or put behind the next makes one word of the other.

    Of a short word only a letter left out, doubled or put behind the next: changed for another it is a word of its own.
    """
    short, long = sorted((typed, known), key=len)
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) != len(long):
        one_more = len(long) == len(short) + 1 and short[same:] == long[same + 1 :]
        return one_more and (typed == short or len(typed) >= _LONG or long[same] == long[same - 1 : same])
    turned = short[same + 1 : same + 2] + short[same : same + 1] + short[same + 2 :]
    changed = len(typed) >= _LONG and short[same + 1 :] == long[same + 1 :]
    return changed or turned == long[same:]
