"""A message in clauses: "the fee, and how long does it take" is two, each perhaps a wish of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.nlu.lexicon import Lexicon

# More clauses than that are a story, and so are more letters.
_MOST, _LONGEST = 4, 160
_MARKS = r"[?!;\n,]+|\.(?=\s|$)|&|\+"
_LETTER = re.compile(r"[^\W\d_]")
_LEAST_LETTERS = 2

Span = tuple[int, int]


class Clauses:
    """Parts messages at punctuation and at the words of `between` in the lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        words = sorted({word for _, word in lexicon.words("between")}, key=len, reverse=True)
        # A Latin word stands alone; Lao runs on.
        latin = "|".join(re.escape(word) for word in words if word.isascii()) or "(?!)"
        others = [re.escape(word) for word in words if not word.isascii()]
        self._border = re.compile("|".join([_MARKS, rf"\b(?:{latin})\b", *others]), re.IGNORECASE)

    def split(self, text: str) -> list[Span]:
        """Where the clauses that have letters are, two to four; none where the message is one, or a story."""
        if len(text) > _LONGEST or not self._border.search(text):
            return []
        found = [span for span in self._between(text) if len(_LETTER.findall(text, *span)) >= _LEAST_LETTERS]
        return found if 1 < len(found) <= _MOST else []

    def _between(self, text: str) -> Iterator[Span]:
        start = 0
        for border in self._border.finditer(text):
            yield start, border.start()
            start = border.end()
        yield start, len(text)
