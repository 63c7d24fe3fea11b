"""Finds the stretch of a text that is nearest to a word, in a handful of integer operations a letter.

G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
programming", 1999: a column of the table of edit distances is two integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Pattern:
    """A word to look for, with letters wrong, missing or added."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        self._forward, self._backward = _masks(letters), _masks(letters[::-1])

    def nearest(self, text: str) -> tuple[int, int, int]:
        """The fewest edits that make a stretch of the text the word; where it starts and ends."""
        errors, end = self._errors(text)
        return errors, self._start(text, end), end

    def within(self, share: float, text: str) -> tuple[int, int, int] | None:
        """The same, or None where more than this share of the word's letters would be edits."""
        errors, end = self._errors(text)
        return (errors, self._start(text, end), end) if errors <= share * len(self.letters) else None

    def is_within(self, share: float, text: str) -> bool:
        """Whether no more than this share of the word's letters would be edits."""
        return self._errors(text)[0] <= share * len(self.letters)

    def _errors(self, text: str) -> tuple[int, int]:
        return _walk(self._forward, len(self.letters), text, anywhere=True)

    def _start(self, text: str, end: int) -> int:
        _, width = _walk(self._backward, len(self.letters), reversed(text[:end]), anywhere=False)
        return end - width


def _masks(letters: str) -> dict[str, int]:
    masks: dict[str, int] = {}
    for place, letter in enumerate(letters):
        masks[letter] = masks.get(letter, 0) | 1 << place
    return masks


def _walk(masks: Mapping[str, int], length: int, text: Iterable[str], *, anywhere: bool) -> tuple[int, int]:
    """The fewest edits between the word and a stretch that ends somewhere; the first such end.

    The stretch begins `anywhere`, or with the text.
    """
    every, last = (1 << length) - 1, 1 << length >> 1
    more, less, errors = every, 0, length
    best, end = errors, 0
    for place, letter in enumerate(text, 1):
        same = masks.get(letter, 0)
        across = same | less
        along = ((((same & more) + more) ^ more) | same) & every
        risen, fallen = less | (every & ~(along | more)), more & along
        if risen & last:
            errors += 1
        elif fallen & last:
            errors -= 1
        risen = risen << 1 | (not anywhere)
        more = (fallen << 1 | ~(across | risen)) & every
        less = risen & across & every
        if errors < best:
            best, end = errors, place
    return best, end
