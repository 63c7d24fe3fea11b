"""Both packs, as in tests/pack."""

from __future__ import annotations

import pytest

from bot.pack import Pack
from bot.places import Places
from services.catalogue import Catalogue
from services.centres import Centres
from services.local import load_local
from services.view import Services
from tests.pack.conftest import PACKS


@pytest.fixture(scope="session")
def packs() -> dict[str, Pack]:
    """Both packs by name."""
    return {name: Pack.load(path) for name, path in PACKS.items()}


def services_of(pack: Pack) -> Services:
    """The services of a pack, with what it says to be different here and there."""
    catalogue = Catalogue.load(pack)
    centres = Centres.load(pack, Places.load(pack))
    return Services(catalogue=catalogue, places=centres, overlays=load_local(catalogue, centres))
