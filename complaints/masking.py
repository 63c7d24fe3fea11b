"""What recognises a person, masked out of the words that staff search and read in lists.

Phone, identity and account numbers and e-mail addresses become `***`, in whichever digits they are
written; the citizen's own words stay whole in the sealed filing event. Amounts, dates and hours
stay readable: they are the substance of a complaint.
"""

from __future__ import annotations

import re

from bot.text.digits import ascii_digits
from bot.text.graphemes import cut

MASK = "***"
SUMMARY = 80  # code points
# A first "sentence" shorter than this is a form of address or an abbreviation.
_SHORTEST = 12

_EMAIL = re.compile(r"[^\s@<>(),;:\"]{1,64}@[^\s@<>(),;:\"]{1,200}\.[^\s@<>(),;:\".]{2,}")
# Seven digits or more, with at most two signs between neighbours, as people group them.
_RUN = re.compile(r"\+?\(?[0-9](?:[\s().\-\u2010-\u2015\u200b]{0,2}[0-9]){6,}")
_KEPT = re.compile(
    # day-month-year and year-month-day (19xx, 20xx, Buddhist 25xx), with the hour that may follow
    r"(?:[0-9]{1,2}[-.][0-9]{1,2}[-.](?:19|20|25)[0-9]{2}|(?:19|20|25)[0-9]{2}[-.][0-9]{1,2}[-.][0-9]{1,2})"
    r"(?:\s[0-9]{1,2})?"
    # hours of the day, parted by a point
    r"|[0-2]?[0-9]\.[0-5][0-9]\s?[-\u2010-\u2015]\s?[0-2]?[0-9]\.[0-5][0-9]"
    # amounts in thousands, grouped or not
    r"|[1-9][0-9]{0,2}(?:[.\s][0-9]{3})*[.\s]000|[1-9][0-9]*0000"
)
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s)|\n")


def mask(text: str) -> str:
    """The text with every recognisable identifier replaced by `***`."""
    readable = ascii_digits(text)
    spans = [match.span() for match in _EMAIL.finditer(readable)]
    spans += [match.span() for match in _RUN.finditer(readable) if not _KEPT.fullmatch(match[0])]
    masked, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            masked += [text[position:start], MASK]
        position = max(position, end)
    return "".join(masked) + text[position:]


def summary(text: str, limit: int = SUMMARY) -> str:
    """The first sentence of a masked text on one line, at most `limit` (2 or more) code points long, cut between letters."""
    sentence = " ".join(_first_sentence(text.strip()).split())
    if not cut(sentence, limit)[1]:
        return sentence
    head, rest = cut(sentence, limit - 1)
    word_end = len(head) if rest.startswith(" ") else head.rfind(" ")
    return f"{head[:word_end] if word_end > len(head) // 2 else head}…"


def _first_sentence(text: str) -> str:
    for end in _SENTENCE_END.finditer(text):
        if end.start() >= _SHORTEST:
            return text[: end.start()]
    return text
