from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.asides import Asides
from bot.nlu.features import Reading, bare
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack


@pytest.fixture(scope="module")
def asides() -> Asides:
    return Asides(lexicon_of(Pack.load(Path("nlu_data"))))


@pytest.mark.parametrize(
    ("text", "unwanted", "intents"),
    [
        ("I do NOT want to stop", "stop", {"cancel", "unsubscribe"}),
        ("please don’t cancel", "cancel", {"cancel"}),
        ("ບໍ່ຢາກຢຸດ", "ຢຸດ", {"cancel", "unsubscribe"}),
        ("ບໍຢາກຢຸດ", "ຢຸດ", {"cancel", "unsubscribe"}),
        ("ຢ່າຍົກເລີກ", "ຍົກເລີກ", {"cancel", "unsubscribe"}),
        ("bo yak yut", "yut", {"cancel", "unsubscribe"}),
        ("not the fee", "fee", {"fee"}),
    ],
)
def test_what_is_not_wanted(asides: Asides, text: str, unwanted: str, intents: set[str]) -> None:
    (found,) = asides.refusals(Reading(text))
    assert text[found.at : found.end].strip() == unwanted
    assert found.intents == intents


@pytest.mark.parametrize("text", ["ຢາກຢຸດ", "I want to stop", "yak yut", "note the fee", "ຢາສີຟັນ", ""])
def test_what_is_wanted_is_not_refused(asides: Asides, text: str) -> None:
    assert all(found.end == found.at for found in asides.refusals(Reading(text)))


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("thanks, and the fee?", "the fee?"),
        ("ok thank you. how long", "how long"),
        ("ຂອບໃຈ ແລ້ວລາຄາ", "ລາຄາ"),
        ("thanks for the passport fee", ""),
        ("the fee, thanks", ""),
        ("thanksgiving", ""),
    ],
)
def test_what_follows_thanks(asides: Asides, text: str, rest: str) -> None:
    assert asides.after_thanks(bare(text)) == bare(rest)
