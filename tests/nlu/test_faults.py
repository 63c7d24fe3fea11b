"""Examples that are wrong: told with line and remedy, and never taught."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.errors import PackError
from bot.pack import Pack, load_yaml
from composition.country import Country
from composition.examples import check
from composition.understanding import model

BROKEN = load_yaml(Path(__file__).with_name("broken.yml")).data
FICTIONAL = Path(__file__).parents[1] / "packs" / "fictional"
Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Copies the small country and puts the file of a row beside its examples."""

    def copied(row: dict[str, Any]) -> Path:
        pack = tmp_path / "pack"
        shutil.copytree(FICTIONAL, pack)
        (pack / "en" / "nlu").mkdir()
        content = row["file"].replace("<10000>", "moon " * 1999 + "moons")
        (pack / "en" / "nlu" / "more.yml").write_bytes(content.encode(row.get("encoding", "utf-8")))
        return pack

    return copied


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row["name"])
def test_each_fault_is_told_with_its_line(row: dict[str, Any], write: Write) -> None:
    faults = check(Pack.load(write(row)))
    assert {Path(each.file).name for each in faults} <= {"more.yml"}
    told = [f"{each.line}: {each.problem}" for each in faults]
    assert len(told) == len(row["says"]), told
    for said, beginning in zip(told, row["says"], strict=True):
        assert said.startswith(beginning)
    assert all(each.remedy for each in faults)


@pytest.mark.parametrize("row", [row for row in BROKEN if row["says"]], ids=lambda row: row["name"])
async def test_what_is_wrong_is_never_taught(row: dict[str, Any], write: Write, tmp_path: Path) -> None:
    pack = write(row)
    with pytest.raises(PackError) as refused:
        await model(Config(data_dir=tmp_path / "data", pack=pack), Country.load(pack))
    assert refused.value == check(Pack.load(pack))[0]
    assert not (tmp_path / "data" / "models").exists()
