"""Journeys: read whole, and every fault named with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.errors import PackError
from bot.pack import Pack
from services import journeys

FICTIONAL = Path(__file__).parents[1] / "packs" / "fictional"
RIGHT = {"names": {"en": "Go fishing"}, "words": {"en": ["fishing"]}, "steps": ["boat-licence"]}


def pack(root: Path, about: dict[str, object]) -> Pack:
    (root / "services").mkdir()
    (root / "services" / "boat-licence.yml").write_text("id: boat-licence")
    (root / "journeys.yml").write_text(yaml.safe_dump({"go-fishing": about}))
    return replace(Pack.load(FICTIONAL), root=root)


def test_a_journey_is_read(tmp_path: Path) -> None:
    [journey] = journeys.load_journeys(pack(tmp_path, RIGHT)).values()
    assert (journey.id, journey.steps, journey.words["en"]) == ("go-fishing", ("boat-licence",), ("fishing",))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"steps": ["fishing"]}, "no service fishing"),
        ({"steps": []}, "a journey without steps"),
        ({"names": {}}, "names is missing"),
        ({"fee": 3}, "nobody reads fee"),
        ({"words": {"xx": ["fishing"]}}, "nobody reads xx"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    broken = pack(tmp_path, RIGHT | change)
    assert any(problem in str(each) for each in journeys.check(broken))
    with pytest.raises(PackError):
        journeys.load_journeys(broken)


def test_a_pack_without_the_file_has_none(tmp_path: Path) -> None:
    assert journeys.load_journeys(replace(Pack.load(FICTIONAL), root=tmp_path)) == {}
