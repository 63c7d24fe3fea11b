"""Phone numbers: from what people write to one form, and what the country's rules say of each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import phonenumbers

from bot.errors import PackError
from bot.pack import Pack, Section

# What people put between digits. Anything else in the text means that it is not a number.
_BETWEEN = re.compile(r"[\s().\-\u2010-\u2015\u200b/]+")
_NUMBER = re.compile(r"\+?[0-9]{3,15}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """A mobile operator and the beginnings of its national numbers."""

    id: str
    name: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PhoneRules:
    """The numbering plan of a country, from phones.yml, and what a message part costs.

    The plan is data, so that a correction needs no new release of a library; numbers of other
    countries are judged by the metadata of `phonenumbers`.
    """

    country_code: str
    trunk_prefix: str
    international_prefix: str
    mobile: re.Pattern[str]
    fixed: re.Pattern[str]
    habits: tuple[tuple[re.Pattern[str], str], ...]
    allowed_codes: tuple[str, ...]
    operators: tuple[Operator, ...]
    prices: Mapping[str, int | None]

    @classmethod
    def load(cls, pack: Pack) -> PhoneRules:
        """Read phones.yml and prices.yml; raises PackError."""
        problems: list[PackError] = []
        rules = _read(pack, problems)
        if problems:
            raise problems[0]
        return rules

    def normalise(self, text: str) -> str | None:
        """The E.164 form of a number in any usual writing, or None if it is none.

        Digits of any script, spaces, dots, dashes and brackets are understood.
        """
        number = _BETWEEN.sub("", "".join(_digit(character) for character in text))
        if not _NUMBER.fullmatch(number):
            return None
        prefix = self.international_prefix
        if number.startswith("+"):
            return self._international(number[1:])
        if prefix and number.startswith(prefix):
            return self._international(number[len(prefix) :])
        for pattern, beginning in self.habits:
            if pattern.fullmatch(number):
                return f"+{self.country_code}{beginning}{number}"
        national = number.removeprefix(self.trunk_prefix)
        if self._is_national(national):
            return f"+{self.country_code}{national}"
        return self._international(number) if number.startswith(self.country_code) else None

    def allowed(self, e164: str) -> bool:
        """Whether we send to this country at all."""
        return e164.startswith(tuple(f"+{code}" for code in self.allowed_codes))

    def is_mobile(self, e164: str) -> bool:
        """Whether the number is a mobile one of the country."""
        return bool(self.mobile.fullmatch(self._national(e164)))

    def operator(self, e164: str) -> str:
        """The id of the operator by the number's beginning; empty if no rule knows it."""
        national = self._national(e164)
        for operator in self.operators:
            if national and national.startswith(operator.prefixes):
                return operator.id
        return ""

    def price(self, e164: str) -> int | None:
        """What one message part to this number costs, in hundredths of the currency; None if unknown."""
        return self.prices.get(self.operator(e164))

    def _international(self, number: str) -> str | None:
        if number.startswith(self.country_code):
            # "+856 020 …": the trunk prefix is often kept by mistake.
            national = number[len(self.country_code) :].removeprefix(self.trunk_prefix)
            return f"+{self.country_code}{national}" if self._is_national(national) else None
        try:
            parsed = phonenumbers.parse(f"+{number}")
        except phonenumbers.NumberParseException:
            return None
        return f"+{number}" if phonenumbers.is_valid_number(parsed) else None

    def _is_national(self, national: str) -> bool:
        return bool(self.mobile.fullmatch(national) or self.fixed.fullmatch(national))

    def _national(self, e164: str) -> str:
        prefix = f"+{self.country_code}"
        return e164[len(prefix) :] if e164.startswith(prefix) else ""


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of phones.yml and prices.yml."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    if value is not None:
        return str(value)
    return "+" if character == "\uff0b" else character


def _read(pack: Pack, problems: list[PackError]) -> PhoneRules:
    section = Section.open(pack.root / "phones.yml", problems)
    section.only(
        (
            "country_code", "trunk_prefix", "international_prefix",
            "mobile", "fixed", "habits", "allowed", "operators",
        )
    )  # fmt: skip
    operators = []
    for row in section.rows("operators"):
        row.only(("id", "name", "prefixes"))
        operators.append(
            Operator(
                id=row.string("id", required=True),
                name=row.string("name", required=True),
                prefixes=row.strings("prefixes"),
            )
        )
    return PhoneRules(
        country_code=section.string("country_code", required=True),
        trunk_prefix=section.string("trunk_prefix"),
        international_prefix=section.string("international_prefix"),
        mobile=_pattern(section, "mobile"),
        fixed=_pattern(section, "fixed"),
        habits=tuple((_pattern(row, "pattern"), row.string("prefix")) for row in section.rows("habits")),
        allowed_codes=section.strings("allowed"),
        operators=tuple(operators),
        prices=_read_prices(pack, {operator.id for operator in operators}, problems),
    )


def _pattern(section: Section, key: str) -> re.Pattern[str]:
    words = section.string(key, required=True)
    try:
        return re.compile(words, re.ASCII)
    except re.error as error:
        section.problem(f"{key} is not a pattern: {error}", "Correct the regular expression.", key)
        return re.compile("(?!)")


def _read_prices(pack: Pack, operators: set[str], problems: list[PackError]) -> dict[str, int | None]:
    section = Section.open(pack.root / "prices.yml", problems)
    section.only(("status", "year", "source", "parts"))
    parts = section.section("parts")
    parts.only(operators, "Name an operator of phones.yml.")
    return {operator: parts.integer(operator) for operator in parts.data}
