"""Reviewers get every wording in a workbook, and what they say is taken back exactly, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import app
from bot.pack import Pack, load_yaml
from bot.texts import Said, Wording, wordings
from cli.main import command
from cli.workbook import NotAWorkbook, read, write
from tests.pack.conftest import PACKS

# Trials over a whole pack take as long as they take.
settings.register_profile("thorough", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("thorough")

Edit = Callable[..., None]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The fictional pack, to be changed."""
    return Path(shutil.copytree(PACKS["fictional"], tmp_path / "pack"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wordings of the fictional pack, exported once."""
    file = tmp_path_factory.mktemp("exported") / "texts.xlsx"
    assert patou("export", file, PACKS["fictional"]).exit_code == 0
    return file


@pytest.fixture
def book(exported: Path, tmp_path: Path) -> Path:
    """Its wordings, exported, to be filled in."""
    return Path(shutil.copy(exported, tmp_path / "texts.xlsx"))


@pytest.fixture
def edit(book: Path) -> Edit:
    """Writes into cells of a row, as a reviewer would: by the title of the column."""

    def write_cells(key: str, part: str, /, *, sheet: str = "qav", **cells: str) -> None:
        workbook = load_workbook(book)
        rows = list(workbook[sheet].iter_rows())
        titles = [cell.value for cell in rows[0]]
        row = next(row for row in rows if (row[0].value, row[1].value) == (key, part))
        for title, words in cells.items():
            row[titles.index(title.replace("_", " "))].value = words
        workbook.save(book)

    return write_cells


def patou(verb: str, file: Path, pack: Path, *more: str) -> Result:
    patou = command(app.Kit())
    return CliRunner().invoke(patou, ["texts", verb, str(file), "--pack", str(pack), *more])


def contents(pack: Path) -> dict[str, bytes]:
    return {str(path.relative_to(pack)): path.read_bytes() for path in pack.rglob("*") if path.is_file()}


def differing(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, list[tuple[str, str]]]:
    """The lines that differ, by file."""
    assert before.keys() == after.keys()
    found = {}
    for name in before:
        old, new = (each[name].decode().splitlines() for each in (before, after))
        if old != new:
            assert len(old) == len(new), name
            found[name] = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    return found


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("also", [(), ("--unreviewed",), ("--lang", "en")])
def test_a_review_that_changes_nothing_leaves_every_byte(
    name: str, also: tuple[str, ...], tmp_path: Path
) -> None:
    pack, file = Path(shutil.copytree(PACKS[name], tmp_path / "pack")), tmp_path / "texts.xlsx"
    before = contents(pack)
    assert patou("export", file, pack, *also).exit_code == 0
    result = patou("import", file, pack)
    assert (result.exit_code, result.output) == (0, "Nothing changes.\n")
    assert contents(pack) == before


def test_every_wording_is_there_with_what_one_needs_to_judge_it(pack: Path, book: Path) -> None:
    lines = {(line.key, line.part): line for line in read(book) if line.sheet == "qav"}
    loaded = Pack.load(pack)
    for key, text in loaded.texts["qav"].items():
        assert lines[key, "text"].now == text.text
        for number, button in enumerate(text.buttons, start=1):
            assert lines[key, f"button {number}"].now == button.title
    assert lines["free", "label"].now == loaded.labels["qav"]["free"].text
    assert lines["services/boat-licence.yml: names", "name"].now
    titles = [cell.value for cell in next(load_workbook(book)["qav"].iter_rows(max_row=1))]
    assert titles == [
        "key", "part", "where it is said", "en now", "qav now", "SMS parts en", "SMS parts qav",
        "comment", "reviewed", "new wording",
    ]  # fmt: skip


def test_a_new_wording_changes_its_line_alone(pack: Path, book: Path, edit: Edit) -> None:
    edit("utter_thanks", "text", new_wording="ახალი", reviewed="yes", comment="better so")
    before = contents(pack)
    trial = patou("import", book, pack, "--dry-run")
    assert trial.exit_code == 0
    assert "+ ახალი" in trial.output
    assert "better so" in trial.output
    assert contents(pack) == before
    assert patou("import", book, pack).exit_code == 0
    ((_, lines),) = differing(before, contents(pack)).items()
    text = Pack.load(pack).texts["qav"]["utter_thanks"]
    assert (text.text, text.reviewed) == ("ახალი", True)
    assert len(lines) <= 2
    assert all("ახალი" in new or "reviewed: true" in new for _, new in lines)
    assert patou("import", book, pack).output.endswith("Nothing changes.\n"), (
        "taken twice, it changes nothing"
    )


def test_an_entry_is_reviewed_when_all_of_it_is(pack: Path, tmp_path: Path) -> None:
    file = pack / "qav" / "responses.yml"
    key = next(
        key for key, text in Pack.load(pack).texts["qav"].items() if len(text.buttons) == 2 and not text.short
    )
    source = file.read_text("utf-8")
    head, _, tail = source.partition(f"  {key}:\n")
    file.write_text(head + f"  {key}:\n" + tail.replace("reviewed: true", "reviewed: false", 1), "utf-8")
    book = tmp_path / "texts.xlsx"
    assert patou("export", book, pack, "--unreviewed").exit_code == 0
    workbook = load_workbook(book)
    rows = list(workbook["qav"].iter_rows(min_row=2))
    assert [(row[0].value, row[1].value) for row in rows] == [
        (key, "text"),
        (key, "button 1"),
        (key, "button 2"),
    ]
    for number, expected in ((0, False), (1, False), (2, True)):
        rows[number][8].value = "yes"
        workbook.save(book)
        assert patou("import", book, pack).exit_code == 0
        assert Pack.load(pack).texts["qav"][key].reviewed is expected


def test_a_service_is_reviewed_in_every_language_it_is_translated_to(tmp_path: Path) -> None:
    pack, book = Path(shutil.copytree(PACKS["lao"], tmp_path / "pack")), tmp_path / "texts.xlsx"
    service = pack / "services" / "passport.yml"

    def all_yes(*languages: str) -> Result:
        options = [option for language in languages for option in ("--lang", language)]
        assert patou("export", book, pack, *options).exit_code == 0
        workbook = load_workbook(book)
        for sheet in workbook.worksheets:
            for row in sheet.iter_rows(min_row=2):
                if str(row[0].value).startswith("services/passport.yml"):
                    row[-2].value = "yes"
        workbook.save(book)
        return patou("import", book, pack)

    assert load_yaml(service).data["reviewed"] is False
    assert "passport.yml stays unreviewed" in all_yes("lo").output
    assert load_yaml(service).data["reviewed"] is False
    before = contents(pack)
    assert all_yes("lo", "lo-Latn").exit_code == 0
    assert differing(before, contents(pack)) == {
        "services/passport.yml": [("reviewed: false", "reviewed: true")]
    }


def test_words_changed_without_a_yes_are_no_longer_reviewed(pack: Path, book: Path, edit: Edit) -> None:
    assert Pack.load(pack).texts["qav"]["utter_thanks"].reviewed
    edit("utter_thanks", "text", new_wording="ახალი", reviewed="")
    assert patou("import", book, pack).exit_code == 0
    assert not Pack.load(pack).texts["qav"]["utter_thanks"].reviewed


@pytest.mark.parametrize(
    ("key", "cells", "said"),
    [
        ("utter_receipt", {"new_wording": "ახალი {pin}"}, "is missing"),
        ("utter_thanks", {"new_wording": "ახალი {pin}"}, "{pin} is not known here"),
        ("utter_thanks", {"new_wording": "ახალი {"}, "a brace stands alone"),
        ("utter_thanks", {"new_wording": "  \n"}, "the new wording is empty"),
        ("utter_thanks", {"reviewed": "perhaps"}, 'reviewed says "perhaps": write yes or no'),
        ("utter_thanks", {"qav_now": "other"}, "was changed after the export"),
        ("utter_thanks", {"key": "utter_gone"}, "no such wording any more"),
        ("utter_thanks", {"key": "utter_help"}, "another row too"),
        ("utter_thanks", {"new_wording": "ახალი " * 60}, "costs 6 parts, 2 are allowed"),
    ],
)
def test_what_would_break_an_answer_is_refused_as_a_whole(
    pack: Path, book: Path, edit: Edit, key: str, cells: dict[str, str], said: str
) -> None:
    edit("utter_help", "text", new_wording="კარგი", reviewed="yes")
    edit(key, "text", **cells)
    before = contents(pack)
    result = patou("import", book, pack)
    assert result.exit_code == 1
    assert said in result.output, result.output
    assert "Nothing was changed." in result.output
    assert contents(pack) == before


def test_a_letter_that_makes_an_sms_dear_is_told(pack: Path, tmp_path: Path) -> None:
    book = tmp_path / "texts.xlsx"
    assert patou("export", book, pack, "--lang", "en").exit_code == 0
    workbook = load_workbook(book)
    row = next(row for row in workbook["en"].iter_rows() if row[0].value == "utter_thanks")
    row[-1].value = "You’re welcome"
    workbook.save(book)
    result = patou("import", book, pack)
    assert result.exit_code == 1
    assert "’ (U+2019) makes every SMS part" in result.output


def test_a_file_that_is_no_workbook_is_told(pack: Path, tmp_path: Path) -> None:
    for name, content in (("texts.xlsx", b"not a zip"), ("texts.csv", b"key,part\n")):
        file = tmp_path / name
        file.write_bytes(content)
        result = patou("import", file, pack)
        assert result.exit_code == 1
        assert "is no .xlsx workbook" in result.output
    with pytest.raises(NotAWorkbook):
        list(read(tmp_path / "texts.csv"))


@pytest.mark.parametrize("part", ["docProps/core.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize("content", [b"", b"<a><b>", b"\x00"])
def test_a_workbook_with_a_broken_part_is_told(book: Path, tmp_path: Path, part: str, content: bytes) -> None:
    broken = _with_part(book, tmp_path / "broken.xlsx", part, content)
    with pytest.raises(NotAWorkbook):
        list(read(broken))


def test_a_workbook_that_would_fill_the_memory_is_not_unpacked(book: Path, tmp_path: Path) -> None:
    bomb = _with_part(book, tmp_path / "bomb.xlsx", "xl/sharedStrings.xml", bytes(65 << 20))
    with pytest.raises(NotAWorkbook, match="too large"):
        list(read(bomb))


def _with_part(book: Path, path: Path, part: str, content: bytes) -> Path:
    """The workbook with another content of one part."""
    with ZipFile(book) as whole, ZipFile(path, "w", ZIP_DEFLATED) as changed:
        for each in whole.namelist():
            if each != part:
                changed.writestr(each, whole.read(each))
        changed.writestr(part, content)
    return path


def test_another_language_than_the_packs_is_told(pack: Path, tmp_path: Path) -> None:
    result = patou("export", tmp_path / "x.xlsx", pack, "--lang", "th")
    assert result.exit_code == 1
    assert "no language th: the pack has qav, en" in result.output


# What a pack may hold, and what a spreadsheet would like to read as something else.
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40
).map(str.strip).filter(bool) | st.sampled_from(
    [
        "=1+1",
        "+856",
        "-1",
        "@sum",
        "1/2",
        "020 5555",
        "TRUE",
        "1e5",
        "'x",
        "a\nb",
        "ບໍ່ {x}",
        "#N/A",
        "{a}",
        "0",
    ]
)


@settings(max_examples=30)
@given(words=st.lists(st.tuples(WORDS, WORDS, st.booleans()), min_size=1, max_size=5))
def test_what_is_exported_is_what_is_imported(
    tmp_path_factory: pytest.TempPathFactory, words: list[tuple[str, str, bool]]
) -> None:
    rows = [
        Wording(
            key=f"k{number}", part="text", where=now, said={"lo": said(now, reviewed), "en": said(english)}
        )
        for number, (now, english, reviewed) in enumerate(words)
    ]
    file = tmp_path_factory.getbasetemp() / "words.xlsx"
    write(file, {"lo": rows}, ["en", "lo"])
    back = [(line.key, line.now, line.reviewed == "yes", line.new) for line in read(file)]
    assert back == [(row.key, row.said["lo"].words, row.said["lo"].reviewed, "") for row in rows]
    formulas = [
        cell.value for row in load_workbook(file)["lo"].iter_rows() for cell in row if cell.data_type == "f"
    ]
    assert formulas == []


def said(words: str, reviewed: bool = False) -> Said:
    return Said(words=words, file="x.yml", keys=("a",), flag=("b",), reviewed=reviewed)


def test_no_word_list_is_handed_to_reviewers() -> None:
    files: set[Any] = {each.file for one in wordings(Pack.load(PACKS["lao"])) for each in one.said.values()}
    assert not [file for file in files if "lexicon" in file or "/nlu/" in file or "phrases" in file]
    assert "categories.yml" in files
