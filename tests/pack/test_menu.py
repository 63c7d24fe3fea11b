"""The menu of a pack: what stops it from working and what should be mended is told with its place; ours have none of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.pack import Pack, load_yaml
from dialogs import menu_lint
from tests.pack.conftest import PACKS

CASES = load_yaml(Path(__file__).with_name("menu.yml")).data


@pytest.mark.parametrize("name", PACKS)
def test_our_own_menus_are_fine(packs: dict[str, Pack], name: str) -> None:
    assert list(menu_lint.check(packs[name])) == []
    assert list(menu_lint.lint(packs[name])) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_what_is_wrong_is_told(tmp_path: Path, case: dict[str, Any]) -> None:
    root = Path(shutil.copytree(PACKS["fictional"], tmp_path / "pack"))
    menu = (root / "menu.yml").read_text("utf-8")
    for before, after in case.get("change", {}).items():
        assert before in menu, before
        menu = menu.replace(before, after)
    (root / "menu.yml").write_text(menu, "utf-8")
    pack = Pack.load(root)
    problems = list(menu_lint.check(pack))
    assert [each.problem for each in problems] == case.get("says", [])
    found = [] if problems else list(menu_lint.lint(pack))
    assert [each.problem for each in found] == case.get("lints", [])
    assert all(each.remedy and each.line > 1 for each in [*problems, *found])
