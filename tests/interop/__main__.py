"""Plays our conversations with the real Rasa: `python -m tests.interop --python PYTHON3.10 --folder DIR`.

Installs Rasa, has it check and learn the export of each language, plays the conversations of
conversations.yml and asks the held-out table, of it and of ourselves, and writes docs/interop/.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.nlu.classifier import base_of
from bot.nlu.parse_data import ParseContext
from bot.rasa.names import own_name
from bot.rasa.project import write
from bot.yaml_read import read_yaml
from composition.server import open_server
from tests.dialogs.conversation import TRANSCRIPTS, World
from tests.interop.own import Own, own
from tests.interop.rasa import Rasa, Server
from tests.interop.report import Figures, Played, report
from tests.interop.talks import hold
from tests.rasa.conftest import export
from tests.servers.ports import free_port

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_MODELS = _ROOT / "tests" / ".cache" / "models"
_HELD_OUT = _ROOT / "tests" / "nlu" / "heldout4.yml"
_TOKEN = "an-actions-token-of-the-interop-run"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run is made of; `epochs` of DIET, 0 for logistic regression; `reuse` takes any model that is there."""

    rasa: Rasa
    folder: Path
    epochs: int
    reuse: bool
    world: World
    own: Own

    async def language(self, language: str, names: list[str]) -> Played:
        """Everything in one language."""
        project = self.folder / f"{language}-{self.epochs or 'light'}"
        url = f"http://127.0.0.1:{free_port()}"
        trained = await asyncio.to_thread(self._prepare, project, language, url)
        async with self._actions(url), self.rasa.serve(project) as server:
            talks = {
                name: await hold(self.world, TRANSCRIPTS[name], server, f"{os.getpid()}-{name}")
                for name in names
            }
            return Played(
                language=language,
                talks=talks,
                theirs=await self._asked(server, language, trained),
                ours=await self._ours(language),
            )

    def _prepare(self, project: Path, language: str, url: str) -> float:
        """Write, check and learn the project, unless it has a model of the same; how long it learned, in seconds."""
        light, epochs = not self.epochs, self.epochs or 1
        made = export(_ROOT / "nlu_data", language, epochs=epochs, light=light, url=url).files()
        learnt = {path: text for path, text in made.items() if path != "endpoints.yml"}
        known = project / "seconds"
        same = all(
            (project / path).exists() and (project / path).read_text("utf-8") == text
            for path, text in learnt.items()
        )
        write(made, project)
        if not (known.exists() and (same or self.reuse)):
            self.rasa.run(project, "data", "validate")
            known.write_text(str(self.rasa.run(project, "train")), "ascii")
        return float(known.read_text("ascii"))

    def _actions(self, url: str) -> Any:
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        (data / "models").symlink_to(_MODELS)
        config = Config(
            data_dir=data,
            anchor_file=data / "anchors.jsonl",
            channels=data / "channels.toml",
            actions_token=_TOKEN,
            store_seconds=30.0,
        )
        return _listening(config, int(url.rpartition(":")[2]))

    async def _asked(self, server: Server, language: str, trained: float) -> Figures:
        right, took = [], []
        for text, wanted in _held_out(language):
            began = time.perf_counter()
            parsed = await server.parse(text)
            took.append(time.perf_counter() - began)
            right.append(base_of(own_name(parsed["intent"]["name"])) == wanted)
        return Figures(
            right=sum(right),
            asked=len(right),
            milliseconds=statistics.median(took) * 1000,
            megabytes=server.megabytes,
            trained=trained,
            started=server.started,
        )

    async def _ours(self, language: str) -> Figures:
        right, took = [], []
        for text, wanted in _held_out(language):
            began = time.perf_counter()
            parsed = await self.world.interpreter.parse(text, ParseContext())
            took.append(time.perf_counter() - began)
            right.append(parsed["intent"]["name"] == wanted)
        return Figures(
            right=sum(right),
            asked=len(right),
            milliseconds=statistics.median(took) * 1000,
            megabytes=self.own.megabytes,
            trained=self.own.trained,
            started=self.own.started,
        )


class _listening:  # noqa: N801 - read as a phrase where it is used
    """Our server, with its actions, on a port of loopback."""

    def __init__(self, config: Config, port: int) -> None:
        self._opened = open_server(config)
        self._port = port

    async def __aenter__(self) -> None:
        server = await self._opened.__aenter__()
        self._listening = server.listen("127.0.0.1", self._port)
        await self._listening.__aenter__()

    async def __aexit__(self, *raised: object) -> None:
        await self._listening.__aexit__(None, None, None)
        await self._opened.__aexit__(None, None, None)


def _held_out(language: str) -> list[tuple[str, str]]:
    """(text, wanted intent) of a table that no example was chosen by."""
    wanted = read_yaml(_HELD_OUT)[language]
    return [(str(text), base_of(intent)) for intent, texts in wanted.items() for text in texts]


async def main() -> None:
    """Play them all; a signal to end ends Rasa's server too."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    parser = argparse.ArgumentParser(prog="python -m tests.interop")
    parser.add_argument("--python", type=Path, required=True, help="a Python 3.10")
    parser.add_argument("--folder", type=Path, required=True, help="where Rasa and its projects go")
    parser.add_argument("--epochs", type=int, default=0, help="of DIET; 0: logistic regression")
    parser.add_argument("--reuse", action="store_true", help="do not learn again what the pack says anew")
    parser.add_argument("--out", type=Path, default=_ROOT / "docs" / "interop")
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    rasa = Rasa.install(chosen.python, folder / "venv", _TOKEN)
    world = await World.load(_ROOT / "nlu_data", _MODELS.parent)
    run = Run(
        rasa=rasa, folder=folder, epochs=chosen.epochs, reuse=chosen.reuse, world=world, own=await own()
    )
    played = []
    for language, names in read_yaml(_HERE / "conversations.yml").items():
        played.append(await run.language(language, names))
        report(played, chosen.epochs, chosen.out)


if __name__ == "__main__":
    asyncio.run(main())
