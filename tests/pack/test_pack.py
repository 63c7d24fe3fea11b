"""The pack: what is right is read, what is wrong is told with file, line and remedy, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.calendar
import bot.phones
import bot.places
import bot.sending
import complaints.categories
import complaints.routing
import composition.examples
import dialogs.reminder_words
import services.catalogue
import services.centres
import services.citizens
import services.local
import services.ministries
from bot.errors import PackError
from bot.pack import Pack, check_pack, fill, load_csv, load_yaml, placeholders
from tests.pack.conftest import PACKS

PROBLEMS = load_yaml(Path(__file__).with_name("problems.yml")).data
CHECKS = (
    bot.calendar.check,
    bot.phones.check,
    bot.places.check,
    bot.sending.check,
    complaints.categories.check,
    complaints.routing.check,
    composition.examples.check,
    composition.examples.check_lexicons,
    dialogs.reminder_words.check,
    services.catalogue.check,
    services.centres.check,
    services.citizens.check,
    services.local.check,
    services.ministries.check,
)


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_that_ships_has_no_problem(name: str) -> None:
    assert check_pack(PACKS[name], CHECKS) == []


@pytest.mark.parametrize("case", PROBLEMS, ids=lambda case: case["name"])
def test_each_problem_is_told_with_its_line(
    case: dict[str, Any], write: Callable[[dict[str, str]], Path]
) -> None:
    root = write(case["files"])
    problems = check_pack(root)
    told = [f"{Path(each.file).relative_to(root)}:{each.line}: {each.problem}" for each in problems]
    assert len(told) == len(case["says"]), told
    for said, beginning in zip(told, case["says"], strict=True):
        assert said.startswith(beginning)
    assert all(each.remedy for each in problems)
    with pytest.raises(PackError) as raised:
        Pack.load(root)
    assert raised.value == problems[0]


def test_every_text_of_the_real_pack_is_in_the_fictional_one(packs: dict[str, Pack]) -> None:
    for table in ("texts", "labels"):
        real, fictional = (getattr(packs[name], table)["en"].keys() for name in ("lao", "fictional"))
        units = {key for key in real if key.startswith("unit_")}
        assert real - units - fictional == set(), f"add these {table} to tests/packs/fictional/en"


def test_a_missing_text_is_said_in_the_next_best_language_and_listed(packs: dict[str, Pack]) -> None:
    pack = packs["fictional"]
    assert "utter_calm" not in pack.texts["qav"]
    assert pack.text("qav", "utter_calm") == pack.texts["en"]["utter_calm"]
    assert ("qav", "utter_calm") in pack.missing()
    assert pack.text("th", "utter_greet") == pack.texts["qav"]["utter_greet"], "the default language"
    with pytest.raises(KeyError):
        pack.text("en", "utter_nothing")


def test_names_fall_back_likewise(packs: dict[str, Pack]) -> None:
    pack = packs["lao"]
    assert pack.pick({"en": "fee", "lo": "ຄ່າ"}, "lo-Latn") == "ຄ່າ"
    assert pack.pick({"en": "fee"}, "lo") == "fee"
    assert pack.pick({}, "lo") == ""


def test_a_word_list_is_read_by_language(packs: dict[str, Pack]) -> None:
    assert packs["fictional"].lexicon("item_words")["en"] == ["number", "item"]
    assert packs["fictional"].lexicon("no_such_list") == {}


def test_values_are_put_in_once_and_literally() -> None:
    assert fill("{a}-{b}-{a}", {"a": "{b}", "b": 2}) == "{b}-2-{b}"
    assert fill("no braces", {}) == "no braces"
    with pytest.raises(KeyError, match="reference"):
        fill("{reference}", {})


@pytest.mark.parametrize("text", ["{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{0}", "{}", "{ a}", "{A}"])
def test_a_template_reaches_into_nothing(text: str) -> None:
    assert fill(text, {"a": "x", "A": "x", "0": "x"}) == text
    assert placeholders(text) == frozenset()


@given(st.text(), st.text())
def test_any_value_comes_out_as_it_went_in(before: str, value: str) -> None:
    template = before.replace("{", "").replace("}", "") + "{x}"
    assert fill(template, {"x": value}) == template.removesuffix("{x}") + value


@given(st.text())
def test_a_template_without_values_is_left_alone_or_refused(text: str) -> None:
    try:
        assert fill(text, {}) == text
    except KeyError:
        assert placeholders(text)


def test_words_that_other_yaml_takes_for_values_are_words(write: Callable[[dict[str, str]], Path]) -> None:
    root = write(
        {"x.yml": "a: [no, on, yes, 020, 8:30, 1e3, 0x1F, 2025-12-17, ~, 7, -1, 1.5, true]\nno: 1\n"}
    )
    assert load_yaml(root / "x.yml").data == {
        "a": ["no", "on", "yes", "020", "8:30", "1e3", "0x1F", "2025-12-17", None, 7, -1, 1.5, True],
        "no": 1,
    }


def test_the_line_of_a_value_is_known(write: Callable[[dict[str, str]], Path]) -> None:
    document = load_yaml(write({"x.yml": "a: 1\nb:\n  - c: 2\n  - d: 3\n    e: 4\n"}) / "x.yml")
    assert document.line("b", 1, "e") == 5
    assert document.line("b", 1, "missing") == 4, "the nearest parent"
    assert document.line() == 1


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(PackError) as raised:
        load_yaml(tmp_path / "x.yml")
    assert (raised.value.line, raised.value.problem) == (2, "not UTF-8")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a,b\n1,2,3\n", "2: not 2 cells"),
        ("a,b\n1\n", "2: not 2 cells"),
        ("a\n1\n", "1: no column b"),
        ("", "1: no column a, b"),
    ],
)
def test_a_table_with_other_columns_is_refused(content: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(content, encoding="utf-8")
    with pytest.raises(PackError) as raised:
        load_csv(tmp_path / "x.csv", {"a", "b"})
    assert f"{raised.value.line}: {raised.value.problem}" == problem
