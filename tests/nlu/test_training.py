from __future__ import annotations

import asyncio
import subprocess
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.classifier import OUT_OF_SCOPE, Classifier
from bot.nlu.data import Entity, Example, TrainingData
from bot.nlu.errors import ModelUnusable, TrainingFailed
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.nlu.model import Model
from bot.nlu.segments import ICU
from bot.nlu.training import asked_elsewhere, code_of, model_file, variants

SMALL = TrainingData(
    examples=tuple(
        Example(text=f"{words} {number}", intent=intent, language="en")
        for intent, words in (("fee", "how much is it"), ("greet", "hello there"))
        for number in ("one", "two", "three", "four", "five")
    )
)

MANY = tuple(
    Example(
        text=f"how much is boat permit at desk {number}",
        intent="fee",
        language="en",
        entities=(Entity(entity="service", value="boat", start=12, end=23, confidence=1.0),),
    )
    for number in range(60)
)
NAMED = tuple(
    Example(
        text=f"{words} boat permit",
        intent="fee",
        language="en",
        entities=(
            Entity(entity="service", value="boat", start=len(words) + 1, end=len(words) + 12, confidence=1.0),
        ),
    )
    for words in ("price of the", "how much is a", "cost of one", "what do I pay for a")
)


async def test_training(tmp_path: Path) -> None:
    """The same data gives the same file, once, other data another; what cannot be learnt leaves no file. Four processes at once."""
    one_intent = TrainingData(examples=SMALL.examples[:5])
    first, again, other, refused = await asyncio.gather(
        model_file(SMALL, tmp_path / "a"),
        model_file(SMALL, tmp_path / "b"),
        model_file(TrainingData(examples=SMALL.examples[1:]), tmp_path / "b"),
        model_file(one_intent, tmp_path / "c"),
        return_exceptions=True,
    )
    assert isinstance(first, Path)
    assert isinstance(again, Path)
    assert isinstance(other, Path)
    assert other.name != first.name
    assert (first.name, first.read_bytes()) == (again.name, again.read_bytes())
    written = first.stat().st_mtime_ns
    assert await model_file(SMALL, tmp_path / "a") == first
    assert first.stat().st_mtime_ns == written
    assert _inside(tmp_path / "a") == [first.name]
    assert isinstance(refused, TrainingFailed)
    assert _inside(tmp_path / "c") == []


@given(
    st.lists(st.sampled_from(NAMED), unique_by=lambda each: each.text),
    st.lists(st.sampled_from(SMALL.examples), max_size=3),
)
def test_variants_of_an_example_do_not_depend_on_the_others(
    several: list[Example], others: list[Example]
) -> None:
    """So that a few examples more leave what is understood of all else as it is."""
    names = {"en": [f"{kind} permit" for kind in ("boat", "fish", "tree", "cart", "shop")]}
    alone = {each.text: [text for _, text in variants([each], names)] for each in several}
    together = [*others, *several]
    found: dict[str, list[str]] = {}
    for origin, text in variants(together, names):
        found.setdefault(together[origin].text, []).append(text)
    assert found == alone
    assert all(len(texts) == 2 for texts in alone.values())


def test_questions_about_other_things_are_learnt_as_no_question_of_ours() -> None:
    lexicon = Lexicon(languages={"en": {"not_ours": ["fried rice", "a bus ticket"]}})
    asked = list(asked_elsewhere([*SMALL.examples, *MANY], lexicon))
    assert 0 < len(asked) < len(MANY) / 2
    assert {intent for _, intent, _ in asked} == {OUT_OF_SCOPE}
    assert {text.partition(" is ")[2].partition(" at ")[0] for text, *_ in asked} == {
        "fried rice",
        "a bus ticket",
    }
    assert list(asked_elsewhere(MANY[::-1], lexicon)) == asked[::-1]
    assert list(asked_elsewhere(MANY, Lexicon(languages={}))) == []


async def test_what_is_wrong_is_not_taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder of models and no trainer is left behind."""
    start, trainers = asyncio.create_subprocess_exec, []

    async def started(*command: str, **options: Any) -> Process:
        trainers.append(await start(*command, **options))
        return trainers[-1]

    def proof() -> None:
        raise LookupError("no such text")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", started)
    with pytest.raises(LookupError, match="no such text"):
        await model_file(SMALL, tmp_path / "models", proof=proof)
    assert not (tmp_path / "models").exists()
    assert [trainer.returncode is None for trainer in trainers] == [False]


def test_other_code_is_another_model() -> None:
    """What the trainer imports of ours, however far, is looked at; its packages are empty."""
    program = "import sys, bot.nlu.train; print(*(name for name in sys.modules if name.startswith('bot.')))"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 - a fixed program
    imported = {*run.stdout.split()} - {"bot.nlu", "bot.text"}
    assert {*code_of("bot.nlu.train")} == imported
    assert b"BM25" in code_of("bot.nlu.train")["bot.nlu.regression"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a model", b"x" * 1000])
def test_a_broken_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.npz"
    file.write_bytes(content)
    with pytest.raises(ModelUnusable):
        Model.load(file)


def test_the_server_does_not_load_the_training_library() -> None:
    program = "import sys, app; sys.exit(bool({'scipy', 'sklearn'} & {*sys.modules}))"
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - a fixed program


async def test_words_by_icu_are_learnt_and_read(tmp_path: Path) -> None:
    texts = {"fee": ("ຄ່າທຳນຽມເທົ່າໃດ", "ຈ່າຍຄ່າທຳນຽມຢູ່ໃສ"), "greet": ("ສະບາຍດີຕອນເຊົ້າ", "ສະບາຍດີ")}
    examples = tuple(
        Example(text=text, intent=intent, language="lo")
        for intent, several in texts.items()
        for text in several
    )
    data = TrainingData(examples=examples)
    by_words, by_syllables = await asyncio.gather(
        model_file(data, tmp_path, segmenter=ICU), model_file(data, tmp_path)
    )
    assert by_words != by_syllables
    model, plain = Model.load(by_words), Model.load(by_syllables)
    words = {"ທຳນຽມ", "ເທົາໃດ", "ສະບາຍດີ", "ຕອນເຊົາ"}
    assert set(model.vocabularies[0]) >= words
    assert not words & set(plain.vocabularies[0])
    reading = Reading("ຄ່າທຳນຽມ passport")
    assert "ທຳນຽມ" in Classifier(model).grams(reading)[0]
    assert "ທຳນຽມ" not in Classifier(plain).grams(reading)[0]


def _inside(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
