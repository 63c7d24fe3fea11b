"""Forms as files: what may be named, where it is fetched, and that nothing else is given away."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.forms import FormFiles, fault
from services.record import Fact, Form, Status

PDF = b"%PDF-1.4\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A pack with one form, one that is none, one that is too large, and one that points elsewhere."""
    folder = tmp_path / "forms"
    folder.mkdir()
    (folder / "form-2.pdf").write_bytes(PDF)
    (folder / "web.pdf").write_bytes(b"<html>")
    with (folder / "large.pdf").open("wb") as large:
        large.write(PDF)
        large.truncate(11 * 1024 * 1024)
    (tmp_path / "secret.pdf").write_bytes(PDF)
    (folder / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (folder / "Upper.pdf").write_bytes(PDF)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        ("form-2.pdf", ""),
        ("https://passes.example/forms/2.pdf", ""),
        ("http://passes.example/forms/2.pdf", "neither"),
        ("https://passes.example/forms/2", "neither"),
        ("https://me@passes.example/2.pdf", "neither"),
        ("file:///etc/passwd.pdf", "neither"),
        ("../secret.pdf", "neither"),
        ("/etc/secret.pdf", "neither"),
        ("Upper.pdf", "neither"),
        ("form-2.exe", "neither"),
        ("none.pdf", "is not in"),
        ("link.pdf", "is not in"),
        ("web.pdf", "is no PDF"),
        ("large.pdf", "is larger"),
    ],
)
def test_what_a_form_may_name(root: Path, file: str, wrong: str) -> None:
    told = fault(file, root)
    assert wrong in told
    assert bool(wrong) == bool(told)


@pytest.mark.parametrize(
    ("file", "url"),
    [
        ("form-2.pdf", "https://patou.example/forms/form-2.pdf"),
        ("https://passes.example/forms/2.pdf", "https://passes.example/forms/2.pdf"),
        ("link.pdf", ""),
        ("none.pdf", ""),
        ("", ""),
    ],
)
def test_where_it_is_fetched(root: Path, file: str, url: str) -> None:
    form = Form(
        id="1",
        names={},
        where={},
        link="",
        file=file,
        citizens=frozenset(),
        fact=Fact(status=Status.UNKNOWN),
    )
    assert FormFiles(root, "https://patou.example/").url(form) == url
