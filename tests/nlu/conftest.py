"""The understanding as the product has it, trained once for this suite and the transcripts."""

from __future__ import annotations

from pathlib import Path

import pytest

import app
from bot.config import Config
from bot.nlu.data import TrainingData
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.understanding import examples_of
from bot.pack import Pack

PACK = Path("nlu_data")


@pytest.fixture(scope="session")
def pack() -> Pack:
    return Pack.load(PACK)


@pytest.fixture(scope="session")
def data(pack: Pack) -> TrainingData:
    return examples_of(pack)


@pytest.fixture(scope="session")
async def interpreter(models: Path) -> LightInterpreter:
    return await app.understanding(Config(data_dir=models.parent, pack=PACK), app.Country.load(PACK))


@pytest.fixture(scope="session")
def model_path(interpreter: LightInterpreter, models: Path) -> Path:  # noqa: ARG001  # it trains the model
    return next((models.parent / "models").glob("*.npz"))
