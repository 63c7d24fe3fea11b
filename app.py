"""The program: what `patou` is given by the parts that composition/ puts together. Nobody imports this module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import chain
from pathlib import Path

from aiohttp import ClientSession

from bot.clock import Chance, Clock
from bot.config import Config, environment, load_config
from bot.crypto import Vault
from bot.db import Database
from bot.errors import PackError
from bot.learning.serving import Trained
from bot.lint import lint
from bot.logs import configure_logs
from bot.messages import Capabilities
from bot.nlu.data import TrainingData
from bot.nlu.explain import Explainer
from bot.nlu.interpreter import Interpreter, LightInterpreter
from bot.nlu.model import Model
from bot.pack import Pack
from bot.rules import Rules
from channels.base import Wiring
from channels.care import ChannelCare
from channels.config import build_channels, load_channels
from channels.terminal import CAPABILITIES
from cli.kit import Instance
from cli.main import command
from cli.sheet import Poster
from composition import examples
from composition.country import PACK_CHECKS, Country
from composition.installation import Ground, Ways, open_installation, overlays_of
from composition.poster import fonts, poster_of
from composition.server import open_server
from composition.store import open_store, store_beside
from composition.understanding import budgets, explainer, model, rules, trained, understanding, widths
from dialogs import menu_lint
from services.overlays import Overlays
from web.server import Server


class Kit:
    """What the commands are given; see cli/kit.py."""

    checks = PACK_CHECKS
    shown = CAPABILITIES

    def config(self) -> Config:
        """The settings; from here on, logs are written as they say."""
        config = load_config()
        configure_logs(config.log_level)
        return config

    def store(
        self, config: Config, *, maintenance: bool
    ) -> AbstractAsyncContextManager[tuple[Database, Vault]]:
        """The database and its keys."""
        return open_store(config, maintenance=maintenance)

    @asynccontextmanager
    async def talk(self, config: Config, channels: Mapping[str, Capabilities]) -> AsyncIterator[Instance]:
        """The installation with the named channels only, and nothing sent."""
        async with open_installation(config, Ways(capabilities=channels), lambda: None) as opened:
            yield Instance(clock=opened.ground.clock, chance=opened.ground.chance, pipeline=opened.pipeline)

    def rules(self) -> Rules:
        """The rules of conversation."""
        return rules()

    async def model(self, config: Config) -> Path:
        """The model in force."""
        return await model(config, Country.load(config.pack_root))

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:
        """The pack's, or that of a model file alone."""
        if model is not None:
            return LightInterpreter(Model.load(model))
        return await understanding(config, Country.load(config.pack_root))

    async def explainer(self, config: Config, model: Path | None) -> Explainer:
        """What says why that understanding is what it is."""
        if model is not None:
            alone = Model.load(model)
            return Explainer(LightInterpreter(alone), alone)
        return await explainer(config, Country.load(config.pack_root))

    def check_examples(self, config: Config, labels: Path) -> Sequence[PackError]:
        """What is wrong with the examples of the pack, and with a folder of labels beside them."""
        pack = Pack.load(config.pack_root)
        return [*examples.check(pack), *examples.check_labels(pack, labels)]

    def check_labels(self, config: Config) -> Sequence[PackError]:
        """What is wrong with the labels of the installation, beside its pack."""
        return examples.check_installation(Pack.load(config.pack_root), config)

    async def trained(self, config: Config, data: TrainingData, models: Path | None) -> Trained:
        """That of other examples."""
        return await trained(config, Country.load(config.pack_root), data, models)

    def lint(self, pack: Pack) -> Iterable[PackError]:
        """What should be mended in the texts of a pack."""
        return chain(lint(pack, budgets(), widths()), menu_lint.lint(pack))

    @asynccontextmanager
    async def overlays(self, config: Config) -> AsyncIterator[Overlays]:
        """The services and centres as they stand, to be looked at and changed beside a server."""
        country = Country.load(config.pack_root)
        async with store_beside(config) as (db, vault):
            opened = overlays_of(
                Ground(config=config, country=country, db=db, vault=vault, clock=Clock(), chance=Chance())
            )
            await opened.refresh()
            yield opened

    @asynccontextmanager
    async def channels(self, config: Config) -> AsyncIterator[ChannelCare]:
        """The channels and their providers."""
        async with (
            store_beside(config) as (db, _),
            ClientSession() as session,
        ):
            wiring = Wiring(session=session, clock=Clock(), public_url=config.public_url)
            channels = build_channels(load_channels(config.channels, environment()), wiring)
            yield ChannelCare(channels, session, db, wiring)

    def fonts(self) -> Mapping[str, bytes]:
        """Those of pages that need no other file."""
        return fonts()

    def poster(self, config: Config, centre: str) -> Poster:
        """What stands on a poster."""
        return poster_of(config, centre)

    def server(self, config: Config, *, maintenance: bool = False) -> AbstractAsyncContextManager[Server]:
        """Everything that serves."""
        return open_server(config, maintenance=maintenance)


def main() -> None:
    """Run `patou`."""
    command(Kit())()


if __name__ == "__main__":
    main()
