"""No public service is in the catalogue of which no transcript tells, in every language of the pack."""

from __future__ import annotations

from pathlib import Path

from bot.pack import Pack
from bot.yaml_read import read_yaml
from services.catalogue import Catalogue
from tests.dialogs.actions.kit import PACK

SPOKEN = Path(__file__).with_name("services.yml")


def test_every_service_is_told_of_in_every_language() -> None:
    catalogue = Catalogue.load(Pack.load(PACK))
    wanted = {(service, language) for service in catalogue.services for language in catalogue.pack.languages}
    slots = [step.get("slots", {}) for transcript in read_yaml(SPOKEN) for step in transcript["steps"]]
    told = {(each.get("service"), each.get("language")) for each in slots}
    assert not wanted - told
