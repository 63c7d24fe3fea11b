"""Pages of a text too long for one message or one screen."""

from __future__ import annotations

import re

from bot.text.breaks import Break, Breaks
from bot.text.graphemes import cut, is_boundary

# Paragraph, line, sentence, word. Greedy, so that each finds the last end of its kind.
_ENDS = tuple(re.compile(rf"[\s\S]*{end}") for end in (r"\n\s*\n", r"\n", r"[.!?;]\s", r"\s"))
# A number with what is counted by it, or with the sign before it: 60,000 kip, $ 60, USD 60, 20 - 30 kip.
_NUMBER = r"\d+(?:[.,:/]\d+)*"
_AMOUNT = re.compile(
    rf"(?:[$€£¥฿₭] ?|\b[A-Z]{{3}} )?(?<![A-Za-z0-9]){_NUMBER}(?: ?[-–] ?{_NUMBER})*(?: ?(?:[^\W\d_]|[%$€£¥฿₭]))?"
)
_LONGEST_AMOUNT = 40  # code points
_CLOSER = (Break.SYLLABLE, Break.CLUSTER, Break.TIGHT)


def pages(text: str, limit: int) -> list[str]:
    """Cut `text` into pages of at most `limit` code points, without white space around them.

    A page ends, where that leaves it half full at least, after a paragraph, else a line, a
    sentence, a word, a syllable, a grapheme cluster, and where it can not inside an amount.
    Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError("A page needs room for at least one code point.")
    rest = text.strip()
    found = []
    while len(rest) > limit:
        page, rest = first_page(rest, limit)
        found.append(page)
    return [*found, rest] if rest else found


def first_page(text: str, limit: int) -> tuple[str, str]:
    """The first page of a `text` longer than `limit` code points, and the rest, by the same rules."""
    at = _end(text, limit)
    return text[:at].rstrip(), text[at:].lstrip()


def _end(text: str, limit: int) -> int:
    """Where the first page of `text` ends; the white space it may end in is not counted."""
    half = max(1, limit // 2)
    first = at = _pause(text, half, limit)
    while (amount := _torn(text, at)) is not None:
        if amount < half:
            return first
        at = _pause(text, half, amount)
    return at


def _torn(text: str, at: int) -> int | None:
    """Where the amount begins that a page which ends there would tear."""
    around = _AMOUNT.finditer(text, max(0, at - _LONGEST_AMOUNT), at + _LONGEST_AMOUNT)
    return next((found.start() for found in around if found.start() < at < found.end()), None)


def _pause(text: str, half: int, limit: int) -> int:
    for end in _ENDS:
        match = end.match(text, 0, limit + 1)
        if match and match.end() >= half and is_boundary(text, match.end()):
            return match.end()
    breaks = Breaks(text)
    found = (breaks.last(half, limit, worst) for worst in _CLOSER)
    return next((at for at in found if at > 0), len(cut(text, limit)[0]))
