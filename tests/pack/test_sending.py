"""Nobody is written to at night, by the clock of the pack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.errors import PackError
from bot.pack import Pack
from bot.sending import SendingHours, check


@pytest.mark.parametrize(
    ("local", "allowed"),
    [("07:59", False), ("08:00", True), ("19:59", True), ("20:00", False), ("02:30", False)],
)
def test_unasked_messages_leave_by_day(packs: dict[str, Pack], local: str, *, allowed: bool) -> None:
    hours = SendingHours.load(packs["lao"])
    moment = datetime.fromisoformat(f"2026-03-02T{local}+07:00").astimezone(UTC)
    assert hours.allow(moment) is allowed
    assert hours.begin_of(date(2026, 3, 2)) == datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('begins: "20:00"\nends: "08:00"\n', "2: the hours end before they begin"),
        ('begins: "8 h"\nends: "20:00"\n', "1: 8 h is no time of day"),
        ('ends: "20:00"\n', "1: begins is missing"),
        ('begins: "08:00"\nends: "20:00"\nquiet: 1\n', "3: nobody reads quiet"),
    ],
)
def test_wrong_hours_are_told(packs: dict[str, Pack], tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "sending.yml").write_text(content, "utf-8")
    pack = replace(packs["lao"], root=tmp_path)
    assert [f"{each.line}: {each.problem}" for each in check(pack)] == [problem]
    with pytest.raises(PackError):
        SendingHours.load(pack)
