"""The services offered by name: as many as two parts of an SMS hold, and only services there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import PackError
from bot.pack import Pack
from services.catalogue import Catalogue
from services.offered import check, offered


def test_the_pack_says_which_and_in_which_order(packs: dict[str, Pack]) -> None:
    assert [each.id for each in offered(Catalogue.load(packs["lao"]))][:3] == [
        "id-card",
        "motorbike-tax",
        "passport",
    ]
    assert not list(check(packs["lao"]))


def test_without_the_list_all_are_offered(tmp_path: Path, packs: dict[str, Pack]) -> None:
    catalogue = Catalogue.load(packs["fictional"])
    (tmp_path / "services").symlink_to(packs["fictional"].root / "services")
    bare = replace(catalogue, pack=replace(packs["fictional"], root=tmp_path))
    assert [each.id for each in offered(bare)] == sorted(catalogue.services)


def test_an_unknown_service_is_told_with_its_line(tmp_path: Path, packs: dict[str, Pack]) -> None:
    (tmp_path / "services").symlink_to(packs["fictional"].root / "services")
    (tmp_path / "offered.yml").write_text("services:\n- boat-licence\n- no-such\n", "utf-8")
    pack = replace(packs["fictional"], root=tmp_path)
    assert [(each.line, each.problem) for each in check(pack)] == [(3, "no service no-such")]
    with pytest.raises(PackError):
        offered(replace(Catalogue.load(packs["fictional"]), pack=pack))
