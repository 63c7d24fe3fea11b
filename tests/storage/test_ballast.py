"""What the ballast promises: room kept back, given back at once, never taken from a full disk."""

from __future__ import annotations

from pathlib import Path

from bot.ballast import Ballast

MIB = 1 << 20


def test_the_room_is_really_taken_and_given_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 4 * MIB)
    assert not ballast.is_held()
    assert ballast.take()
    assert ballast.take()
    file = next(tmp_path.iterdir())
    assert file.stat().st_blocks * 512 >= 4 * MIB
    assert file.stat().st_mode & 0o777 == 0o600
    ballast.release()
    ballast.release()
    assert not ballast.is_held()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_keeps_what_it_has(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 1 << 60)
    assert not ballast.take()
    assert list(tmp_path.iterdir()) == []
