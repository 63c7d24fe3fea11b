from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.nlu.data import Example, TrainingData
from bot.nlu.errors import ModelUnusable, TrainingFailed
from bot.nlu.model import Model
from bot.nlu.training import model_file

SMALL = TrainingData(
    examples=tuple(
        Example(text=f"{words} {number}", intent=intent, language="en")
        for intent, words in (("fee", "how much is it"), ("greet", "hello there"))
        for number in ("one", "two", "three", "four", "five")
    )
)


async def test_the_same_data_is_trained_once_and_gives_the_same_file(tmp_path: Path) -> None:
    first = await model_file(SMALL, tmp_path / "a")
    again = await model_file(SMALL, tmp_path / "b")
    assert first.name == again.name
    assert first.read_bytes() == again.read_bytes()
    written = first.stat().st_mtime_ns
    assert await model_file(SMALL, tmp_path / "a") == first
    assert first.stat().st_mtime_ns == written
    assert _inside(first.parent) == [first.name]


async def test_other_data_is_another_model(tmp_path: Path) -> None:
    other = TrainingData(examples=SMALL.examples[1:])
    assert (await model_file(SMALL, tmp_path)).name != (await model_file(other, tmp_path)).name


async def test_data_that_cannot_be_learnt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed):
        await model_file(TrainingData(examples=SMALL.examples[:5]), tmp_path)
    assert _inside(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a model", b"x" * 1000])
def test_a_broken_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.npz"
    file.write_bytes(content)
    with pytest.raises(ModelUnusable):
        Model.load(file)


def test_the_server_does_not_load_the_training_library(model_path: Path) -> None:
    Model.load(model_path)
    assert "sklearn" not in sys.modules


def _inside(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
