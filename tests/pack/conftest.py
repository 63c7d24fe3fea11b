"""The real pack, and the one of a country that does not exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from bot.pack import Pack

# How long an example takes says more of the machine than of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

PACKS = {
    "lao": Path(__file__).parents[2] / "nlu_data",
    "fictional": Path(__file__).parents[1] / "packs" / "fictional",
}


@pytest.fixture(scope="session")
def packs() -> dict[str, Pack]:
    """Both packs by name."""
    return {name: Pack.load(path) for name, path in PACKS.items()}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Writes files of a pack into a folder of the test's own; gives the folder."""

    def write_files(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return tmp_path

    return write_files
