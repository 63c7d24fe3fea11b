"""The catalogue: facts with their source, and a message with file and line for whatever is wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PackError
from bot.pack import Pack, load_yaml
from services.catalogue import Catalogue, Fact, Status, check
from services.ministries import Ministries
from services.ministries import check as check_ministries
from tests.pack.conftest import PACKS

PROBLEMS = load_yaml(Path(__file__).with_name("problems.yml")).data


@pytest.mark.parametrize("case", PROBLEMS, ids=lambda case: case["says"])
def test_a_mistake_is_told_with_its_line(
    case: dict[str, Any], tmp_path: Path, packs: dict[str, Pack]
) -> None:
    root = tmp_path / "pack"
    shutil.copytree(PACKS["fictional"], root)
    file = root / "services" / "market-stall.yml"
    content = file.read_text("utf-8")
    assert case["from"] in content
    file.write_text(content.replace(case["from"], case["to"], 1), "utf-8")
    pack = replace(packs["fictional"], root=root)
    told = [f"{each.line}: {each.problem}" for each in check(pack) if Path(each.file) == file]
    assert any(said.startswith(case["says"]) for said in told), told
    with pytest.raises(PackError):
        Catalogue.load(pack)


def test_a_service_is_known_by_all_its_names(packs: dict[str, Pack]) -> None:
    catalogue = Catalogue.load(packs["lao"])
    assert catalogue.name("id-card", "lo") == "ບັດປະຈຳຕົວ"
    assert catalogue.name("id-card", "th") == "ບັດປະຈຳຕົວ"
    names = set(catalogue.names("passport"))
    assert {("lo", "ໜັງສືຜ່ານແດນ"), ("lo", "ພາສປອດ"), ("lo-Latn", "pasport"), ("en", "Passport")} <= names
    assert catalogue.get("no-such-service") is None
    with pytest.raises(KeyError):
        catalogue.name("no-such-service", "lo")


def test_no_two_services_share_a_name(packs: dict[str, Pack]) -> None:
    for pack in packs.values():
        catalogue = Catalogue.load(pack)
        names = [
            (language, name.casefold())
            for service in catalogue.services
            for language, name in set(catalogue.names(service))
        ]
        assert len(names) == len(set(names))


def test_an_item_shares_the_fact_of_its_list_unless_it_has_its_own(packs: dict[str, Pack]) -> None:
    service = Catalogue.load(packs["lao"]).services["id-card"]
    digital, card = service.costs
    assert digital.fact == service.costs_fact
    assert (digital.fact.status, digital.fact.year, digital.amount) == (Status.REPORTED, 2025, 30_000)
    assert (card.fact.status, card.amount) == (Status.UNKNOWN, None)


def test_every_fact_told_names_its_source(packs: dict[str, Pack]) -> None:
    for pack in packs.values():
        for service in Catalogue.load(pack).services.values():
            facts: list[Fact] = [service.requirements_fact, service.costs_fact, service.durations_fact]
            for items in (service.requirements, service.costs, service.durations, service.notes):
                facts.extend(item.fact for item in items)
            assert all(fact.source for fact in facts if fact.status is not Status.UNKNOWN)


def test_work_goes_on_at_the_ministry_that_took_over(packs: dict[str, Pack]) -> None:
    ministries = Ministries.load(packs["lao"])
    before, after = date(2025, 3, 1), date(2026, 1, 1)
    for code, successor in (("MONRE", "MAE"), ("MPI", "MOF"), ("MOHA", "PMO"), ("MPS", "MPS")):
        then, now = ministries.on(code, before), ministries.on(code, after)
        assert then is not None
        assert now is not None
        assert (then.code, now.code) == (code, successor)
    assert ministries.on("none", after) is None
    assert sum(each.valid_from is None for each in ministries.by_code.values()) == 18, "as in 2021"


def test_mistakes_of_the_ministries_are_told(tmp_path: Path, packs: dict[str, Pack]) -> None:
    header = "code,qav,en,valid_from,valid_to,successor,source\n"
    (tmp_path / "ministries.csv").write_text(
        header + "A,a,A,,2020-01-01,B,x\nB,b,B,,2021-01-01,A,x\nC,c,C,soon,,D,x\n", "utf-8"
    )
    told = [
        f"{each.line}: {each.problem}"
        for each in check_ministries(replace(packs["fictional"], root=tmp_path))
    ]
    assert told == [
        "4: valid_from is not a date",
        "2: successors go in a circle",
        "3: successors go in a circle",
        "4: no ministry D",
    ]
