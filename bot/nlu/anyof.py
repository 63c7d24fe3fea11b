"""A pattern for any of many words, that looks once at each first letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby


def any_of(words: Iterable[str]) -> str:
    """The words in small letters, the longest first; a Latin word stands alone, or by a digit, Lao runs on.

    A pattern that matches nothing where there is no word.
    """
    several = set(words)
    if not several:
        return "(?!)"
    latin = {word for word in several if word.isascii() and word[0].isalpha() and word[-1].isalpha()}
    first = re.escape("".join(sorted({word[0] for word in several})))
    return f"(?=[{first}])(?:(?<![a-z])(?:{_grouped(latin)})(?![a-z])|{_grouped(several - latin)})"


def _grouped(words: Iterable[str]) -> str:
    alphabetic = sorted(words, key=lambda word: (word[0], -len(word), word))
    by_letter = (
        f"{re.escape(letter)}(?:{'|'.join(re.escape(word[1:]) for word in several)})"
        for letter, several in groupby(alphabetic, key=lambda word: word[0])
    )
    return "|".join(by_letter) or "(?!)"
