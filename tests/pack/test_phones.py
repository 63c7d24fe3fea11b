"""Phone numbers: one form for every writing, and the country's own rules for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pack import Pack, load_yaml
from bot.phones import PhoneRules, check
from tests.pack.conftest import PACKS

WRITTEN = load_yaml(Path(__file__).with_name("phones.yml")).data
RULES = {name: PhoneRules.load(Pack.load(path)) for name, path in PACKS.items()}
LAO = RULES["lao"]


@pytest.mark.parametrize(
    ("pack", "text", "number"),
    [(pack, text, number) for pack, texts in WRITTEN.items() for text, number in texts.items()],
)
def test_a_writing_stands_for_one_number(pack: str, text: str, number: str | None) -> None:
    assert RULES[pack].normalise(text) == number


@given(st.from_regex(r"\+856[1-9][0-9]{6,10}", fullmatch=True))
def test_the_plan_in_the_pack_is_that_of_the_library(number: str) -> None:
    known = phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert (LAO.normalise(number) == number) is known


@given(st.from_regex(LAO.mobile, fullmatch=True))
def test_every_mobile_number_is_understood_with_and_without_its_prefixes(national: str) -> None:
    e164 = f"+856{national}"
    assert {LAO.normalise(text) for text in (national, f"0{national}", e164, f"00856{national}")} == {e164}
    assert LAO.is_mobile(e164)
    assert LAO.allowed(e164)


@given(st.text())
def test_any_text_is_judged_and_a_number_stays_what_it_is(text: str) -> None:
    number = LAO.normalise(text)
    assert number is None or LAO.normalise(number) == number


def test_only_the_countries_on_the_list_are_sent_to() -> None:
    assert LAO.allowed("+8562055512345")
    assert not LAO.allowed("+66812345678")
    assert not LAO.allowed("+85")
    assert RULES["fictional"].allowed("+99950123456")


@pytest.mark.parametrize(
    ("pack", "number", "operator", "price"),
    [
        ("lao", "+8562055512345", "lao-telecom", None),
        ("lao", "+8562022345678", "etl", None),
        ("lao", "+8562095512345", "unitel", None),
        ("lao", "+856305512345", "lao-telecom", None),
        ("lao", "+85621312345", "", None),
        ("lao", "+66812345678", "", None),
        ("fictional", "+99950123456", "north", 2500),
        ("fictional", "+99955123456", "river", 1999),
        ("fictional", "+99959123456", "", None),
    ],
)
def test_operator_and_price_follow_the_prefix(
    pack: str, number: str, operator: str, price: int | None
) -> None:
    assert RULES[pack].operator(number) == operator
    assert RULES[pack].price(number) == price


def test_a_fixed_line_is_no_mobile() -> None:
    assert not LAO.is_mobile("+85621312345")
    assert not LAO.is_mobile("+66812345678")


def test_mistakes_are_told_with_their_line(
    write: Callable[[dict[str, str]], Path], packs: dict[str, Pack]
) -> None:
    root = write(
        {
            "phones.yml": "country_code: 1\nmobile: '(5'\nfixed: 2\noperators:\n  - {id: a, name: A, prefixes: [5]}\n",
            "prices.yml": "parts: {a: -1, b: 2}\n",
        }
    )
    broken = replace(packs["fictional"], root=root)
    told = [f"{Path(each.file).name}:{each.line}: {each.problem}" for each in check(broken)]
    assert told == [
        "phones.yml:2: mobile is not a pattern: missing ), unterminated subpattern at position 0",
        "prices.yml:1: nobody reads b",
        "prices.yml:1: a is not a whole number of at least 0",
    ]
