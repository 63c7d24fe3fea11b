"""Dates in a message, as they are said: in digits, by the name of a day or month, so many days ahead or ago."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from bot.calendar import WEEKDAYS
from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon, Phrases
from bot.nlu.phrases import LetterPhrases, Searches, Words
from bot.text.digits import ascii_digits

_WHOLE = re.compile(
    r"(?<![\d/.-])(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2}))(?![\d/-])"
)
_DAY_AND_MONTH = re.compile(r"(?<![\d/.,-])(\d{1,2})/(\d{1,2})(?![\d/]|[.,]\d)")
_NUMBER = re.compile(r"\d(?<![\d.,/-]\d)\d{0,3}(?![\d/]|[.,-]\d)")
# Around the clock, not the 24th of July.
_ALWAYS = "24/7"
_BUDDHIST_FROM, _BUDDHIST_AHEAD = 2400, 543
_CENTURY = 100
_YEAR_LETTERS = 4
# Any leap year: the 29th of February is a day.
_LEAP = 2024
_DIGIT = re.compile(r"\d")
# Between the words of a date may stand spaces and a comma.
_BETWEEN = re.compile(r"[\s,]*")

# What a date is made of, one letter a token; "-" where other words stand between two tokens.
_AHEAD, _NUMERAL, _UNIT, _FROM_NOW = "A", "N", "U", "F"
_MONTH, _COMMON, _MONTH_WORD, _MONTH_MARK, _DAY_MARK = "M", "C", "L", "K", "D"
_ORDINAL, _YEAR, _YEAR_WORD, _DAY_WORD, _GAP = "O", "Y", "P", "W", "-"
_WEEKDAY, _AGO, _LAST, _GONE, _NEXT = "J", "B", "V", "H", "X"
_SHAPES = re.compile(
    r"""
      (?P<ahead>A(?P<count>N)(?P<unit>[ULP])|(?P<count2>N)(?P<unit2>[ULP])F)
    | (?P<past>(?P<count3>N)(?P<unit3>[ULP])[BH])
    | V(?P<gone3>L)|(?P<gone4>L)[BH]
    | (?P<word>W)
    | V(?P<gone>J)|(?P<gone2>J)[BH]
    | X?(?P<word2>J)[XF]?
    | D?(?P<day>N)O?K?(?:L?(?P<month>[MC])|L(?P<monthnumber>N)(?![UL]|P(?!Y)))(?:P?(?P<year>Y))?
    | (?P<month2>[MC])(?P<day2>N)O?(?:P?(?P<year2>Y))?
    | D(?P<day3>N)O?(?![ULP])
    | [KLA]+(?P<month3>[MC])(?:P?(?P<year3>Y))?
    | (?P<month4>M)(?:P?(?P<year4>Y))?
    | L(?P<monthnumber2>N)(?![ULM]|P(?!Y))(?:P?(?P<year5>Y))?
    """,
    re.VERBOSE,
)


_UNITS = {"M": "month"}
# No date is without one of these, and most of them are none alone; those that are one are among them, so that
# more tokens never make less of a date.
_TELLING = frozenset((_LAST, _GONE, _AGO, _NUMERAL, _DAY_WORD, _WEEKDAY, _MONTH, _COMMON))
_ALONE = frozenset((_DAY_WORD, _WEEKDAY, _MONTH))


class _Token(NamedTuple):
    letter: str
    value: str
    start: int
    end: int


class Dates:
    """Finds dates by the words of a lexicon: `days`, `months`, `date_words` and `date_units`.

    `searches` are those shared with other lists.
    """

    def __init__(self, lexicon: Lexicon, searches: Searches | None = None) -> None:
        searches = searches or Searches()
        days = [(language, word, (_letter_of(day), day)) for language, day, word in lexicon.table("days")]
        common = {word for _, word in lexicon.words("months_also_words")}
        months = [
            (language, word, (_COMMON if word in common else _MONTH, month))
            for language, month, word in lexicon.table("months")
        ]
        self._names = Phrases(days + months, lexicon, searches, strict=True)
        meanings: dict[str, tuple[str, str]] = {}
        for word, letter, value in _small_words(lexicon):
            meanings.setdefault(word, (letter, value))
        self._words = LetterPhrases(meanings, searches)

    def find(self, reading: Reading) -> Iterator[Entity]:
        """The entities `date`; see bot/dates.py for their values."""
        text = ascii_digits(reading.text)
        digits = _DIGIT.search(text) is not None
        if digits:
            yield from _in_digits(text)
        text = text.lower()
        possible = self._names.possible(reading) + self._words.possible(text, reading.words)
        if _may_be({letter for letter, _ in possible} | ({_NUMERAL} if digits else set())):
            yield from self._in_words(text, reading)

    def _in_words(self, text: str, reading: Reading) -> Iterator[Entity]:
        found = [_Token(hit.value[0], hit.value[1], hit.start, hit.end) for hit in self._names.find(reading)]
        found += self._small(text, reading.words) if len(text) == len(reading.text) else ()
        if not _may_be({token.letter for token in found}):
            return
        tokens = list(_ordered(found, text))
        letters = "".join(token.letter for token in tokens)
        for match in _SHAPES.finditer(letters):
            value = _value(
                {name: tokens[match.start(name)].value for name, found in match.groupdict().items() if found}
            )
            if value:
                yield _entity(value, tokens[match.start()].start, tokens[match.end() - 1].end)

    def _small(self, text: str, words: Words) -> Iterator[_Token]:
        """Numbers and small words, wherever they stand."""
        for hit in self._words.find(text, words):
            yield _Token(*hit.value, hit.start, hit.end)
        if _DIGIT.search(text):
            for match in _NUMBER.finditer(text):
                letter = _YEAR if len(match[0]) == _YEAR_LETTERS else _NUMERAL
                yield _Token(letter, match[0], *match.span())


def _may_be(letters: set[str]) -> bool:
    """Whether tokens of these letters can be a date."""
    return not (_ALONE if len(letters) == 1 else _TELLING).isdisjoint(letters)


def _ordered(found: Iterable[_Token], text: str) -> Iterator[_Token]:
    """The longest at each place from left to right, and gaps where other words stand between two."""
    end = 0
    for token in sorted(found, key=lambda each: (each.start, -each.end)):
        if token.start < end:
            continue
        if not _BETWEEN.fullmatch(text, end, token.start):
            yield _Token(_GAP, "", end, token.start)
        yield token
        end = token.end


def _small_words(lexicon: Lexicon) -> Iterator[tuple[str, str, str]]:
    """(word, letter, value) of what is found as written: most is too short to be told by its sound."""
    kinds = {
        "ahead": _AHEAD, "from_now": _FROM_NOW, "month_mark": _MONTH_MARK, "day_mark": _DAY_MARK, "ordinal": _ORDINAL,
        "ago": _AGO, "last": _LAST, "gone": _GONE, "next": _NEXT, "done": _GAP,
    }  # fmt: skip
    units = {
        "day": (_UNIT, "D"),
        "week": (_UNIT, "W"),
        "month": (_MONTH_WORD, "M"),
        "year": (_YEAR_WORD, "Y"),
    }
    for _, kind, word in lexicon.table("date_words"):
        yield word.lower(), kinds[kind], kind
    for _, unit, word in lexicon.table("date_units"):
        yield word.lower(), *units[unit]
    for _, number, word in lexicon.table("small_numbers"):
        yield word.lower(), _NUMERAL, number
    for _, day, word in lexicon.table("days"):
        yield word.lower(), _letter_of(day), day


def _letter_of(day: str) -> str:
    return _WEEKDAY if day in WEEKDAYS else _DAY_WORD


def _in_digits(text: str) -> Iterator[Entity]:
    for match in _WHOLE.finditer(text):
        year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        if found := _day(_year(year), int(month), int(day)):
            yield _entity(found.isoformat(), *match.span())
    for match in _DAY_AND_MONTH.finditer(text):
        if match.group() != _ALWAYS and (found := _day(_LEAP, int(match[2]), int(match[1]))):
            yield _entity(f"--{found:%m-%d}", *match.span())


def _value(parts: Mapping[str, str]) -> str:
    """The entity's value of the parts of a shape; empty where they make no day."""
    # The numbers tell branches of one pattern apart, for a name may stand only once in it.
    said = {name.rstrip("2345"): value for name, value in parts.items()}
    if "word" in said or "gone" in said:
        return said.get("word") or f"last_{_UNITS.get(said['gone'], said['gone'])}"
    if "count" in said:
        return f"{'-' if 'past' in said else ''}P{int(said['count'])}{said['unit']}"
    month = int(said.get("month") or said.get("monthnumber") or 0)
    day, year = int(said.get("day", 0)), said.get("year", "")
    if not _day(_year(year) if year else _LEAP, month or 1, day or 1) or not (month or day):
        return ""
    if year:
        return date(_year(year), month, day or 1).isoformat()
    if month:
        return f"--{month:02d}-{day:02d}" if day else f"--{month:02d}"
    return f"---{day:02d}"


def _year(written: str) -> int:
    year = int(written)
    if len(written) < _YEAR_LETTERS:
        year += 20 * _CENTURY
    return year - _BUDDHIST_AHEAD if year >= _BUDDHIST_FROM else year


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _entity(value: str, start: int, end: int) -> Entity:
    return Entity(entity="date", value=value, start=start, end=end, confidence=1.0)
