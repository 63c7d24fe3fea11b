"""The commands that train and judge, over a small model and the understanding that it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result

from bot.config import Config
from bot.errors import PackError
from bot.learning.held_back import is_held_back
from bot.learning.serving import Trained
from bot.nlu.data import TrainingData
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.model import Model
from bot.nlu.parse_data import Interpreter
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from cli.kit import Kit
from cli.nlu import commands
from composition.country import Country
from composition.examples import check, check_labels
from composition.understanding import model as in_force
from composition.understanding import trained

DATA = """\
version: "3.1"
nlu:
  - intent: fee
    examples: |
      - how much is it
      - what does it cost
      - how much for a passport
      - the price please
      - is there a fee
  - intent: greet
    examples: |
      - hello there
      - good morning
      - hi
      - good evening to you
      - hello my friend
"""
MESSAGES = """\
{"text": "how much does it cost", "intent": "fee", "language": "en"}

{"text": "hello good friend", "intent": "greet", "language": "en"}
{"text": "good morning", "intent": "fee"}
"""


class _Kit:
    """The settings of a test and models from files, as app.py gives them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def config(self) -> Config:
        return Config(data_dir=self._folder, pack=Path("tests/packs/fictional"))

    async def model(self, config: Config) -> Path:
        return await in_force(config, Country.load(config.pack_root))

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:  # noqa: ARG002  # Kit's signature
        assert model is not None
        return LightInterpreter(Model.load(model))

    def check_examples(self, config: Config, labels: Path) -> Sequence[PackError]:
        pack = Pack.load(config.pack_root)
        return [*check(pack), *check_labels(pack, labels)]

    async def trained(self, config: Config, data: TrainingData, models: Path | None) -> Trained:
        return await trained(config, Country.load(config.pack_root), data, models)

    def fonts(self) -> Mapping[str, bytes]:
        return {}


def _run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(commands(cast("Kit", _Kit(folder)))[0], arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with examples, messages, and the model that the command made of the examples."""
    made = tmp_path_factory.mktemp("nlu")
    (made / "nlu.yml").write_text(DATA, "utf-8")
    (made / "messages.jsonl").write_text(MESSAGES, "utf-8")
    trained = _run(made, "train", "--data", str(made / "nlu.yml"), "--model", str(made / "model.npz"))
    assert trained.exit_code == 0, trained.output
    assert trained.output.strip() == str(made / "model.npz")
    return made


def _evaluated(folder: Path, *arguments: str, file: str = "messages.jsonl") -> Result:
    return _run(folder, "evaluate", str(folder / file), "--model", str(folder / "model.npz"), *arguments)


def test_figures_are_printed_for_people(folder: Path) -> None:
    shown = _evaluated(folder)
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["all", "en"],
        ["messages", "3", "2"],
        ["right", "0.667", "1.000"],
    ]
    assert lines[5].split() == ["services", "found", "-", "-"]
    assert lines[-1] == "   1  fee understood as greet"


def test_figures_are_printed_for_machines(folder: Path) -> None:
    figures = json.loads(_evaluated(folder, "--json").output)
    assert figures["messages"] == 3
    assert figures["top3"] == 1.0
    assert {name: each["accuracy"] for name, each in figures["languages"].items()} == {"": 0.0, "en": 1.0}
    assert figures["noise"] is None
    assert figures["confusion"] == [{"wanted": "fee", "understood": "greet", "messages": 1}]


def test_a_file_of_rasa_is_judged_too_and_with_noise(folder: Path) -> None:
    shown = _evaluated(folder, "--noise", "0.5", file="nlu.yml")
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[0].split() == ["all", "50%", "noise"]
    assert lines[1].split() == ["messages", "10", "10"]
    assert lines[2].split()[:2] == ["right", "1.000"]
    assert shown.output == _evaluated(folder, "--noise", "0.5", file="nlu.yml").output


def test_a_service_of_a_line_is_looked_for(folder: Path) -> None:
    line = '{"text": "price of a passport", "intent": "fee", "service": "passport"}'
    (folder / "service.jsonl").write_text(line, "utf-8")
    assert json.loads(_evaluated(folder, "--json", file="service.jsonl").output)["services"] == 0.0


def test_a_pack_is_judged_by_what_was_held_back(tmp_path: Path) -> None:
    kit = _Kit(tmp_path)
    judged = _run(tmp_path, "evaluate", "--json", "--report", str(tmp_path / "report"))
    assert judged.exit_code == 0, judged.output
    examples = examples_of(Pack.load(kit.config().pack_root))
    held = [each.text for each in examples.examples if is_held_back(each.text)]
    figures = json.loads(judged.stdout)
    assert figures["messages"] == len(held) > 10
    assert set(figures["languages"]) == {"en", "qav"}
    assert figures["noise"]["messages"] == len(held)
    assert figures["noise"]["share"] == 0.05
    told = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert {name: told[name] for name in figures} == figures
    assert "held-back" in judged.stderr
    assert {each["text"] for each in told["errors"]} <= set(held)
    (model,) = tmp_path.rglob("*.npz")
    words = " ".join(Model.load(model).vocabularies[0])
    assert model.parent == tmp_path / "learning" / "trials"
    assert "boat" in words


def test_a_model_is_not_judged_by_what_it_may_have_been_taught(folder: Path) -> None:
    refused = _run(folder, "evaluate", "--model", str(folder / "model.npz"))
    assert refused.exit_code == 2
    assert "may have been taught" in refused.output


@pytest.mark.parametrize("where", ["taken", "taken/report"])
def test_a_report_that_could_not_be_written_is_refused_before_anything_is_judged(
    folder: Path, tmp_path: Path, where: str
) -> None:
    (tmp_path / "taken").write_text("mine", "utf-8")
    refused = _evaluated(folder, "--report", str(tmp_path / where), "--noise", "1")
    assert refused.exit_code == 2
    assert refused.stdout == ""
    (told,) = [line for line in refused.stderr.splitlines() if line.startswith("Error:")]
    assert told.startswith(f"Error: Invalid value for --report: {tmp_path / where} takes no files (")
    assert told.endswith("Name a folder of your own, or a new one in it.")
    assert (tmp_path / "taken").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"text": "hi"}', "line 1 is not an object like"),
        ('\n{"text": 5, "intent": "fee"}', "line 2 is not an object like"),
        ('{"text": "hi", "intent": "fee", "service": 5}', "line 1 is not an object like"),
        ("hi", "line 1 is not an object like"),
        ("[]", "line 1 is not an object like"),
        ("", "has no messages"),
    ],
)
def test_a_wrong_file_is_told(folder: Path, content: str, complaint: str) -> None:
    (folder / "wrong.jsonl").write_text(content, "utf-8")
    refused = _evaluated(folder, file="wrong.jsonl")
    assert refused.exit_code == 1
    assert complaint in refused.output


def test_what_is_weak_in_the_data_of_others_is_told_and_taught(folder: Path) -> None:
    more = "  - intent: lonely\n    examples: |\n      - i am alone\n  - intent: price\n    examples: |\n"
    told = f"{DATA}{more}      - What does it cost\n      - say the price\n"
    (folder / "weak.yml").write_text(told, "utf-8")
    trained = _run(folder, "train", "--data", str(folder / "weak.yml"))
    assert trained.exit_code == 0, trained.output
    assert trained.stderr.splitlines()[0].startswith(
        f"{folder / 'weak.yml'}:19: lonely has only one example."
    )
    assert "weak.yml:22: “What does it cost” is price here and fee in" in trained.stderr
    assert len(trained.stdout.splitlines()) == 1


def test_one_intent_alone_is_refused(folder: Path) -> None:
    (folder / "one.yml").write_text(DATA.partition("  - intent: greet")[0], "utf-8")
    refused = _run(folder, "train", "--data", str(folder / "one.yml"))
    assert refused.exit_code != 0
    assert isinstance(refused.exception, PackError)
    assert "one.yml:5: fee is the only intent" in str(refused.exception)


def test_a_whole_project_of_rasa_is_read_for_its_examples(folder: Path) -> None:
    project = folder / "project"
    project.mkdir()
    (project / "nlu.yml").write_text(DATA, "utf-8")
    (project / "rules.yml").write_text('version: "3.1"\nrules:\n- rule: hi\n  steps: []\n', "utf-8")
    trained = _run(folder, "train", "--data", str(project))
    assert trained.exit_code == 0, trained.output


def test_the_pack_is_trained_as_the_server_trains_it(tmp_path: Path) -> None:
    trained = _run(tmp_path, "train")
    assert trained.exit_code == 0, trained.output
    assert Path(trained.output.strip()).parent == tmp_path / "models"
    assert "boat" in " ".join(Model.load(Path(trained.output.strip())).vocabularies[0])
