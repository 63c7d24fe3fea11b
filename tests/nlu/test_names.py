"""Every name of every public service is heard as that service, and as no other; so is what people say instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.interpreter import LightInterpreter
from bot.nlu.parse_data import ParseContext
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack, load_yaml
from services.catalogue import Catalogue

ASKED = {"lo": "{}ຕ້ອງໃຊ້ຫຍັງແດ່", "lo-Latn": "{} lakha thao dai", "en": "how much is the {}"}
CONFUSABLE: dict[str, dict[str, list[str]]] = load_yaml(Path(__file__).parent / "confusable.yml").data


def test_a_service_is_heard_by_each_of_its_names(interpreter: LightInterpreter, pack: Pack) -> None:
    catalogue = Catalogue.load(pack)
    for service in catalogue.services:
        for language, name in catalogue.names(service):
            assert _services(interpreter, ASKED[language].format(name)) == [service], (language, name)


@pytest.mark.parametrize("language", CONFUSABLE)
def test_no_service_takes_what_is_meant_for_another(
    interpreter: LightInterpreter, pack: Pack, language: str
) -> None:
    assert set(CONFUSABLE[language]) == {*Catalogue.load(pack).services, "none"}
    wrong = [
        (text, service, found)
        for service, texts in CONFUSABLE[language].items()
        for text in texts
        if (found := _services(interpreter, text))[:1] != ([] if service == "none" else [service])
    ]
    assert not wrong


def test_an_occasion_is_one_of_a_service(pack: Pack) -> None:
    named = {service for _, service, _ in lexicon_of(pack).table("occasions")}
    assert named
    assert named <= set(Catalogue.load(pack).services)


def _services(interpreter: LightInterpreter, text: str) -> list[str]:
    parsed = interpreter.read(text, ParseContext())
    return [each["value"] for each in parsed["entities"] if each["entity"] == "service"]
