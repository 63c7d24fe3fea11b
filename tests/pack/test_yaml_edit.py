"""A value is changed where it stands: every other character of the file stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PackError
from bot.pack import load_yaml
from bot.yaml_edit import Value, edited

SOURCE = """\
# Said in Lao.
responses:
  utter_fee:          # the fee
    text: "{service}: {costs}"
    short: 'it''s {costs}'
    buttons:
    - {title: "Complain", payload: '/complaint'}
    - {title: plain words, payload: '/fee'}
    reviewed: false
  utter_long:
    text: |
      one line
      and another
    note: >
      folded
      text

labels: {free: {text: ບໍ່ເສຍຄ່າ, reviewed: false}, other: {text: x}}
"""


@pytest.mark.parametrize(
    ("keys", "value", "old", "new"),
    [
        (("responses", "utter_fee", "text"), 'say "{costs}"\nnow', '"{service}: {costs}"', '"say \\"{costs}\\"\\nnow"'),
        (("responses", "utter_fee", "short"), "it's", "'it''s {costs}'", "'it''s'"),
        (("responses", "utter_fee", "buttons", 0, "title"), "ຮ້ອງທຸກ", '"Complain"', '"ຮ້ອງທຸກ"'),
        (("responses", "utter_fee", "buttons", 1, "title"), "other words", "plain words", "other words"),
        (("responses", "utter_fee", "buttons", 1, "title"), "a, b: c", "plain words", '"a, b: c"'),
        (("responses", "utter_fee", "buttons", 1, "title"), "no", "plain words", '"no"'),
        (("responses", "utter_fee", "reviewed"), True, "reviewed: false\n  utter_long", "reviewed: true\n  utter_long"),
        (("labels", "free", "text"), "ຟຣີ", "ບໍ່ເສຍຄ່າ", "ຟຣີ"),
        (("labels", "other", "reviewed"), True, "{text: x}", "{reviewed: true, text: x}"),
        (
            ("responses", "utter_long", "reviewed"), True,
            "    text: |\n", "    reviewed: true\n    text: |\n",
        ),
        (
            ("responses", "utter_long", "text"), "short", "|\n      one line\n      and another\n", '"short"\n',
        ),
    ],
)  # fmt: skip
def test_one_value_is_changed_in_its_own_style(
    keys: tuple[str | int, ...], value: Value, old: str, new: str
) -> None:
    assert edited(SOURCE, {keys: value}, "x.yml") == SOURCE.replace(old, new, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_line_ends_and_marks_of_the_file_stay(begin: str, end: str) -> None:
    source = begin + SOURCE.replace("\n", end)
    changes: dict[tuple[str | int, ...], Value] = {
        ("responses", "utter_fee", "text"): "a",
        ("labels", "free", "text"): "b",
    }
    assert edited(source, changes, "x.yml") == source.replace('"{service}: {costs}"', '"a"').replace(
        "ບໍ່ເສຍຄ່າ", "b"
    )


def test_without_changes_a_file_is_itself() -> None:
    assert edited(SOURCE, {}, "x.yml") == SOURCE


@pytest.mark.parametrize(
    "keys", [("responses", "gone", "text"), ("responses", "utter_fee", "buttons", 7, "title")]
)
def test_what_is_not_there_is_told(keys: tuple[str | int, ...]) -> None:
    with pytest.raises(PackError, match=r"x\.yml"):
        edited(SOURCE, {keys: "x"}, "x.yml")


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30) | st.text(
    "ກ ່ {}[]#:,'\"\\|>-!&*%@?\n\t=~nty0.", min_size=1, max_size=12
)


@given(words=WORDS, place=st.integers(0, 6))
def test_any_words_are_read_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, words: str, place: int
) -> None:
    places: list[tuple[str | int, ...]] = [
        ("responses", "utter_fee", "text"), ("responses", "utter_fee", "short"),
        ("responses", "utter_fee", "buttons", 0, "title"), ("responses", "utter_fee", "buttons", 1, "title"),
        ("responses", "utter_long", "text"), ("responses", "utter_long", "note"), ("labels", "free", "text"),
    ]  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "edited.yml"

    def data(source: str) -> object:
        path.write_bytes(source.encode())
        return load_yaml(Path(path)).data

    after, expected = data(edited(SOURCE, {places[place]: words}, "x.yml")), data(SOURCE)
    holder: object = expected
    for key in places[place][:-1]:
        holder = holder[key]  # type: ignore[index]  # the path leads through mappings and lists
    holder[places[place][-1]] = words  # type: ignore[index]  # likewise
    assert after == expected
