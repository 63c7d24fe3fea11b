from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import PackError
from bot.nlu.data import Example, TrainingData, read_data, with_names
from bot.nlu.understanding import examples_of
from bot.pack import Pack

GOALS = [
    "requirements",
    "fee",
    "duration",
    "where_hours",
    "status",
    "complaint",
    "complaint_status",
    "talk_to_human",
    "feedback",
    "subscribe",
    "unsubscribe",
    "greet",
    "thanks",
    "help",
    "language",
    "out_of_scope",
]
HEAD = 'version: "3.1"\nnlu:\n'
WRONG = {
    "nothing": ("version: '3.1'\n", 1, "no examples"),
    "unknown key": (HEAD + "- intent: fee\n  exampels: |\n    - x\n", 4, "nobody reads exampels"),
    "unknown section": (HEAD + "- story: fee\n  examples: |\n    - x\n", 3, "no known kind"),
    "no dash": (HEAD + "- intent: fee\n  examples: |\n    - how much\n    what price\n", 6, "not an example"),
    "empty": (HEAD + "- intent: fee\n  examples: |\n\n", 4, "has no examples"),
    "broken entity": (HEAD + '- intent: fee\n  examples: |\n    - [id]{"value": "x"}\n', 5, "not an entity"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_slip_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    content, line, problem = WRONG[name]
    file = tmp_path / "nlu.yml"
    file.write_text(content, "utf-8")
    with pytest.raises(PackError) as raised:
        read_data(file)
    assert problem in raised.value.problem
    if name != "empty":
        assert raised.value.line == line


def test_rasa_files_of_all_kinds_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        HEAD + '- intent: fee\n  examples: |\n    - ລາຄາ[ບັດ]{"entity": "service", "value": "id-card"}ເທົ່າໃດ\n'
        "    - price of a [passport](service)\n    - the [card](service:id-card)\n",
        "utf-8",
    )
    (tmp_path / "b.yaml").write_text(
        "nlu:\n- synonym: id-card\n  examples: |\n    - identity card\n- lookup: town\n  examples: |\n    - Pakse\n"
        "- intent: greet\n  examples:\n  - text: hello\n  - hi\n",
        "utf-8",
    )
    data = read_data(tmp_path, "xx")
    assert [(each.text, each.intent) for each in data.examples] == [
        ("ລາຄາບັດເທົ່າໃດ", "fee"),
        ("price of a passport", "fee"),
        ("the card", "fee"),
        ("hello", "greet"),
        ("hi", "greet"),
    ]
    assert list(data.surfaces("service")) == [
        ("id-card", "ບັດ"),
        ("passport", "passport"),
        ("id-card", "card"),
        ("id-card", "identity card"),
    ]
    assert {each.language for each in data.examples} == {"xx"}


def test_the_name_of_an_intent_is_one_more_example_of_it() -> None:
    intents = ["lost_or_stolen_card", "getATMFee", "help/privacy", "42", "out_of_scope"]
    given = tuple(Example(text="…", intent=intent, language="xx") for intent in intents)
    named = with_names(TrainingData(examples=given)).examples[len(given) :]
    assert [(each.text, each.language) for each in named] == [
        ("lost or stolen card", "xx"),
        ("get ATM Fee", "xx"),
        ("help privacy", "xx"),
        ("42", "xx"),
    ]


@pytest.mark.parametrize("language", ["lo", "lo-Latn", "en"])
def test_the_pack_has_enough_examples_of_each_goal(language: str) -> None:
    examples = [each for each in examples_of(Pack.load("nlu_data")).examples if each.language == language]
    for goal in GOALS:
        assert len({each.text for each in examples if each.intent == goal}) >= 25, goal
