"""Official forms as files: those that the pack holds, and where anybody can fetch one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from services.record import Form

FOLDER = "forms"
PATH = "/forms"
# Every channel that sends files takes a PDF, and what somebody fills in by hand is none for a spreadsheet.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.pdf")
_ELSEWHERE = re.compile(r"https://[a-z0-9.-]+(?::\d{1,5})?/[!-~]+\.pdf")
_BEGINNING = b"%PDF-"
_MOST_BYTES = 10 * 1024 * 1024  # Meta takes more, people's networks do not


class FormFiles:
    """The files in a pack's folder `forms`, as they are when this is made."""

    def __init__(self, root: Path, public_url: str) -> None:
        """`public_url` is where this server is reached."""
        self._public_url = public_url.rstrip("/")
        self.by_name: Mapping[str, Path] = {
            path.name: path
            for path in sorted((root / FOLDER).glob("*.pdf"))
            if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink()
        }

    def url(self, form: Form) -> str:
        """Where anybody can fetch the file of a form; empty where it has none."""
        return f"{self._public_url}{PATH}/{form.file}" if form.file in self.by_name else _elsewhere(form.file)


def fault(file: str, root: Path) -> str:
    """What is wrong with the file that a form names; empty if nothing is."""
    if _elsewhere(file):
        return ""
    if not _NAME.fullmatch(file):
        return "is neither a name like form-2.pdf nor an https address of a PDF"
    path = root / FOLDER / file
    if path.is_symlink() or not path.is_file():
        return f"is not in {FOLDER}/"
    with path.open("rb") as opened:
        if opened.read(len(_BEGINNING)) != _BEGINNING:
            return "is no PDF"
    return "" if path.stat().st_size <= _MOST_BYTES else "is larger than 10 MB"


def _elsewhere(file: str) -> str:
    return file if _ELSEWHERE.fullmatch(file) else ""
