"""`patou media`: files are written for their owner alone, and over no other."""

from __future__ import annotations

import stat
from pathlib import Path

import click
import pytest

from cli.media import _written


def test_a_file_is_written_for_its_owner_alone_and_over_no_other(tmp_path: Path) -> None:
    path = tmp_path / "1.jpg"
    assert _written(path, b"one") == str(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"one", 0o600)
    with pytest.raises(click.ClickException, match="exists"):
        _written(path, b"two")
    link = tmp_path / "2.jpg"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(click.ClickException):
        _written(link, b"two")
    assert path.read_bytes() == b"one"
