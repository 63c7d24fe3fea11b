"""The understanding of a pack, and the engine over the rules of the dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientSession
from rasa_sdk.interfaces import Action

from bot.clock import Clock
from bot.config import Config
from bot.engine import Engine
from bot.learning.history import LEARNING, History
from bot.learning.serving import InForce, Trained
from bot.nlu.asides import Asides
from bot.nlu.data import TrainingData
from bot.nlu.entities import EntityFinder
from bot.nlu.errors import ModelUnusable
from bot.nlu.explain import Explainer
from bot.nlu.features import Reading
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.model import Model
from bot.nlu.normalise import compact
from bot.nlu.parse_data import Interpreter
from bot.nlu.remembered import RememberingInterpreter
from bot.nlu.remote import RemoteInterpreter, Wanted
from bot.nlu.understanding import Known, examples_of, finder_of, interpreter_of, lexicon_of, model_of
from bot.nlu.whole import WholeMessages
from bot.rendering import Renderer
from bot.rules import Rules
from bot.yaml_read import read_yaml
from complaints import references
from composition.country import Country
from composition.examples import RULES, check, check_in_force
from dialogs import number_and_secret

# The folder of the data folder where models lie, by what they were made of.
MODELS = "models"

_DIALOGS = RULES.parent

log = structlog.get_logger()


async def understanding(config: Config, country: Country) -> LightInterpreter:
    """The interpreter of the pack; its model is trained, in a process of its own, when the data are new."""
    _, interpreter = await _understanding(
        config, country, examples(config, country), config.data_dir / MODELS
    )
    return interpreter


def examples(config: Config, country: Country) -> TrainingData:
    """What is taught: the examples of the pack, and what staff labelled, as far as it is in force."""
    return History(config.data_dir / LEARNING).examples(country.pack)


async def model(config: Config, country: Country) -> Path:
    """The model in force, trained first if need be; raises PackError rather than to teach what is wrong."""
    return await _model(config, country, examples(config, country), config.data_dir / MODELS)


async def trained(
    config: Config, country: Country, data: TrainingData | None = None, models: Path | None = None
) -> Trained:
    """The understanding of these examples, or of those in force; the model comes from, or goes to, the folder `models`."""
    taught = data or examples(config, country)
    path, interpreter = await _understanding(
        config, country, taught, models or config.data_dir / MODELS, proven=data is not None
    )
    return Trained(name=path.stem, interpreter=interpreter)


async def in_force(config: Config, country: Country) -> InForce:
    """The understanding that follows what is put in force."""

    async def load() -> Trained:
        found = await trained(config, country)
        return Trained(name=found.name, interpreter=RememberingInterpreter(found.interpreter))

    return await InForce.open(load=load, stamp=History(config.data_dir / LEARNING).stamp)


async def _understanding(
    config: Config, country: Country, data: TrainingData, models: Path, *, proven: bool = False
) -> tuple[Path, LightInterpreter]:
    """The model of these examples and the interpreter over it; a file that cannot be read is made anew."""
    path = await _model(config, country, data, models, proven=proven)
    try:
        return path, await _interpreter(country, data, path)
    except ModelUnusable:
        log.warning("nlu.model_damaged", file=path.name)
        path.unlink(missing_ok=True)
    path = await _model(config, country, data, models, proven=proven)
    return path, await _interpreter(country, data, path)


async def _model(
    config: Config, country: Country, data: TrainingData, models: Path, *, proven: bool = False
) -> Path:
    """The model of these examples, which are looked through for faults first unless they are `proven`."""

    def proof() -> None:
        wrong = [*check(country.pack), *check_in_force(country.pack, config)]
        if wrong:
            raise wrong[0]

    return await model_of(
        country.pack,
        service_names=_service_names(country),
        models=models,
        data=data,
        proof=None if proven else proof,
        segmenter=config.segmenter,
    )


def _service_names(country: Country) -> dict[str, list[tuple[str, str]]]:
    return {each: list(country.catalogue.names(each)) for each in country.catalogue.services}


async def _interpreter(country: Country, data: TrainingData, path: Path) -> LightInterpreter:
    return await interpreter_of(country.pack, _known(country), data=data, model=path)


def _known(country: Country) -> Known:
    return Known(
        service_names=_service_names(country),
        places=country.places,
        centres=country.centres,
        is_reference=_is_reference,
        phone=country.phones.normalise,
    )


def _is_reference(digits: str) -> bool | None:
    """Whether the check digit is right; None for what is no reference with a slip either."""
    checked = references.check(digits)
    return None if checked is references.Flaw.NOT_A_REFERENCE else isinstance(checked, references.Reference)


def finder(config: Config, country: Country) -> EntityFinder:
    """What finds the entities of messages, without a model."""
    return finder_of(country.pack, _known(country), data=examples(config, country))


async def explainer(config: Config, country: Country) -> Explainer:
    """What says why the interpreter of the pack understands a message as it does."""
    pack, catalogue = country.pack, country.catalogue
    spelt = {each: list(catalogue.names(each)) for each in catalogue.services}
    names = {each: [name for _, name in several] for each, several in spelt.items()}
    for service, words in examples(config, country).surfaces("service"):
        names.setdefault(service, []).append(words)
    path = await model(config, country)
    return Explainer(
        await understanding(config, country),
        Model.load(path),
        whole=WholeMessages(lexicon_of(pack)),
        asides=Asides(lexicon_of(pack)),
        names=names,
    )


def remote(
    config: Config,
    country: Country,
    behind: Interpreter,
    session: ClientSession,
    clock: Clock,
    told: Callable[[str], None],
) -> RemoteInterpreter:
    """A Rasa server's understanding; `behind` is ours. What it may name is what the pack teaches and has."""
    taught = {example.intent for example in examples_of(country.pack).examples}
    lexicon = lexicon_of(country.pack)
    whole = WholeMessages(lexicon)
    return RemoteInterpreter(
        behind,
        session,
        url=config.rasa_url,
        token=config.rasa_token,
        seconds=config.rasa_seconds,
        wanted=Wanted(
            intents=taught,
            values=values_of(country),
            exact=lambda text, context: bool(whole.intent(Reading(text, lexicon.sounds), context.expects)),
        ),
        clock=clock,
        told=told,
    )


def values_of(country: Country) -> dict[str, set[str]]:
    """The services and places that there are, by the name of their entity."""
    values: dict[str, set[str]] = {"service": set(country.catalogue.services)}
    for place in country.places.by_code.values():
        values.setdefault(place.level, set()).add(place.code)
    return values


def engine_of(country: Country, actions: Sequence[Action]) -> Engine:
    """The engine over the rules of dialogs/ and the words of the pack."""
    pack = country.pack
    item_words = [str(word) for words in pack.lexicon("item_words").values() for word in words]
    return Engine(
        rules=rules(),
        actions=actions,
        languages=pack.languages,
        texts={key for texts in pack.texts.values() for key in texts},
        item_words=item_words,
        key=compact,
        parts=renderer_of(country).parts,
        offering={key for texts in pack.texts.values() for key, text in texts.items() if text.buttons},
        heard=number_and_secret.heard,
    )


def rules() -> Rules:
    """The rules of dialogs/."""
    return Rules.load(RULES)


def renderer_of(country: Country) -> Renderer:
    """What puts responses into the words of the pack, within their budgets."""
    return Renderer(country.pack, budgets(), frozenset(_data("followed_up")))


def budgets() -> dict[str, int]:
    """The parts that an answer may cost, by the key of its text."""
    return dict(_data("budgets"))


def widths() -> dict[str, int]:
    """The characters that a text may have, by its key."""
    return dict(_data("widths"))


def _data(name: str) -> Any:
    return read_yaml(_DIALOGS / f"{name}.yml")
