"""Answers: the lines are short enough for a phone and never surer than their facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.pack import Pack, fill, load_yaml
from bot.text import parts
from services import answers
from services.catalogue import Catalogue, Fact, PublicService, Status, Topic
from tests.pack.conftest import PACKS
from tests.pinned import START
from tests.services.conftest import services_of

SAID = load_yaml(Path(__file__).with_name("answers.yml")).data
LAO = Catalogue.load(Pack.load(PACKS["lao"]))

LINES = {
    "requirements": answers.requirement_lines,
    "fee": answers.cost_lines,
    "duration": answers.duration_lines,
}


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in SAID.items() for row in rows])
def test_an_answer_has_these_lines(name: str, row: dict[str, Any], packs: dict[str, Pack]) -> None:
    pack, brief = packs[name], row.get("brief", False)
    place, citizen = row.get("place", ""), row.get("citizen", ())
    service = services_of(pack).of(row["service"], place, citizen, at=START)
    if row["about"] == "notes":
        said = answers.note_lines(pack, service, Topic.FEE, row["language"], brief=brief)
    else:
        said = LINES[row["about"]](pack, service, row["language"], brief=brief)
    assert said == row["says"]


@pytest.mark.parametrize("service", LAO.services.values(), ids=lambda service: service.id)
@pytest.mark.parametrize(
    ("about", "separator", "budget"), [("requirements", "\n", 4), ("fee", "; ", 2), ("duration", "; ", 2)]
)
def test_a_brief_answer_in_lao_fits_its_parts(
    service: PublicService, about: str, separator: str, budget: int
) -> None:
    pack = LAO.pack
    fact: Fact = getattr(service, {"fee": "costs"}.get(about, f"{about.removesuffix('s')}s") + "_fact")
    key = f"utter_{about}" + ("" if fact.status is Status.CONFIRMED else f"_{fact.status}")
    text = pack.text("lo", key)
    lines = separator.join(LINES[about](pack, service, "lo", brief=True))
    values = dict.fromkeys(("items", "costs", "durations"), lines) | {
        "service": LAO.name(service.id, "lo"),
        "office": answers.office(pack, service, "lo", brief=True),
        "year": fact.year,
    }
    choices = "".join(f"\n{number} {each.title}" for number, each in enumerate(text.buttons, start=1))
    said = fill(text.short or text.text, values) + choices
    assert parts.count(said) <= budget, said


@pytest.mark.parametrize("language", LAO.pack.languages)
@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("lines", LINES.values())
def test_nothing_unconfirmed_is_told_as_sure(language: str, brief: bool, lines: Any) -> None:
    for service in LAO.services.values():
        assert Status.CONFIRMED not in {
            service.requirements_fact.status,
            service.costs_fact.status,
            service.durations_fact.status,
        }
        assert all(
            line.strip() and "{" not in line for line in lines(LAO.pack, service, language, brief=brief)
        )


def test_the_office_has_a_short_name_where_the_catalogue_gives_one() -> None:
    service = LAO.services["id-card"]
    assert "ສຳມະໂນຄົວ" in answers.office(LAO.pack, service, "lo")
    assert len(answers.office(LAO.pack, service, "lo", brief=True)) < len(
        answers.office(LAO.pack, service, "lo")
    )
    passport = LAO.services["passport"]
    assert answers.office(LAO.pack, passport, "en", brief=True) == answers.office(LAO.pack, passport, "en")


def test_amounts_are_written_as_the_country_writes_them(packs: dict[str, Pack]) -> None:
    assert answers.amount(packs["lao"], 1_000_000, "LAK", "lo") == "1.000.000 ກີບ"
    assert answers.amount(packs["fictional"], 1_000_000, "QVL", "en") == "1,000,000 vel"
    assert answers.amount(packs["lao"], 0, "LAK", "en") == "free"
    assert answers.number(packs["lao"], 999) == "999"
