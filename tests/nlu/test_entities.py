"""What messages mention, found with its span, as people spell it in three languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Config
from bot.nlu.data import Entity
from bot.nlu.entities import EntityFinder
from bot.nlu.features import Reading
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack, load_yaml
from composition.country import Country
from composition.understanding import finder

PACK = Path("nlu_data")
TABLE: dict[str, list[dict[str, Any]]] = load_yaml(Path(__file__).with_name("entities.yml")).data
ROWS = [pytest.param(kind, row, id=f"{kind}: {row['text']}") for kind, rows in TABLE.items() for row in rows]
SOUNDS = lexicon_of(Pack.load(PACK)).sounds


@pytest.fixture(scope="module")
def entities(tmp_path_factory: pytest.TempPathFactory) -> EntityFinder:
    return finder(Config(data_dir=tmp_path_factory.mktemp("data"), pack=PACK), Country.load(PACK))


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_what_is_mentioned_is_found(entities: EntityFinder, kind: str, row: dict[str, Any]) -> None:
    text = row["text"]
    reading = Reading(text, SOUNDS)
    found = (
        entities.categories(reading) if kind == "category" else entities.find(reading, row.get("expects", ""))
    )
    if kind == "danger":
        found = [each for each in found if each["entity"] == kind]
    assert sorted((_told(text, each) for each in found), key=str) == sorted(row["entities"], key=str)


def test_there_are_enough_rows_of_each_kind() -> None:
    assert {kind: len(rows) for kind, rows in TABLE.items() if len(rows) < 15} == {}


@settings(deadline=None, max_examples=200)
@given(
    st.text(max_size=80)
    | st.text("0123456789໐໑.,- ()$₭kບ້ານສູນແສນພັນຫ້າໝື່ນກີບກ່ອນ", max_size=50)
    | st.lists(
        st.sampled_from(
            [
                "ban",
                "village",
                "Na",
                "Phon",
                "ha",
                "muen",
                "two",
                "hundred",
                "k",
                "m",
                "5",
                "last",
                "ago",
                ",",
                ".",
            ]
        )
    ).map(" ".join)
)
def test_whatever_is_written_every_entity_has_its_span(entities: EntityFinder, text: str) -> None:
    for entity in entities.find(Reading(text, SOUNDS)):
        assert 0 <= entity["start"] < entity["end"] <= len(text)
        if entity["entity"] == "village":
            assert text[entity["start"] : entity["end"]] == entity["value"]
        if entity["entity"] == "amount":
            assert entity["value"] >= 0


def test_a_flood_of_words_does_not_stop_the_process(entities: EntityFinder) -> None:
    """Each looked at from every place before it, thousands would take minutes."""
    for flood in ("ha " * 3_000, "ຫ້າ" * 3_000, "ban " * 3_000, "ບ້ານ" * 3_000, "1,000" * 3_000, "( " * 3_000):
        assert len(entities.find(Reading(flood, SOUNDS))) <= 3_000


def _told(text: str, entity: Entity) -> list[Any]:
    more = ["mistyped"] if entity.get("mistyped") else [entity["currency"]] if "currency" in entity else []
    return [entity["entity"], entity["value"], text[entity["start"] : entity["end"]], *more]
