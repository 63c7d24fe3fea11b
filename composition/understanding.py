"""The understanding of a pack, and the engine over the rules of the dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from rasa_sdk.interfaces import Action

from bot.clock import Clock
from bot.config import Config
from bot.engine import Engine
from bot.nlu.features import Reading
from bot.nlu.interpreter import Interpreter, LightInterpreter
from bot.nlu.normalise import compact
from bot.nlu.remote import RemoteInterpreter, Wanted
from bot.nlu.understanding import examples_of, interpreter_of, lexicon_of
from bot.nlu.whole import WholeMessages
from bot.rendering import Renderer
from bot.rules import Rules
from bot.yaml_read import read_yaml
from complaints import references
from composition.country import Country

_DIALOGS = Path(__file__).parent.parent / "dialogs"


async def understanding(config: Config, country: Country) -> LightInterpreter:
    """The interpreter of the pack; its model is trained, in a process of its own, when the data are new."""
    names = {each: list(country.catalogue.names(each)) for each in country.catalogue.services}
    return await interpreter_of(
        country.pack,
        service_names=names,
        models=config.data_dir / "models",
        places=country.places,
        centres=country.centres,
        is_reference=lambda digits: isinstance(references.check(digits), references.Reference),
        phone=country.phones.normalise,
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
    values: dict[str, list[str]] = {"service": list(country.catalogue.services)}
    for place in country.places.by_code.values():
        values.setdefault(place.level, []).append(place.code)
    return RemoteInterpreter(
        behind,
        session,
        url=config.rasa_url,
        token=config.rasa_token,
        seconds=config.rasa_seconds,
        wanted=Wanted(
            intents=taught,
            values=values,
            exact=lambda text, context: bool(whole.intent(Reading(text, lexicon.sounds), context.expects)),
        ),
        clock=clock,
        told=told,
    )


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
    )


def rules() -> Rules:
    """The rules of dialogs/."""
    return Rules.load(_DIALOGS / "rules")


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
