"""Puts the understanding of a pack together: its examples, word lists and the names of its services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import PackError
from bot.nlu.asides import Asides
from bot.nlu.clauses import Clauses
from bot.nlu.data import TrainingData, gather, join, read_data
from bot.nlu.entities import CentreBook, EntityFinder, Gazetteer
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.lexicon import Lexicon
from bot.nlu.mentions import ServiceNames
from bot.nlu.model import Model
from bot.nlu.numbers import Numbers
from bot.nlu.phrases import Searches
from bot.nlu.segments import SYLLABLES
from bot.nlu.sound import TABLES
from bot.nlu.training import model_file
from bot.nlu.whole import WholeMessages
from bot.pack import Pack, Section, load_yaml, sources


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What of a country is named in messages; `service_names` are (language, name) pairs by service.

    `is_reference` and `phone` are those of Numbers.
    """

    service_names: Mapping[str, Sequence[tuple[str, str]]]
    places: Gazetteer
    centres: CentreBook
    is_reference: Callable[[str], bool | None]
    phone: Callable[[str], str | None]


async def interpreter_of(pack: Pack, known: Known, *, model: Path, data: TrainingData) -> LightInterpreter:
    """The interpreter over the model of these examples (see `model_of`).

    It is put together in a thread: a server goes on answering meanwhile. Raises PackError, ModelUnusable.
    """
    lexicon = lexicon_of(pack)

    def built() -> LightInterpreter:
        return LightInterpreter(
            Model.load(model),
            whole=WholeMessages(lexicon),
            clauses=Clauses(lexicon),
            asides=Asides(lexicon),
            entities=finder_of(pack, known, data=data),
        )

    return await asyncio.to_thread(built)


def finder_of(pack: Pack, known: Known, *, data: TrainingData) -> EntityFinder:
    """What finds the entities of messages; `data` has more names of services than `known`."""
    lexicon, searches = lexicon_of(pack), Searches()
    return EntityFinder(
        lexicon=lexicon,
        services=_names(data, lexicon, known.service_names, searches),
        numbers=Numbers(lexicon, is_reference=known.is_reference, phone=known.phone, searches=searches),
        places=known.places,
        centres=known.centres,
        categories=_categories(pack),
        searches=searches,
    )


def _names(
    data: TrainingData,
    lexicon: Lexicon,
    service_names: Mapping[str, Sequence[tuple[str, str]]],
    searches: Searches,
) -> ServiceNames:
    """What services are called, by the catalogue and in the examples."""
    by_service: dict[str, list[str]] = {
        service: [name for _, name in names] for service, names in service_names.items()
    }
    for service, words in data.surfaces("service"):
        by_service.setdefault(service, []).append(words)
    generic = [word for _, word in lexicon.words("generic")]
    unmeant = [word for _, word in lexicon.words("service_not")]
    return ServiceNames(
        by_service, generic=generic, unmeant=unmeant, sounds=lexicon.sounds, searches=searches
    )


async def model_of(
    pack: Pack,
    *,
    service_names: Mapping[str, Sequence[tuple[str, str]]],
    models: Path,
    data: TrainingData | None = None,
    proof: Callable[[], None] | None = None,
    segmenter: str = SYLLABLES,
) -> Path:
    """The model file of the pack in the folder `models`, trained into it first if need be.

    `data` are other examples than the pack's alone; `proof` raises what is wrong with them, before they are
    taught; `segmenter` is one of segments.py. Raises PackError, TrainingFailed, SegmenterMissing.
    """
    lexicon = lexicon_of(pack)
    by_language: dict[str, list[str]] = {language: [] for language in lexicon.languages}
    for names in service_names.values():
        for language, name in names:
            by_language.setdefault(language, []).append(name)
    return await model_file(
        data or examples_of(pack),
        models,
        names=by_language,
        lexicon=lexicon,
        proof=proof,
        segmenter=segmenter,
    )


def examples_of(pack: Pack) -> TrainingData:
    """The examples of all languages; raises PackError."""
    return join(
        read_data(path, language)
        for language in pack.languages
        for path in sources(pack.root / language, "nlu")
    )


def gather_examples(pack: Pack, problems: list[PackError]) -> TrainingData:
    """Those that can be read; what cannot goes to `problems`."""
    return join(
        [
            gather(path, language, problems)
            for language in pack.languages
            for path in sources(pack.root / language, "nlu")
        ]
    )


def lexicon_of(pack: Pack) -> Lexicon:
    """The word lists of the pack; raises PackError where `sound:` names no table, or a second one."""
    lexicon = Lexicon(languages=pack.lexicons)
    for language in sorted(lexicon.sounding):
        table = pack.lexicons[language]["sound"]
        if table not in TABLES or table != lexicon.sounds:
            document = load_yaml(pack.root / language / "lexicon.yml")
            known = ", ".join(sorted(filter(None, TABLES)))
            raise document.error(f"no sound table {table}", f"All languages share one of: {known}.", "sound")
    return lexicon


def _categories(pack: Pack) -> dict[str, dict[str, tuple[str, ...]]]:
    """The words of category_words.yml, by category and language."""
    problems: list[PackError] = []
    words = Section.open(pack.root / "category_words.yml", problems).section("words")
    found = {name: {each: lists.strings(each) for each in lists.data} for name, lists in words.sections()}
    if problems:
        raise problems[0]
    return found
