"""Types of citizen: heard in people's words, one a group, and things are for whom they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pack import Pack
from services.citizens import CitizenTypes
from tests.pack.conftest import PACKS

LAO = CitizenTypes.load(Pack.load(PACKS["lao"]))
TYPES = st.lists(st.sampled_from(sorted(LAO.by_id)), max_size=5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ຂ້ອຍເຮັດບັດເສຍ", ["lost"]),
        ("ຕໍ່ອາຍຸໜັງສືຜ່ານແດນໃຫ້ລູກ", ["renewal", "child"]),
        ("bat khong LUK SAO mot anyu", ["child", "renewal"]),
        ("My passport has expired", ["renewal"]),
        ("for my son, no, for an adult", ["adult"]),
        ("I am an expatriate", []),  # "expat" only as a whole word
        ("a childless couple", []),
        ("passport fee", []),
        ("", []),
    ],
)
def test_types_are_heard_in_any_language(text: str, said: list[str]) -> None:
    assert list(LAO.said(text)) == said


def test_types_have_names_in_every_language() -> None:
    for name in LAO.by_id:
        for language in LAO.pack.languages:
            assert LAO.by_id[name].names[language]
            assert LAO.name(name, language)


@given(TYPES)
def test_of_each_group_one_type_remains_and_the_later_wins(types: list[str]) -> None:
    kept = LAO.together([*types, "nobody"])
    groups = [LAO.by_id[name].group for name in kept]
    assert len(groups) == len(set(groups))
    for name in kept:
        later = types[len(types) - types[::-1].index(name) :]
        assert LAO.by_id[name].group not in {LAO.by_id[each].group for each in later}
    assert set(LAO.together(LAO.lasting(types))) <= set(types)


@given(TYPES, TYPES)
def test_groups_add_up_and_types_of_one_group_are_alternatives(wanted: list[str], types: list[str]) -> None:
    complete = LAO.complete(types)
    alternatives: dict[str, set[str]] = {}
    for name in wanted:
        alternatives.setdefault(LAO.by_id[name].group, set()).add(name)
    expected = all(names & complete for names in alternatives.values())
    assert LAO.concerns(frozenset(wanted), complete) == expected
