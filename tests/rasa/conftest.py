"""Projects of both countries, and of one language, each made once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.pack import Pack
from bot.places import Places
from bot.rasa.project import Export
from composition.understanding import rules
from services.catalogue import Catalogue
from tests.dialogs.actions.kit import FICTIONAL, PACK

CASES = {
    "all of the country": (PACK, ""),
    "its first language": (PACK, "lo"),
    "another country": (FICTIONAL, ""),
}


def export(
    root: Path,
    language: str = "",
    *,
    epochs: int = 3,
    light: bool = False,
    url: str = "http://127.0.0.1:8080",
) -> Export:
    """The export of a pack as the command makes it."""
    pack = Pack.load(root)
    services = Catalogue.load(pack)
    return Export(
        pack=pack,
        rules=rules(),
        places=Places.load(pack),
        services={each: list(services.names(each)) for each in services.services},
        url=url,
        language=language,
        epochs=epochs,
        light=light,
    )


@pytest.fixture(scope="session")
def projects() -> Mapping[str, Mapping[str, str]]:
    """The files of each case."""
    light = export(FICTIONAL, light=True).files()
    return {"light": light, **{name: export(*case).files() for name, case in CASES.items()}}
