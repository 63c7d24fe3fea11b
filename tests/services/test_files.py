"""What is wrong with centres, overlays and types of citizen is told with file, line and remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PackError
from bot.pack import Pack, load_yaml
from services import centres, citizens, local
from tests.pack.conftest import PACKS
from tests.services.conftest import services_of

FILES: dict[str, tuple[str, Callable[[Pack], Iterable[PackError]]]] = {
    "centres": ("centres.csv", centres.check),
    "overlays": ("overlays/korin.yml", local.check),
    "types": ("citizen_types.yml", citizens.check),
}
CASES = [
    pytest.param(name, case, id=case["says"])
    for name in FILES
    for case in load_yaml(Path(__file__).with_name(f"{name}.yml")).data
]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_mistake_is_told_with_its_line(
    name: str, case: dict[str, Any], tmp_path: Path, packs: dict[str, Pack]
) -> None:
    path, check = FILES[name]
    root = tmp_path / "pack"
    shutil.copytree(PACKS["fictional"], root)
    content = (root / path).read_text("utf-8")
    assert case["from"] in content
    (root / path).write_text(content.replace(case["from"], case["to"], 1), "utf-8")
    problems = list(check(replace(packs["fictional"], root=root)))
    told = [f"{each.line}: {each.problem}" for each in problems if Path(each.file) == root / path]
    assert any(said.startswith(case["says"]) for said in told), told
    assert all(each.remedy for each in problems)
    with pytest.raises(PackError):
        services_of(replace(packs["fictional"], root=root))


def test_one_name_for_two_overlays_is_told(tmp_path: Path, packs: dict[str, Pack]) -> None:
    root = tmp_path / "pack"
    shutil.copytree(PACKS["fictional"], root)
    shutil.copy(root / "overlays" / "korin.yml", root / "overlays" / "second.yml")
    told = list(local.check(replace(packs["fictional"], root=root)))
    assert {each.problem for each in told} == {
        f"{name} is in another file too"
        for name in ("korin-fees", "korin-hilltop", "boats-2026", "korin-stand-fee")
    }


def test_a_pack_needs_none_of_these_files(tmp_path: Path, packs: dict[str, Pack]) -> None:
    root = tmp_path / "pack"
    shutil.copytree(PACKS["fictional"], root)
    (root / "centres.csv").unlink()
    shutil.rmtree(root / "overlays")
    pack = replace(packs["fictional"], root=root)
    assert services_of(pack).overlays == ()
    assert list(centres.check(pack)) == list(local.check(pack)) == []
