"""Every name of every public service is heard as that service, and as no other."""

from __future__ import annotations

from bot.nlu.interpreter import LightInterpreter, ParseContext
from bot.pack import Pack
from services.catalogue import Catalogue

ASKED = {"lo": "{}ຕ້ອງໃຊ້ຫຍັງແດ່", "lo-Latn": "{} lakha thao dai", "en": "how much is the {}"}


def test_a_service_is_heard_by_each_of_its_names(interpreter: LightInterpreter, pack: Pack) -> None:
    catalogue = Catalogue.load(pack)
    for service in catalogue.services:
        for language, name in catalogue.names(service):
            parsed = interpreter.read(ASKED[language].format(name), ParseContext())
            found = [each["value"] for each in parsed["entities"] if each["entity"] == "service"]
            assert found == [service], (language, name)
