"""Routing: every case has a desk, and none about an office is owned by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PackError
from bot.pack import Numbers, Pack
from bot.yaml_read import read_yaml
from complaints import categories, routing
from complaints.categories import Categories, Category
from complaints.clocks import Targets
from complaints.routing import Desk, Desks

TABLE = read_yaml(Path(__file__).parent / "routing.yml")


def pack(root: Path) -> Pack:
    return Pack(
        root=root, id="zz", name={"en": "Nowhere"}, languages=("en",), fallback="en", timezone="UTC",
        currency="ZZD", numbers=Numbers(), texts={}, labels={}, lexicons={},
    )  # fmt: skip


def write(root: Path, file: str, content: object) -> Pack:
    (root / file).write_text(yaml.safe_dump(content, sort_keys=False))
    return pack(root)


def category(name: str, *, sensitive: bool = False) -> Category:
    targets = Targets(first_response=1, next_update=1, resolution=1)
    return Category(id=name, names={"en": name}, targets=targets, sensitive=sensitive)


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    return Desks.load(write(tmp_path, "desks.yml", TABLE["desks"]))


@pytest.mark.parametrize("case", TABLE["routes"], ids=lambda case: case["because"])
def test_a_case_goes_where_the_table_says(desks: Desks, case: dict[str, str]) -> None:
    about = category(case.get("category", "delay"), sensitive=bool(case.get("sensitive")))
    places = case.get("places", "").split()
    desk = desks.route(about, places, case.get("service", ""), case.get("office", ""))
    assert desk.id == case["goes_to"]


names = st.sampled_from(["a", "b", "c", "d", "default", "review"])
drawn_desks = st.fixed_dictionaries(
    {
        "places": st.frozensets(st.sampled_from(["x", "xy"])),
        "categories": st.frozensets(st.sampled_from(["delay", "rude"])),
        "superior": names | st.just(""),
        "answers": st.booleans(),
    }
)


@given(
    st.dictionaries(names, drawn_desks), names | st.sampled_from(["", "other"]), st.booleans(), st.booleans()
)
def test_there_is_always_a_desk_and_never_the_accused(
    drawn: dict[str, dict[str, object]],
    office: str,
    sensitive: bool,
    nearby: bool,
) -> None:
    by_id = {name: Desk(id=name, names={}, **values) for name, values in drawn.items()}  # type: ignore[arg-type]  # drawn
    by_id |= {name: Desk(id=name, names={}) for name in ("default", "review")}
    desks = Desks(pack=pack(Path()), by_id=by_id, default="default", review="review")
    places = ["xy", "x"] if nearby else []
    desk = desks.route(category("delay", sensitive=sensitive), places, "", office)
    assert desk.id != office
    assert desk.answers
    assert desks.above(desk.id, office).id != office


@pytest.mark.parametrize("case", TABLE["faults"], ids=lambda case: case["problem"])
def test_a_fault_in_the_desks_is_named_with_its_line(tmp_path: Path, case: dict[str, Any]) -> None:
    broken = write(tmp_path, "desks.yml", case["file"])
    assert any(case["problem"] in str(problem) and problem.line for problem in routing.check(broken))
    with pytest.raises(PackError):
        Desks.load(broken)


def test_categories_are_read_with_their_days(tmp_path: Path) -> None:
    loaded = Categories.load(write(tmp_path, "categories.yml", TABLE["categories"]))
    assert [each.id for each in loaded] == ["delay", "bribe"]
    delay = loaded.get("delay")
    assert delay
    assert delay.targets == Targets(first_response=3, next_update=5, resolution=15)
    assert [each.sensitive for each in loaded] == [False, True]
    assert loaded.name("delay", "en") == "Delay"
    assert loaded.name("gone", "en") == "gone"


@pytest.mark.parametrize("case", TABLE["category_faults"], ids=lambda case: case["problem"])
def test_a_fault_in_the_categories_is_named(tmp_path: Path, case: dict[str, Any]) -> None:
    broken = write(tmp_path, "categories.yml", case["file"])
    assert any(case["problem"] in str(problem) for problem in categories.check(broken))
    with pytest.raises(PackError):
        Categories.load(broken)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert routing.check(pack(tmp_path))
    assert categories.check(pack(tmp_path))


def test_the_projects_own_pack_routes_every_category_away_from_every_accused_desk() -> None:
    own = Pack.load(Path(__file__).parents[2] / "nlu_data")
    desks = Desks.load(own)
    for about in Categories.load(own):
        for accused in ("", *(desk.id for desk in desks)):
            desk = desks.route(about, [], "", accused)
            assert desk.answers
            assert desk.id != accused
