"""The understanding as the product has it, trained once for this suite and the transcripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from bot.nlu.data import TrainingData
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.understanding import examples_of, model_of
from bot.pack import Pack
from composition.country import Country
from composition.understanding import understanding
from services.catalogue import Catalogue

PACK = Path("nlu_data")


@pytest.fixture(scope="session")
def pack() -> Pack:
    return Pack.load(PACK)


@pytest.fixture(scope="session")
def data(pack: Pack) -> TrainingData:
    return examples_of(pack)


@pytest.fixture(scope="session")
async def interpreter(trained: Path) -> LightInterpreter:
    return await understanding(Config(data_dir=trained.parent, pack=PACK), Country.load(PACK))


@pytest.fixture(scope="session")
async def model_path(pack: Pack, trained: Path) -> Path:
    catalogue = Catalogue.load(pack)
    names = {each: list(catalogue.names(each)) for each in catalogue.services}
    return await model_of(pack, service_names=names, models=trained)
