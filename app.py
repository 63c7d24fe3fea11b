"""The program: what `patou` is given by the parts that composition/ puts together. Nobody imports this module."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Config, environment, load_config
from bot.errors import PackError
from bot.logs import configure_logs
from bot.pack import Pack
from cli.main import command

# Every command starts a Python: what one of them needs is loaded by its method below, not for all the others.
if TYPE_CHECKING:
    from bot.crypto import Vault
    from bot.db import Database
    from bot.learning.serving import Trained
    from bot.messages import Capabilities
    from bot.nlu.data import TrainingData
    from bot.nlu.explain import Explainer
    from bot.nlu.parse_data import Interpreter
    from bot.rules import Rules
    from channels.care import ChannelCare
    from cli.kit import Check, Instance
    from cli.sheet import Poster
    from services.overlays import Overlays
    from web.server import Server


class Kit:
    """What the commands are given; see cli/kit.py."""

    @property
    def checks(self) -> Sequence[Check]:
        """What each domain looks for in its own files of a pack."""
        from composition.country import PACK_CHECKS

        return PACK_CHECKS

    @property
    def shown(self) -> Mapping[str, Capabilities]:
        """The channels that a conversation in the terminal can be shown as."""
        from channels.terminal import CAPABILITIES

        return CAPABILITIES

    def config(self) -> Config:
        """The settings; from here on, logs are written as they say."""
        config = load_config()
        configure_logs(config.log_level)
        return config

    def store(
        self, config: Config, *, maintenance: bool
    ) -> AbstractAsyncContextManager[tuple[Database, Vault]]:
        """The database and its keys."""
        from composition.store import open_store

        return open_store(config, maintenance=maintenance)

    @asynccontextmanager
    async def talk(self, config: Config, channels: Mapping[str, Capabilities]) -> AsyncIterator[Instance]:
        """The installation with the named channels only, and nothing sent."""
        from cli.kit import Instance
        from composition.installation import Ways, open_installation

        async with open_installation(config, Ways(capabilities=channels), lambda: None) as opened:
            yield Instance(clock=opened.ground.clock, chance=opened.ground.chance, pipeline=opened.pipeline)

    def rules(self) -> Rules:
        """The rules of conversation."""
        from composition.understanding import rules

        return rules()

    async def model(self, config: Config) -> Path:
        """The model in force."""
        from composition.country import Country
        from composition.understanding import model

        return await model(config, Country.load(config.pack_root))

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:
        """The pack's, or that of a model file alone."""
        from bot.nlu.interpreter import LightInterpreter
        from bot.nlu.model import Model
        from composition.country import Country
        from composition.understanding import understanding

        if model is not None:
            return LightInterpreter(Model.load(model))
        return await understanding(config, Country.load(config.pack_root))

    async def explainer(self, config: Config, model: Path | None) -> Explainer:
        """What says why that understanding is what it is."""
        from bot.nlu.explain import Explainer
        from bot.nlu.interpreter import LightInterpreter
        from bot.nlu.model import Model
        from composition.country import Country
        from composition.understanding import explainer

        if model is not None:
            alone = Model.load(model)
            return Explainer(LightInterpreter(alone), alone)
        return await explainer(config, Country.load(config.pack_root))

    def check_examples(self, config: Config, labels: Path) -> Sequence[PackError]:
        """What is wrong with the examples of the pack, and with a folder of labels beside them."""
        from composition import examples

        pack = Pack.load(config.pack_root)
        return [*examples.check(pack), *examples.check_labels(pack, labels)]

    def check_labels(self, config: Config) -> Sequence[PackError]:
        """What is wrong with the labels of the installation, beside its pack."""
        from composition import examples

        return examples.check_installation(Pack.load(config.pack_root), config)

    async def trained(self, config: Config, data: TrainingData, models: Path | None) -> Trained:
        """That of other examples."""
        from composition.country import Country
        from composition.understanding import trained

        return await trained(config, Country.load(config.pack_root), data, models)

    def lint(self, pack: Pack) -> Iterable[PackError]:
        """What should be mended in the texts of a pack."""
        from bot.lint import lint
        from composition.understanding import budgets, widths
        from dialogs import menu_lint

        return chain(lint(pack, budgets(), widths()), menu_lint.lint(pack))

    @asynccontextmanager
    async def overlays(self, config: Config) -> AsyncIterator[Overlays]:
        """The services and centres as they stand, to be looked at and changed beside a server."""
        from bot.clock import Chance, Clock
        from composition.country import Country
        from composition.installation import Ground, overlays_of
        from composition.store import store_beside

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
        from aiohttp import ClientSession

        from bot.clock import Clock
        from channels.base import Wiring
        from channels.care import ChannelCare
        from channels.config import build_channels, load_channels
        from composition.store import store_beside

        async with (
            store_beside(config) as (db, _),
            ClientSession() as session,
        ):
            wiring = Wiring(session=session, clock=Clock(), public_url=config.public_url)
            channels = build_channels(load_channels(config.channels, environment()), wiring)
            yield ChannelCare(channels, session, db, wiring)

    def fonts(self) -> Mapping[str, bytes]:
        """Those of pages that need no other file."""
        from composition.poster import fonts

        return fonts()

    def poster(self, config: Config, centre: str) -> Poster:
        """What stands on a poster."""
        from composition.poster import poster_of

        return poster_of(config, centre)

    def server(self, config: Config, *, maintenance: bool = False) -> AbstractAsyncContextManager[Server]:
        """Everything that serves."""
        from composition.server import open_server

        return open_server(config, maintenance=maintenance)


def main() -> None:
    """Run `patou`."""
    # What is loaded stays: looking through it again and again for what could go took an eighth of a start.
    gc.set_threshold(50_000, 20, 50)
    command(Kit())()


if __name__ == "__main__":
    main()
