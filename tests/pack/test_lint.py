"""The linter: what a reader or a payer would mind is told with its place, and our own packs have none of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.lint import lint
from bot.pack import Pack, load_yaml

CASES = load_yaml(Path(__file__).with_name("lint.yml")).data
Write = Callable[[dict[str, str]], Path]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_the_linter_says(write: Write, case: dict[str, Any]) -> None:
    root = write(
        {
            "pack.yml": "id: x\nname: {en: X}\nlanguages: [lo, en]\ntimezone: UTC\ncurrency: XXX\n",
            **case["files"],
        }
    )
    said = list(lint(Pack.load(root), case.get("budgets", {}), case.get("widths", {})))
    assert [f"{Path(each.file).relative_to(root)}:{each.line}: {each.problem}" for each in said] == case[
        "says"
    ]
    assert all(each.remedy for each in said)
