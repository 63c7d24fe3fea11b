"""Word lists that are wrong: told with line and remedy, before a message meets them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.dates import coming
from bot.nlu.dates import Dates
from bot.nlu.faults import Known
from bot.nlu.lexicon import Lexicon
from bot.nlu.lexicon_check import ENTRIES, FIXED, check
from bot.nlu.phrases import Searches
from bot.nlu.villages import Villages
from bot.pack import Pack, check_pack, load_yaml
from composition.country import PACK_CHECKS
from tests.pack.conftest import PACKS

ROWS = load_yaml(Path(__file__).with_name("lexicon.yml")).data
KNOWN = Known(intents=("fee", "complaint"), values={"service": ("boat-licence",)})
ABOUT = "id: x\nname: {en: X}\nlanguages: [en]\ntimezone: UTC\ncurrency: XXX\n"
Write = Callable[[dict[str, str]], Path]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_fault_is_told_with_its_line(row: dict[str, Any], write: Write) -> None:
    files = {"pack.yml": ABOUT, "en/responses.yml": "responses: {}\n", "en/lexicon.yml": row["lexicon"]}
    problems = check(Pack.load(write(files)), KNOWN)
    told = [f"{each.line}: {each.problem}" for each in problems]
    assert len(told) == len(row["says"]), told
    for said, beginning in zip(told, row["says"], strict=True):
        assert said.startswith(beginning)
    assert all(each.remedy and each.file.endswith("en/lexicon.yml") for each in problems)
    assert row.get("remedy", "") in "".join(each.remedy for each in problems[:1])


def test_where_the_catalogue_cannot_be_read_any_service_will_do(write: Write) -> None:
    files = {
        "pack.yml": ABOUT, "en/responses.yml": "responses: {}\n", "en/lexicon.yml": "occasions: {anything: [go fishing]}\n",
    }  # fmt: skip
    assert check(Pack.load(write(files)), Known(intents=(), values={"service": None})) == []


def test_a_file_that_is_not_yaml_is_told_once(write: Write) -> None:
    root = write(
        {"pack.yml": ABOUT, "en/responses.yml": "responses: {}\n", "en/lexicon.yml": "help: [help\nnot: x\n"}
    )
    problems = check_pack(root, [lambda pack: check(pack, KNOWN)])
    assert [each.problem[:8] for each in problems] == ["not YAML"]


def test_the_check_of_a_pack_looks_into_its_word_lists(tmp_path: Path) -> None:
    root = tmp_path / "pack"
    shutil.copytree(PACKS["fictional"], root)
    lexicon = root / "en" / "lexicon.yml"
    lexicon.write_text(lexicon.read_text("utf-8") + "not_wantd: {fee: [price]}\n", "utf-8")
    (problem,) = check_pack(root, PACK_CHECKS)
    assert (problem.file, problem.problem) == (str(lexicon), "nobody reads not_wantd")


def test_every_entry_that_is_read_is_known() -> None:
    asked = re.compile(r"""(?:\b(?:words|table|lexicon)\(|(?:Signs|_Ends)\(lexicon, )"([a-z_]+)"[,)]""")
    files = [file for folder in ("bot", "composition") for file in Path(folder).rglob("*.py")]
    names = {name for file in files for name in asked.findall(file.read_text("utf-8"))}
    assert {"not_wanted", "item_words", "occasions", "deny"} <= names
    assert names - {"alembic_version"} <= ENTRIES


def test_every_name_that_is_known_is_read() -> None:
    words: dict[str, Any] = {entry: {name: [f"{entry} {name}"] for name in FIXED[entry]} for entry in FIXED}
    lexicon = Lexicon(languages={"xx": words})
    Villages(lexicon, Searches())
    Dates(lexicon)
    assert all(coming(day, date(2026, 1, 1)) for day in FIXED["days"])
