"""Amounts of money as they are said: "50k", "50.000", "ຫ້າໝື່ນ", "two hundred thousand", "$5"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.nlu.anyof import any_of
from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import LetterPhrases, Searches

# In code points: what is longer is no money of anybody's, and may be more than a float holds.
_LONGEST = 20
_NUMBER = r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})+(?![\d]|[.,]\d)|(?<![\d.,])\d{1,12}(?:[.,]\d{1,2})?(?!\d)"
_SPACED = r"(?<![\d.,])\d{1,3}(?:[ \u00a0]\d{3})+(?!\d|[.,]\d)"
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d+")
_BETWEEN_GROUPS = re.compile(r"[ \u00a0]")
_TEN, _HUNDRED, _THOUSAND = 10, 100, 1_000
# A multiplier this large counts by itself when a digit follows: "ແສນຫ້າ", a hundred thousand and five tenths of it.
_LEAST_ALONE = 10_000


@dataclass(frozen=True, slots=True)
class _Said:
    """What a word of an amount means; `tenths`: a digit behind this multiplier counts in tenths of it."""

    value: int
    tenths: bool = False


class Amounts:
    """Finds amounts by the words of a lexicon.

    `multipliers`, `small_numbers` and `number_words` say numbers, `currency` the money of the country,
    `currencies` other money by its ISO 4217 code; `amount_not` are words that only seem to say a number,
    `multipliers_also_words` those that count beside a currency alone. With `tenths_follow` a digit behind
    a multiplier counts in tenths of it. `searches` are those shared with other lists.
    """

    def __init__(self, lexicon: Lexicon, searches: Searches) -> None:
        self._said = dict(_number_words(lexicon))
        self._doubtful = {word.lower() for _, word in lexicon.words("multipliers_also_words")}
        self._nothing = {word.lower() for _, word in lexicon.words("amount_not")}
        self._money = {word.lower(): "" for _, word in lexicon.words("currency")}
        self._money |= {word.lower(): code for _, code, word in lexicon.table("currencies")}
        word = any_of(self._said.keys() | self._nothing)
        money = any_of(self._money)
        symbol = any_of(each for each in self._money if not each[-1].isalpha())
        telling = {*self._multipliers(), *self._money}
        words = {*self._said, *self._nothing, *self._money}
        # Where an amount may begin, and whether what is there tells that it is one.
        self._words = LetterPhrases({word: word in telling for word in words}, searches)
        self._run = re.compile(
            rf"(?:(?P<before>{symbol})\s?)?(?:(?P<spaced>{_SPACED})(?=\s*(?:{money}))"
            rf"|(?P<said>(?:(?:{_NUMBER})\s*)?(?:{word})(?:\s*(?:(?:{_NUMBER})\s*)?(?:{word}))*|{_NUMBER}))"
            rf"(?:\s*(?P<after>{money}))?"
        )
        self._part = re.compile(rf"(?P<number>{_NUMBER})|{word}")

    def _multipliers(self) -> Iterator[str]:
        return (word for word, said in self._said.items() if said.value >= _THOUSAND)

    def find(self, reading: Reading, text: str) -> Iterator[tuple[Entity, bool]]:
        """The entities `amount` of a message, and whether a currency is named; its digits are 0-9 in `text`.

        The value is in the country's money, or in that of `currency`.
        """
        lowered = text.lower()
        if len(lowered) != len(text):
            return
        # Without a digit, or a word that says thousands or money, no amount is said.
        if not (_DIGIT.search(text) or any(self._words.possible(lowered, reading.words))):
            return
        starts = [hit.start for hit in self._words.find(lowered, reading.words)]
        starts += [match.start() for match in _DIGITS.finditer(text)]
        for match in self._beginning(lowered, sorted(starts)):
            money = match["after"] or match["before"] or ""
            value = self._worth(match, named=bool(money))
            if value is None:
                continue
            entity = Entity(
                entity="amount", value=value, start=match.start(), end=match.end(), confidence=1.0
            )
            if code := self._money.get(money):
                entity["currency"] = code
            yield entity, bool(money)

    def _beginning(self, lowered: str, starts: Iterable[int]) -> Iterator[re.Match[str]]:
        """What may be amounts from left to right, never overlapping."""
        free = 0
        for start in starts:
            if start >= free and (match := self._run.match(lowered, start)):
                free = match.end()
                yield match

    def _worth(self, match: re.Match[str], *, named: bool) -> int | float | None:
        if match["spaced"]:
            return int(_BETWEEN_GROUPS.sub("", match["spaced"]))
        parts = [(part["number"], part[0]) for part in self._part.finditer(match["said"])]
        words = [word for number, word in parts if not number]
        if any(word in self._nothing for word in words) or len(parts[0][0] or "") > _LONGEST:
            return None
        steps = [float(_plain(number)) if number else self._said[word] for number, word in parts]
        if not (named or self._is_amount(parts, steps)):
            return None
        value = _sum(steps)
        whole = round(value)
        return value if named and abs(value - whole) > 0 else whole

    def _is_amount(self, parts: Sequence[tuple[str, str]], steps: Sequence[float | _Said]) -> bool:
        """Whether a number says money by itself: in thousands, or written in groups of three digits."""
        if len(parts) == 1:
            return bool(parts[0][0] and _GROUPED.fullmatch(parts[0][0]))
        large = [
            step.value
            for step, (_, word) in zip(steps, parts, strict=True)
            if isinstance(step, _Said) and step.value >= _THOUSAND and word not in self._doubtful
        ]
        begins = steps[0].value if isinstance(steps[0], _Said) else 0
        return bool(large) and (begins < _THOUSAND or begins >= _LEAST_ALONE)


def _number_words(lexicon: Lexicon) -> Iterator[tuple[str, _Said]]:
    tenths = {language for language, entries in lexicon.languages.items() if entries.get("tenths_follow")}
    for table in ("small_numbers", "number_words", "multipliers"):
        for language, value, word in lexicon.table(table):
            yield word.lower(), _Said(int(value), tenths=language in tenths)


def _plain(number: str) -> str:
    return re.sub(r"[.,]", "", number) if _GROUPED.fullmatch(number) else number.replace(",", ".")


def _sum(steps: Sequence[float | _Said]) -> float:
    """The number that digits, tens, hundreds and multipliers say together, from left to right."""
    total = below = digit = 0.0
    last: _Said | None = None
    for step in steps:
        value = step.value if isinstance(step, _Said) else step
        if not isinstance(step, _Said) or value < _TEN:
            below, digit = below + digit, value
        elif value in (_TEN, _HUNDRED):
            below, digit = below + (digit or 1) * value, 0.0
        elif value < _HUNDRED:
            below += value
        elif last and value > last.value and not below + digit:
            total, last = total * value, step
        else:
            total, below, digit, last = total + (below + digit or 1) * value, 0.0, 0.0, step
    if last and last.tenths and digit and not below and isinstance(steps[-1], _Said):
        # "ລ້ານໜຶ່ງ" is one million, "ແສນສອງ" is one hundred and twenty thousand.
        return total + (digit * last.value / _TEN if digit > 1 else 0)
    return total + below + digit
