"""Both packs, as in tests/pack."""

from __future__ import annotations

import pytest

from bot.pack import Pack
from tests.pack.conftest import PACKS


@pytest.fixture(scope="session")
def packs() -> dict[str, Pack]:
    """Both packs by name."""
    return {name: Pack.load(path) for name, path in PACKS.items()}
