"""What numbers mean in a message: a date, a phone number, a case reference or an amount of money."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.nlu.amounts import Amounts
from bot.nlu.data import Entity
from bot.nlu.dates import Dates
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import Searches
from bot.text.digits import ascii_digits

_DIGIT = re.compile(r"\d")
_RUN = re.compile(
    r"(?<![\d.,])(?:\+?\d(?:[ .\-\u00a0]?\d){6,14}|\(\d{2,4}\)[ .\-\u00a0]?\d(?:[ .\-\u00a0]?\d){5,11})(?!\d|[.,]\d)"
)
_GROUPS = {(8,), (4, 4), (2, 2, 2, 2), (3, 3, 2), (2, 3, 3), (1,) * 8, (3, 5), (5, 3)}
# The word that says what a number is stands at most so many code points before it.
_BEFORE = 16
# How sure a reference is whose check digit is wrong.
_DOUBTED = 0.5
_PHONE_DIGITS = 8


class Numbers:
    """Reads the digits of a message; what they can be is told by the functions passed in.

    `is_reference` takes digits: True where the check digit is right, False where one digit is wrong,
    missing or too many, or two are swapped, None for what is farther from a reference. `phone` takes
    a number as written and gives its E.164 form, or None. `searches` are those shared with other lists.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        *,
        is_reference: Callable[[str], bool | None],
        phone: Callable[[str], str | None],
        searches: Searches | None = None,
    ) -> None:
        self._is_reference, self._phone = is_reference, phone
        searches = searches or Searches()
        self._dates = Dates(lexicon, searches)
        self._phone_words = _before(word for _, word in lexicon.words("phone_words"))
        self._reference_words = _before(word for _, word in lexicon.words("reference_words"))
        self._amounts = Amounts(lexicon, searches)

    def find(self, reading: Reading, expects: str = "") -> list[Entity]:
        """The entities date, phone, reference and amount, none inside another.

        A reference that the check digit tells to be mistyped says so, and keeps the digits as they were sent.
        """
        text = ascii_digits(reading.text)
        found: list[Entity] = []
        taken = bytearray(len(text))  # a mark for each character: a message may be nothing but numbers
        for entity in self._candidates(text, reading, expects):
            place = slice(entity["start"], entity["end"])
            if not any(taken[place]):
                found.append(entity)
                taken[place] = b"\1" * len(taken[place])
        return found

    def _candidates(self, text: str, reading: Reading, expects: str) -> Iterator[Entity]:
        yield from self._dates.find(reading)
        amounts = list(self._amounts.find(reading, text))
        yield from (amount for amount, named in amounts if named)
        for match in _RUN.finditer(text) if _DIGIT.search(text) else ():
            yield from self._number(match, text, expects)
        yield from (amount for amount, named in amounts if not named)

    def _number(self, match: re.Match[str], text: str, expects: str) -> Iterator[Entity]:
        groups = re.findall(r"\d+", match.group())
        digits = "".join(groups)
        before = text[max(match.start() - _BEFORE, 0) : match.start()].lower()
        phone = self._phone(match.group())
        called = bool(self._phone_words.search(before)) or expects == "phone"
        named = bool(self._reference_words.search(before)) or expects == "reference"
        if len(digits) < _PHONE_DIGITS and not called:
            phone = None  # so few digits are a number of anything, unless somebody is to be called
        shaped = tuple(map(len, groups)) in _GROUPS and not match.group().startswith("+")
        checked = None if called and phone else self._is_reference(digits)
        if shaped and checked:
            yield _entity("reference", digits, *match.span())
        elif checked is False and (named or not phone) and (shaped or (named and not phone)):
            yield {**_entity("reference", digits, *match.span(), confidence=_DOUBTED), "mistyped": True}
        if phone:
            yield _entity("phone", phone, *match.span())


def _before(words: Iterator[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word.lower()) for word in words) or r"(?!)")


def _entity(name: str, value: str | int, start: int, end: int, *, confidence: float = 1.0) -> Entity:
    return Entity(entity=name, value=value, start=start, end=end, confidence=confidence)
