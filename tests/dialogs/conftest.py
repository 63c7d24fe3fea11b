"""The countries of the transcripts, made once for all conversations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.dialogs.conversation import ROOTS, World


@pytest.fixture(scope="session")
async def worlds(models: Path) -> Mapping[str, World]:
    """By the name of the pack."""
    return {name: await World.load(root, models.parent) for name, root in ROOTS.items()}
