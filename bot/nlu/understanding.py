"""Puts the understanding of a pack together: its examples, word lists and the names of its services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.nlu.data import join, read_data
from bot.nlu.entities import EntityFinder, Gazetteer
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.lexicon import Lexicon
from bot.nlu.mentions import ServiceNames
from bot.nlu.model import Model
from bot.nlu.numbers import Numbers
from bot.nlu.training import model_file
from bot.nlu.whole import WholeMessages
from bot.pack import Pack


async def interpreter_of(
    pack: Pack,
    *,
    service_names: Mapping[str, Sequence[tuple[str, str]]],
    models: Path,
    places: Gazetteer,
    is_reference: Callable[[str], bool],
    phone: Callable[[str], str | None],
) -> LightInterpreter:
    """The interpreter; its model is taken from the folder `models`, or trained into it first.

    `service_names` are (language, name) pairs by service. Raises PackError, TrainingFailed.
    """
    data = join(read_data(pack.root / language / "nlu.yml", language) for language in pack.languages)
    by_language: dict[str, list[str]] = {language: [] for language in pack.languages}
    by_service: dict[str, list[str]] = {}
    for service, names in service_names.items():
        for language, name in names:
            by_language.setdefault(language, []).append(name)
            by_service.setdefault(service, []).append(name)
    for service, words in data.surfaces("service"):
        by_service.setdefault(service, []).append(words)
    lexicon = Lexicon(languages=pack.lexicons)
    return LightInterpreter(
        Model.load(await model_file(data, models, names=by_language)),
        whole=WholeMessages(lexicon),
        entities=EntityFinder(
            lexicon=lexicon,
            services=ServiceNames(by_service),
            numbers=Numbers(lexicon, is_reference=is_reference, phone=phone),
            places=places,
        ),
    )
