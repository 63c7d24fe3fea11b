"""What commands are given: the configuration, and an installation opened for as long as they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.errors import PackError
from bot.pack import Pack

# Named here and made by the command that needs it: the others should not wait for all of the product to load.
if TYPE_CHECKING:
    from bot.clock import Chance, Clock
    from bot.config import Config
    from bot.crypto import Vault
    from bot.db import Database
    from bot.learning.serving import Trained
    from bot.messages import Capabilities
    from bot.nlu.data import TrainingData
    from bot.nlu.explain import Explainer
    from bot.nlu.parse_data import Interpreter
    from bot.pipeline import Pipeline
    from bot.rules import Rules
    from bot.traffic import Traffic
    from cli.sheet import Poster
    from services.overlays import Overlays


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """An opened installation, as far as a conversation in the terminal needs it."""

    clock: Clock
    chance: Chance
    pipeline: Pipeline


class Route(Protocol):
    """One way into the server over HTTP."""

    @property
    def method(self) -> str:
        """Such as GET or POST."""

    @property
    def path(self) -> str:
        """With names in braces for what varies."""


class Server(Protocol):
    """The doors of an installation, and the work behind them."""

    @property
    def routes(self) -> Sequence[tuple[str, Route]]:
        """Every route, after the role of those who may use it."""

    def listen(self, host: str, port: int) -> AbstractAsyncContextManager[str]:
        """Accept requests; the address in force."""


class Finding(Protocol):
    """One thing that was looked at; `fine` is None where it can only be told."""

    @property
    def what(self) -> str: ...  # noqa: D102  # see the class
    @property
    def fine(self) -> bool | None: ...  # noqa: D102  # see the class
    @property
    def note(self) -> str: ...  # noqa: D102  # see the class


class Seen(Protocol):
    """A channel as it was found."""

    @property
    def name(self) -> str: ...  # noqa: D102  # see the class
    @property
    def kind(self) -> str: ...  # noqa: D102  # see the class
    @property
    def findings(self) -> Sequence[Finding]: ...  # noqa: D102  # see the class
    @property
    def traffic(self) -> Traffic: ...  # noqa: D102  # see the class


class ChannelCare(Protocol):
    """The configured channels, to be looked after beside a server."""

    @property
    def names(self) -> Sequence[str]:
        """In the order of the configuration."""

    async def look(self, name: str) -> Seen:
        """What can be found out about one without sending anybody a message."""

    async def register(self, name: str) -> None:
        """Tell its provider where to bring messages; raises ConfigurationError, SendError."""


Check = Callable[[Pack], Iterable[PackError]]


class Kit(Protocol):
    """What app.py provides to the commands."""

    @property
    def checks(self) -> Sequence[Check]:
        """What each domain looks for in its own files of a pack."""

    @property
    def shown(self) -> Mapping[str, Capabilities]:
        """The channels that a conversation in the terminal can be shown as."""

    def config(self) -> Config:
        """The settings; raises ConfigurationError."""

    def store(
        self, config: Config, *, maintenance: bool
    ) -> AbstractAsyncContextManager[tuple[Database, Vault]]:
        """The database and its keys; `maintenance` works beside a server that runs."""

    def talk(
        self, config: Config, channels: Mapping[str, Capabilities]
    ) -> AbstractAsyncContextManager[Instance]:
        """The installation of a configuration with the named channels only."""

    def rules(self) -> Rules:
        """The rules of conversation."""

    async def model(self, config: Config) -> Path:
        """The file of the model in force, trained first if need be."""

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:
        """The understanding of the pack, or of one trained model without the pack's rules."""

    async def explainer(self, config: Config, model: Path | None) -> Explainer:
        """What says why that understanding is what it is."""

    def check_examples(self, config: Config, labels: Path) -> Sequence[PackError]:
        """What is wrong with the examples of the pack, and with a folder of labels beside them."""

    def check_labels(self, config: Config) -> Sequence[PackError]:
        """What is wrong with the labels of the installation, beside its pack."""

    async def trained(self, config: Config, data: TrainingData, models: Path | None) -> Trained:
        """The understanding of other examples than those in force; its model lies in the folder `models`, or with the others."""

    def lint(self, pack: Pack) -> Iterable[PackError]:
        """What should be mended in the texts of a pack."""

    def overlays(self, config: Config) -> AbstractAsyncContextManager[Overlays]:
        """The services and centres as they stand, to be looked at and changed beside a server."""

    def channels(self, config: Config) -> AbstractAsyncContextManager[ChannelCare]:
        """The channels and their providers."""

    def fonts(self) -> Mapping[str, bytes]:
        """Those of pages that need no other file, by weight, as WOFF2."""

    def poster(self, config: Config, centre: str) -> Poster:
        """What stands on a poster, for a service centre where one is named; raises ConfigurationError."""

    def server(self, config: Config, *, maintenance: bool = False) -> AbstractAsyncContextManager[Server]:
        """Everything that serves, at work but not listening yet; `maintenance` only to be looked at."""
