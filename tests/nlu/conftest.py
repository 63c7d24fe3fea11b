from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.data import TrainingData, join, read_data
from bot.nlu.entities import EntityFinder
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.lexicon import Lexicon
from bot.nlu.mentions import ServiceNames
from bot.nlu.model import Model
from bot.nlu.numbers import Numbers
from bot.nlu.training import model_file
from bot.nlu.whole import WholeMessages
from bot.pack import Pack
from bot.phones import PhoneRules
from bot.places import Places

SERVICES = {
    "id-card": ["ບັດປະຈຳຕົວ", "ບັດປະຊາຊົນ", "bat pacham tua", "identity card", "ID card"],
    "passport": ["ໜັງສືຜ່ານແດນ", "ພາສປອດ", "ພາດສະປອດ", "passport"],
    "motorbike-tax": ["ຄ່າທາງລົດຈັກ", "ອາກອນລົດຈັກ", "kha thang lot chak", "motorbike tax"],
    "driving-licence": ["ໃບຂັບຂີ່", "bai khap khi", "driving licence"],
}
CATEGORIES = {"road": {"lo": ["ຖະໜົນ"], "lo-Latn": ["thanon"], "en": ["road", "bridge"]}}


@pytest.fixture(scope="session")
def pack() -> Pack:
    return Pack.load("nlu_data")


@pytest.fixture(scope="session")
def data(pack: Pack) -> TrainingData:
    return join(read_data(pack.root / language / "nlu.yml", language) for language in pack.languages)


@pytest.fixture(scope="session")
async def model_path(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await model_file(data, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def interpreter(pack: Pack, data: TrainingData, model_path: Path) -> LightInterpreter:
    lexicon = Lexicon(languages=pack.lexicons)
    names = {service: list(several) for service, several in SERVICES.items()}
    for service, words in data.surfaces("service"):
        names.setdefault(service, []).append(words)
    entities = EntityFinder(
        lexicon=lexicon,
        services=ServiceNames(names),
        numbers=Numbers(lexicon, is_reference=_is_reference, phone=PhoneRules.load(pack).normalise),
        places=Places.load(pack),
        categories=CATEGORIES,
    )
    return LightInterpreter(Model.load(model_path), whole=WholeMessages(lexicon), entities=entities)


def _is_reference(digits: str) -> bool:
    # A stand-in for the check digit: the digits of a reference add up to a multiple of ten.
    return sum(map(int, digits)) % 10 == 0
