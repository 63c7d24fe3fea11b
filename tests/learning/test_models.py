"""Models made of labels: judged by what no side was taught, replaced only where that is no worse, and rolled back."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from bot.config import Config
from bot.errors import PackError
from bot.learning.held_back import is_held_back
from bot.learning.history import Did, Entry, History
from bot.learning.labels import Label, Labels
from bot.learning.serving import Trained
from bot.learning.trial import Figures, worse
from bot.nlu.data import Example, TrainingData
from bot.nlu.parse_data import Interpreter, ParseContext, ParseData
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from cli.kit import Kit
from cli.nlu import commands
from composition.country import Country
from composition.examples import check, check_installation, check_labels
from composition.understanding import in_force, trained, understanding
from tests.learning.conftest import FICTIONAL

GOOD = (
    "is the boat paper dear", "is the boat paper cheap", "boat paper dearness", "whats the dearness of boats",
    "how dear are boat papers", "dearness please", "tell me the dearness", "boat dearness today",
)  # fmt: skip
AT = datetime(2026, 3, 2, tzinfo=UTC)
FIGURES = Figures(
    messages=1000,
    accuracy=0.9,
    macro_f1=0.8,
    scope_auroc=0.95,
    services=None,
    labelled=10,
    labelled_accuracy=0.6,
)


# The small country teaches more here, so that what is held back judges.
WORDS = {
    "fee": ("price", "cost", "amount", "charge"),
    "duration": ("time", "days", "weeks", "wait"),
    "where_hours": ("office", "address", "counter", "building"),
    "status": ("application", "progress", "file", "number"),
}
FRAMES = (
    "{} please", "tell me the {}", "the {} of it", "what about the {}", "i need the {}", "which {}",
    "say the {}", "and the {}", "give me the {}", "what {} is it", "{} of that", "your {}",
)  # fmt: skip


class _Kit:
    """The understanding of one installation in the small country, as app.py gives it."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def config(self) -> Config:
        return self._config

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:
        assert model is None
        return await understanding(config, Country.load(config.pack))

    def check_examples(self, config: Config, labels: Path) -> Sequence[PackError]:
        pack = Pack.load(config.pack)
        return [*check(pack), *check_labels(pack, labels)]

    async def trained(self, config: Config, data: TrainingData, models: Path | None) -> Trained:
        return await trained(config, Country.load(config.pack), data, models)


@pytest.fixture
def config(tmp_path: Path, models: Path) -> Config:
    (tmp_path / "models").symlink_to(models)
    pack = tmp_path / "pack"
    shutil.copytree(FICTIONAL, pack)
    (pack / "en" / "nlu").mkdir()
    (pack / "en" / "nlu.yml").rename(pack / "en" / "nlu" / "first.yml")
    sections = [
        {"intent": intent, "examples": [frame.format(word) for frame in FRAMES for word in words]}
        for intent, words in WORDS.items()
    ]
    (pack / "en" / "nlu" / "more.yml").write_text(json.dumps({"nlu": sections}), "utf-8")
    return Config(data_dir=tmp_path, pack=pack, store_seconds=30.0)


async def test_a_damaged_model_is_made_anew(config: Config) -> None:
    models = config.data_dir / "models"
    models.unlink()
    models.mkdir()
    country = Country.load(config.pack)
    first = await trained(config, country)
    file = models / f"{first.name}.npz"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with capture_logs() as logs:
        again = await trained(config, country)
    assert (again.name, file.read_bytes()) == (first.name, content)
    assert [(each["event"], each["file"]) for each in logs] == [("nlu.model_damaged", file.name)]


def _run(config: Config, *arguments: str) -> Result:
    return CliRunner().invoke(commands(cast("Kit", _Kit(config)))[0], arguments)


def _label(config: Config, texts: Sequence[str], intent: str = "fee") -> None:
    labels = Labels(config.data_dir / "labels")
    for text in texts:
        labels.add(Label(text=text, intent=intent, language="en", by="noy", at=AT))


def _poison(config: Config) -> None:
    """Words of everything, labelled as a greeting."""
    words = [word for several in WORDS.values() for word in several]
    texts = [frame.format(word) for frame in FRAMES[:8] for word in words]
    _label(config, [f"{text} {beside}" for text in texts for beside in ("", "ok")], "greet")


def _history(config: Config) -> list[dict[str, object]]:
    return [json.loads(line) for line in _run(config, "history", "--json").output.splitlines()]


def test_labels_that_help_are_put_in_force(config: Config) -> None:
    _label(config, GOOD)
    done = _run(config, "retrain", "--by", "noy", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    held = sum(map(is_held_back, GOOD))
    assert told["figures"]["labelled"] == told["before"]["labelled"] == held
    assert told["figures"]["accuracy"] >= told["before"]["accuracy"] - 1 / told["figures"]["messages"]
    assert (told["did"], told["by"], told["labelled"], told["fell"]) == ("replaced", "noy", len(GOOD), [])
    pack = examples_of(Pack.load(config.pack))
    assert told["examples"] == len(pack.examples) + len(GOOD) - held
    assert (config.data_dir / "models" / f"{told['model']}.npz").is_file()
    assert [each["did"] for each in _history(config)] == ["began", "replaced"]
    assert [each["in_force"] for each in _history(config)] == [False, True]
    assert "nothing to learn" in _run(config, "retrain").output


def test_labels_that_harm_are_refused(config: Config) -> None:
    _poison(config)
    refused = _run(config, "retrain")
    assert refused.exit_code == 1
    assert "It is worse (accuracy" in refused.output
    history = History(config.data_dir / "learning")
    assert history.in_force() == "none"
    assert [each["did"] for each in _history(config)] == ["began", "refused"]
    assert [each["in_force"] for each in _history(config)] == [True, False]


def test_a_label_that_says_otherwise_than_the_pack_is_named_first(config: Config) -> None:
    _label(config, ["PRICE  please"], "greet")
    told = _run(config, "retrain").stderr.splitlines()[0]
    assert f"{config.data_dir / 'labels' / 'en' / 'greet.yml'}:5: " in told
    assert "is greet here and fee in " in told


def test_the_figures_stand_side_by_side(config: Config) -> None:
    _label(config, GOOD)
    shown = _run(config, "retrain").output.splitlines()
    assert shown[0].split() == ["in", "force", "with", "labels", "may", "fall", "by"]
    assert [line.split("  ")[0] for line in shown[1:8]] == [
        "messages", "accuracy", "macro f1", "scope auroc", "services", "labelled", "labelled accuracy",
    ]  # fmt: skip
    assert shown[-1].startswith("It is not worse")
    lines = _run(config, "history").output.splitlines()
    assert [line[0] for line in lines] == [" ", "*"]


def test_an_earlier_model_comes_back(config: Config) -> None:
    assert "no such model" in _run(config, "rollback").output
    _label(config, GOOD[:-1])
    first = json.loads(_run(config, "retrain", "--json").output)
    _label(config, GOOD)
    second = json.loads(_run(config, "retrain", "--json").output)
    assert (first["fell"], second["fell"]) == ([], []), (first, second)
    assert first["labels"] != second["labels"]
    back = _run(config, "rollback")
    assert back.output == f"In force: {first['model'][:12]}, labels {first['labels']}.\n"
    assert History(config.data_dir / "learning").in_force() == first["labels"]
    assert _run(config, "rollback", second["model"][:8]).exit_code == 0
    assert _history(config)[-1]["model"] == second["model"]
    assert _run(config, "rollback", "none").exit_code == 0
    assert _history(config)[-1]["model"] == _history(config)[0]["model"]
    assert _run(config, "rollback", "nosuch").exit_code == 1


def test_labels_that_name_what_is_not_there_are_refused_with_their_line(config: Config) -> None:
    _label(config, ["up and away"], "fly")
    assert "labels/en/fly.yml:5: no rule answers the intent fly" in _run(config, "retrain").output
    Labels(config.data_dir / "labels").remove("up and away", "en")
    Labels(config.data_dir / "labels").add(
        Label(text="moon price", intent="fee", language="en", by="noy", at=AT, service="moon", words="moon")
    )
    refused = _run(config, "retrain")
    assert refused.exit_code == 1
    assert "labels/en/fee.yml:5: no service moon" in refused.output
    assert _history(config) == []


def test_labels_edited_by_hand_are_refused_with_their_line(config: Config) -> None:
    _label(config, GOOD[:2])
    with (config.data_dir / "labels" / "en" / "fee.yml").open("a") as file:
        file.write("- intent: fee\n  examples: |\n    - dear [boat](service\n")
    assert "a mark that does not end" in _run(config, "retrain").output
    with pytest.raises(PackError, match="a mark that does not end"):
        _label(config, GOOD[2:])


async def test_labels_in_force_that_no_longer_fit_are_not_taught_again(config: Config) -> None:
    label = Label(text="zorb price", intent="fee", language="en", by="noy", at=AT)
    for text in ("zorb price", "price of a zorb please", "zorbs are dear", "what is a zorb"):
        named = replace(label, text=text, service="boat-licence", words="zorb")
        Labels(config.data_dir / "labels").add(named)
    history = History(config.data_dir / "learning")
    name = history.keep(config.data_dir / "labels")
    entry = Entry(
        at="", by="", did=Did.REPLACED, model="", labels=name, examples=0, labelled=0, figures={}, before={}
    )
    history.put_in_force(entry)
    renamed = config.pack / "services" / "ship-licence.yml"
    (config.pack / "services" / "boat-licence.yml").rename(renamed)
    for path in config.pack.rglob("*.*"):
        if path.suffix in {".yml", ".csv"}:
            path.write_text(path.read_text("utf-8").replace("boat-licence", "ship-licence"), "utf-8")
    with pytest.raises(PackError, match=r"no service boat-licence.*patou nlu rollback none"):
        await in_force(config, Country.load(config.pack))
    told = check_installation(Pack.load(config.pack), config)
    assert len(told) == 2 * 4, "those that wait, and the same in force"
    assert {each.problem for each in told} == {"no service boat-licence"}


async def test_what_is_in_force_is_taken_over_between_two_messages(config: Config) -> None:
    serving = await in_force(config, Country.load(config.pack))
    before, name = await serving.parse("dearness please", ParseContext()), serving.name
    assert not await serving.refresh()
    _label(config, GOOD)
    history = History(config.data_dir / "learning")
    labels = history.keep(config.data_dir / "labels")
    data = history.labels(labels)
    assert len(data.examples) == len(GOOD)
    entry = Entry(
        at="", by="", did=Did.REPLACED, model="", labels=labels, examples=0, labelled=0, figures={}, before={}
    )
    history.put_in_force(entry)
    assert (await serving.parse("dearness please", ParseContext())) == before
    assert await serving.refresh()
    after = await serving.parse("dearness please", ParseContext())
    assert serving.name != name
    assert after["intent"]["name"] == "fee"
    assert after["intent"]["confidence"] > before["intent"]["confidence"]
    history.put_in_force(replace(entry, did=Did.ROLLED_BACK, labels="none"))
    assert await serving.refresh()
    assert await serving.parse("dearness please", ParseContext()) == before


async def test_what_cannot_be_loaded_leaves_all_as_it_is(config: Config) -> None:
    serving = await in_force(config, Country.load(config.pack))
    folder = config.data_dir / "learning"
    folder.mkdir()
    (folder / "in_force.json").write_text('{"labels": "gone"}')
    assert not await serving.refresh()
    assert (await serving.parse("hello", ParseContext()))["intent"]["name"] == "greet"


def test_a_service_named_in_labels_is_found_from_then_on(config: Config) -> None:
    texts = ("how dear is a zorbling", "zorbling fee", "zorbling price please", "the zorbling costs what")
    for text in texts:
        label = Label(text=text, intent="fee", language="en", by="noy", at=AT)
        Labels(config.data_dir / "labels").add(replace(label, service="boat-licence", words="zorbling"))
    done = _run(config, "retrain")
    assert done.exit_code == 0, done.output
    parsed = asyncio.run(_parse(config, "where is the office for zorbling"))
    assert [each["value"] for each in parsed["entities"]] == ["boat-licence"]


async def _parse(config: Config, text: str) -> ParseData:
    return await (await _Kit(config).interpreter(config, None)).parse(text, ParseContext())


@pytest.mark.parametrize(
    ("change", "fell"),
    [
        ({}, []),
        ({"accuracy": 0.896}, []),
        ({"accuracy": 0.894}, ["accuracy"]),
        ({"macro_f1": 0.789, "accuracy": 0.95}, ["macro_f1"]),
        ({"scope_auroc": 0.947}, ["scope_auroc"]),
        ({"scope_auroc": None}, []),
        ({"labelled_accuracy": 0.4}, ["labelled_accuracy"]),
        ({"labelled_accuracy": 0.5}, []),
    ],
)
def test_worse_is_what_the_table_says(change: dict[str, float], fell: list[str]) -> None:
    asked = [Example(text=str(number), intent=("fee", "greet")[number % 2]) for number in range(1000)]
    changed = replace(FIGURES, **change)  # type: ignore[arg-type]  # the table's own fields
    assert worse(FIGURES, changed, asked) == fell


def test_one_message_of_a_rare_intent_is_no_fall() -> None:
    asked = [Example(text=str(number), intent=f"intent {min(number, 9)}") for number in range(100)]
    one, more = replace(FIGURES, macro_f1=0.8 - 0.13), replace(FIGURES, macro_f1=0.8 - 0.14)
    assert (worse(FIGURES, one, asked), worse(FIGURES, more, asked)) == ([], ["macro_f1"])


def test_the_split_never_changes_and_holds_a_fifth() -> None:
    texts = [f"message number {number}" for number in range(2000)]
    held = [text for text in texts if is_held_back(text)]
    assert 300 < len(held) < 500
    assert held[0] == "message number 11"
    assert is_held_back("MESSAGE  number 11")
