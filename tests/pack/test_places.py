"""Places: found however they are spelt, several where a name is shared, none where it is a mere word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pack import Pack, load_yaml
from bot.places import DISTRICT, Places, check
from tests.pack.conftest import PACKS

FOUND = load_yaml(Path(__file__).with_name("places.yml")).data
LAO = Places.load(Pack.load(PACKS["lao"]))
NAMED = [(place, name) for place in LAO.by_code.values() for name in place.names.values()]


@pytest.mark.parametrize(
    ("pack", "text", "expected"),
    [(pack, text, expected) for pack, texts in FOUND.items() for text, expected in texts.items()],
)
def test_a_text_names_these_places(pack: str, text: str, expected: list[str], packs: dict[str, Pack]) -> None:
    matches = Places.load(packs[pack]).find(text)
    told = [
        f"{'|'.join(match.place.code for match in group)}={text[start:end]}"
        for (start, end), group in groupby(matches, key=lambda match: (match.start, match.end))
    ]
    assert told == expected


@given(st.sampled_from(NAMED))
def test_every_place_is_found_by_each_of_its_names(named: tuple[object, str]) -> None:
    place, name = named
    assert place in [match.place for match in LAO.find(name)]


@given(st.text() | st.text(alphabet="ເວຽງຈັນຄຳ່້ ໂພນທອງ\u200b.ມຂabxou"))
def test_any_text_is_read_and_spans_lie_in_it_in_order(text: str) -> None:
    matches = LAO.find(text)
    assert all(0 <= match.start < match.end <= len(text) for match in matches)
    assert [match.start for match in matches] == sorted(match.start for match in matches)


def test_all_provinces_and_districts_of_laos_are_there() -> None:
    assert len(LAO.provinces()) == 18
    districts = [place for place in LAO.by_code.values() if place.level == DISTRICT]
    assert len(districts) == 148
    assert sum(len(LAO.districts(province.code)) for province in LAO.provinces()) == 148
    assert all({"lo", "lo-Latn", "en"} == place.names.keys() for place in LAO.by_code.values())


def test_a_shared_name_is_told_apart_by_its_province() -> None:
    assert LAO.full_name("LA1606", "en") == "Phonthong, Champasak"
    assert LAO.full_name("LA16", "lo") == "ຈຳປາສັກ"
    assert LAO.name("LA01", "lo-Latn") == "Nakhon Luang Viengchan"
    with pytest.raises(KeyError):
        LAO.name("LA99", "en")


def test_mistakes_are_told_with_their_line(
    write: Callable[[dict[str, str]], Path], packs: dict[str, Pack]
) -> None:
    root = write(
        {
            "places/matching.yml": "levels:\n  village:\n    before: [x]\n",
            "places/provinces.csv": "code,qav,en,aliases\nP1,a,A,\nP1,b,B,\n",
            "places/districts.csv": "code,parent,qav,en,aliases,everyday\nP11,P9,c,C,,\n",
        }
    )
    broken = replace(packs["fictional"], root=root)
    told = [f"{Path(each.file).name}:{each.line}: {each.problem}" for each in check(broken)]
    assert told == [
        "matching.yml:2: no level village",
        "provinces.csv:3: P1 occurs twice",
        "districts.csv:2: no province P9",
    ]
