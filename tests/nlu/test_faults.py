"""Examples that are wrong: told with line and remedy, and never taught."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import app
from bot.config import Config
from bot.errors import PackError
from bot.nlu.data import TrainingData, gather
from bot.nlu.faults import Known, faults
from bot.pack import Pack, load_yaml
from cli.pack import commands
from composition.country import Country
from composition.examples import check
from composition.understanding import in_force, model

BROKEN = load_yaml(Path(__file__).with_name("broken.yml")).data
FICTIONAL = Path(__file__).parents[1] / "packs" / "fictional"
KEYS = ("intent", "synonym", "lookup", "regex", "examples", "text", "metadata")
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


class _Kit(app.Kit):
    """The settings of a test."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def config(self) -> Config:
        return self._config


def _checked(config: Config, *arguments: str) -> Result:
    return CliRunner().invoke(commands(_Kit(config))[0], ["check", *arguments])


def test_the_command_tells_file_line_and_remedy_and_fails(write: Write, tmp_path: Path) -> None:
    pack = write(
        {"file": "nlu:\n- intent: fee\n  examples: |\n    - price of a [moon](service:mon-permit)\n"}
    )
    told = _checked(Config(data_dir=tmp_path), str(pack))
    assert told.exit_code == 1
    wanted = "more.yml:4: no service mon-permit. Write the id of one that is there"
    assert told.output.startswith(f"{pack}/en/nlu/{wanted}")
    (line,) = _checked(Config(data_dir=tmp_path), str(pack), "--json").output.splitlines()
    assert (json.loads(line)["line"], json.loads(line)["problem"]) == (4, "no service mon-permit")


def test_the_command_looks_into_labels_too_unless_it_is_told_which_pack(write: Write, tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path, pack=write({"file": BROKEN[4]["file"]}))
    labels = tmp_path / "labels" / "en" / "fee.yml"
    labels.parent.mkdir(parents=True)
    labels.write_text(
        "nlu:\n- intent: fee\n  examples:\n  - text: '...'\n  - text: the [moon](service)\n", "utf-8"
    )
    told = _checked(config)
    assert told.exit_code == 1
    assert told.output.startswith(f"{labels}:5: no service moon.")
    assert len(told.output.splitlines()) == 1
    assert _checked(config, str(config.pack)).exit_code == 0


async def test_a_running_model_goes_on_when_its_data_are_broken(write: Write, tmp_path: Path) -> None:
    pack = write({"file": BROKEN[4]["file"]})
    config = Config(data_dir=tmp_path / "data", pack=pack)
    serving = await in_force(config, Country.load(pack))
    (tmp_path / "data" / "learning").mkdir()
    (tmp_path / "data" / "learning" / "in_force.json").write_text('{"labels": "none"}')
    (pack / "en" / "nlu" / "more.yml").write_text("nlu: [", "utf-8")
    before = serving.name
    assert not await serving.refresh()
    assert serving.name == before


@pytest.mark.parametrize("row", [row for row in BROKEN if row["says"]], ids=lambda row: row["name"])
async def test_what_is_wrong_is_never_taught(row: dict[str, Any], write: Write, tmp_path: Path) -> None:
    pack = write(row)
    with pytest.raises(PackError) as refused:
        await model(Config(data_dir=tmp_path / "data", pack=pack), Country.load(pack))
    assert refused.value == check(Pack.load(pack))[0]
    assert not (tmp_path / "data" / "models").exists()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
files = st.one_of(
    st.binary(),
    st.text().map(lambda text: text.encode(errors="replace")),
    values.map(lambda value: json.dumps({"nlu": value}).encode()),
    st.text('[](){}:- \nab"').map(lambda text: f"nlu:\n- intent: a\n  examples: |\n    - {text}".encode()),
)


@given(files)
def test_no_file_is_too_broken_to_be_told_so(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nlu.yml"
        file.write_bytes(content)
        problems: list[PackError] = []
        examples = gather(file, "en", problems).examples
        lines = content.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        assert all(1 <= each.line <= lines + 1 and each.problem and each.remedy for each in problems)
        assert examples or problems or b"synonym" in content or b"lookup" in content or b"regex" in content
        assert faults(TrainingData(examples=examples), Known(intents=(), values={})) or not examples
