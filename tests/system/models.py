"""The model of the understanding, trained once for every server that is started."""

from __future__ import annotations

from pathlib import Path

from bot.config import Config
from bot.learning.files import alone
from composition.country import Country
from composition.understanding import model


async def train(models: Path) -> None:
    """Train the model of the pack into the folder, named `models`, unless it is there.

    Of several processes one trains; the others wait for it.
    """
    config = Config(data_dir=models.parent)
    with alone(models):
        await model(config, Country.load(config.pack_root))
