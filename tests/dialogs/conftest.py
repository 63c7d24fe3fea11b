"""Conversations of this folder, each held once for all tests; the countries are made once too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from tests.dialogs.conversation import ROOTS, Held, Transcript, World, hold

Holder = Callable[[Transcript], Awaitable[Held]]


@pytest.fixture(scope="session")
async def worlds(trained: Path) -> Mapping[str, World]:
    """By the name of the pack."""
    return {name: await World.load(root, trained.parent) for name, root in ROOTS.items()}


@pytest.fixture(scope="session")
def held(worlds: Mapping[str, World]) -> Holder:
    """Holds a conversation, or remembers how it went."""
    known: dict[int, Held] = {}

    async def holder(transcript: Transcript) -> Held:
        if id(transcript) not in known:
            known[id(transcript)] = await hold(worlds[transcript.get("pack", "lao")], transcript)
        return known[id(transcript)]

    return holder
