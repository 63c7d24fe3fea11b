"""What Patou itself takes to learn and to start, and what it then weighs: all languages in one model and process."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from tests.bench.processes import resident
from tests.system.models import train
from tests.system.server import PatouServer, Setup

# Nothing is sent, so nobody need listen there.
_NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """Seconds from the command to the first answer of a new model, and to a server that is ready; its megabytes."""

    trained: float
    started: float
    megabytes: int


async def own() -> Own:
    """Learn anew, and serve."""
    with tempfile.TemporaryDirectory(prefix="patou-interop-") as made:
        folder = Path(made)
        models = folder / "models"
        models.mkdir()
        began = time.monotonic()
        await train(models)
        trained = time.monotonic() - began
        async with ClientSession() as session:
            server = PatouServer(Setup(folder=folder, models=models, twilio_url=_NOBODY), session)
            began = time.monotonic()
            await server.start()
            try:
                started = time.monotonic() - began
                return Own(trained=trained, started=started, megabytes=round(resident(server.process)))
            finally:
                await server.close()
