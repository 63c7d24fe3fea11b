"""What numbers mean in a message: a date, a phone number, a case reference or an amount of money."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.nlu.data import Entity
from bot.nlu.dates import Dates
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.text.digits import ascii_digits

_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"(?<![\d.,])\+?\d(?:[ .\-\u00a0]?\d){6,14}(?!\d|[.,]\d)")
_GROUPS = {(8,), (4, 4), (2, 2, 2, 2), (3, 3, 2), (2, 3, 3), (1,) * 8, (3, 5), (5, 3)}
# The word that says what a number is stands at most so many code points before it.
_BEFORE = 16
# Of an amount, in code points: what is longer is no money of anybody's, and may be more than a float holds.
_LONGEST = 20


class Numbers:
    """Reads the digits of a message; what they can be is told by the functions passed in.

    `is_reference` takes eight digits and checks the check digit. `phone` takes a number as
    written and gives its E.164 form, or None.
    """

    def __init__(
        self, lexicon: Lexicon, *, is_reference: Callable[[str], bool], phone: Callable[[str], str | None]
    ) -> None:
        self._is_reference, self._phone = is_reference, phone
        self._dates = Dates(lexicon)
        self._phone_words = _before(word for _, word in lexicon.words("phone_words"))
        self._reference_words = _before(word for _, word in lexicon.words("reference_words"))
        self._factors = {word.lower(): int(factor) for _, factor, word in lexicon.table("multipliers")}
        self._amount = _amounts(self._factors, [word.lower() for _, word in lexicon.words("currency")])

    def find(self, reading: Reading, expects: str = "") -> list[Entity]:
        """The entities date, phone, reference and amount, none inside another."""
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
        if not _DIGIT.search(text):
            return
        for match in _RUN.finditer(text):
            yield from self._number(match, text, expects)
        for match in self._amount.finditer(text):
            kip = self._worth(match)
            if kip is not None:
                yield _entity("amount", kip, match.start(), match.end())

    def _number(self, match: re.Match[str], text: str, expects: str) -> Iterator[Entity]:
        groups = re.findall(r"\d+", match.group())
        digits = "".join(groups)
        before = text[max(match.start() - _BEFORE, 0) : match.start()].lower()
        phone = self._phone(match.group())
        called = bool(self._phone_words.search(before)) or expects == "phone"
        shaped = tuple(map(len, groups)) in _GROUPS and not match.group().startswith("+")
        if shaped and not (called and phone):
            named = bool(self._reference_words.search(before)) or expects == "reference"
            if self._is_reference(digits):
                yield _entity("reference", digits, *match.span())
            elif named or not phone:
                yield _entity("reference", digits, *match.span(), confidence=0.5)
        if phone:
            yield _entity("phone", phone, *match.span())

    def _worth(self, match: re.Match[str]) -> int | None:
        written, factor, currency = match["number"], match["factor"], match["currency"]
        grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", written)
        if len(written) > _LONGEST or not (factor or currency or grouped):
            return None
        value = float(re.sub(r"[.,]", "", written) if grouped else written.replace(",", "."))
        return round(value * self._factors.get((factor or "").lower(), 1))


def _amounts(factors: dict[str, int], currency: list[str]) -> re.Pattern[str]:
    def either(words: list[str]) -> str:
        # A Latin word must end; Lao runs on.
        return (
            "|".join(
                re.escape(word) + (r"(?![a-z])" if word.isascii() and word.isalpha() else "")
                for word in sorted(words, key=len, reverse=True)
            )
            or r"(?!)"
        )

    return re.compile(
        rf"(?<![\d.,])(?P<number>\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,12}}(?:[.,]\d{{1,2}})?)(?![\d])"
        rf"(?:\s*(?P<factor>{either(list(factors))}))?(?:\s*(?P<currency>{either(currency)}))?",
        re.IGNORECASE,
    )


def _before(words: Iterator[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word.lower()) for word in words) or r"(?!)")


def _entity(name: str, value: str | int, start: int, end: int, *, confidence: float = 1.0) -> Entity:
    return Entity(entity=name, value=value, start=start, end=end, confidence=confidence)
