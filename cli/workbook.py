"""The spreadsheet that reviewers work in: one sheet a language, one row a wording.

Reference columns are locked against slips; open are the comment, "reviewed" and the new wording.
Why a workbook and not CSV: docs/decisions/0022-texts-in-a-workbook.md.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from bot.errors import PatouError
from bot.text.parts import count
from bot.texts import Wording

YES, NO = "yes", "no"
_KEY, _PART, _WHERE = "key", "part", "where it is said"
_COMMENT, _REVIEWED, _NEW = "comment", "reviewed", "new wording"
_NOW, _PARTS = "{} now", "SMS parts {}"
_OPEN = (_COMMENT, _REVIEWED, _NEW)
_WIDTHS = {_KEY: 26, _PART: 9, _WHERE: 22, _COMMENT: 24, _REVIEWED: 10, _NEW: 46}  # characters
_TEXT_WIDTH, _PARTS_WIDTH = 40, 8
_LINE = 15  # points
_AS_TEXT = "@"
_MOST_UNPACKED = 64 << 20  # bytes; three languages of a whole pack have 1.4 MiB
# What the library runs into where parts of a workbook are missing or of another kind; broken XML is a
# SyntaxError of either parser that it may find.
_MISREAD = (AttributeError, EOFError, KeyError, IndexError, SyntaxError, TypeError, ValueError)


class NotAWorkbook(PatouError):
    """The file is no workbook of texts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row as a reviewer left it; `number` is that of the row in its sheet, from 1."""

    sheet: str
    number: int
    key: str
    part: str
    now: str
    comment: str
    reviewed: str
    new: str


def write(path: Path, rows: Mapping[str, Sequence[Wording]], languages: Sequence[str]) -> None:
    """Write the wordings to review, by language; `languages` are shown beside each other in this order."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for language, wordings in rows.items():
        _fill(book.create_sheet(language), language, wordings, languages)
    book.save(path)


def read(path: Path) -> Iterator[Line]:
    """The rows of all sheets; raises NotAWorkbook."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _check_size(path)
        # Of our own: the library leaves the file open when it stumbles over what is in it.
        with path.open("rb") as file:
            book = load_workbook(file, read_only=True, data_only=True)
            for sheet in book.worksheets:
                yield from _lines(sheet.title, sheet.iter_rows(values_only=True))
    except (InvalidFileException, BadZipFile, zlib.error, *_MISREAD, OSError) as error:
        raise NotAWorkbook(f"{path} is no .xlsx workbook: {error}") from error


def _check_size(path: Path) -> None:
    """Refuse what would fill the memory once it is unpacked; no more than it declares is unpacked."""
    with ZipFile(path) as packed:
        if sum(each.file_size for each in packed.infolist()) > _MOST_UNPACKED:
            raise NotAWorkbook(f"{path} is too large: more than {_MOST_UNPACKED >> 20} MiB unpacked")


def _fill(sheet: Any, language: str, wordings: Iterable[Wording], languages: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    titles = _titles(languages)
    wrapped, bold, grey = Alignment(wrap_text=True, vertical="top"), Font(bold=True), Protection(locked=False)
    shade = PatternFill("solid", fgColor="EEEEEE")
    for column, title in enumerate(titles, start=1):
        cell = sheet.cell(1, column, title)
        cell.font, cell.alignment, cell.fill = bold, wrapped, shade
        sheet.column_dimensions[get_column_letter(column)].width = _width(title)
    last = 1
    for last, wording in enumerate(wordings, start=2):
        values = _values(wording, language, languages)
        for column, title in enumerate(titles, start=1):
            cell = sheet.cell(last, column, values[title])
            cell.alignment = wrapped
            if isinstance(values[title], str):
                # A text that begins with = is no formula, and what is typed stays what was typed.
                cell.data_type, cell.number_format = "s", _AS_TEXT
            if title in _OPEN:
                cell.protection = grey
        # Not every program makes room for a long text by itself.
        sheet.row_dimensions[last].height = _LINE * max(
            ceil(len(str(values[title] or "")) / _width(title)) for title in titles
        )
    choice = DataValidation(type="list", formula1=f'"{YES},{NO}"', allow_blank=True)
    sheet.add_data_validation(choice)
    letter = get_column_letter(titles.index(_REVIEWED) + 1)
    choice.add(f"{letter}2:{letter}{max(last, 2)}")
    sheet.row_dimensions[1].height = 2 * _LINE
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{last}"
    sheet.protection.sheet = True
    for allowed in ("autoFilter", "sort", "formatColumns", "formatRows"):
        setattr(sheet.protection, allowed, False)
    _lay_out(sheet)


def _lay_out(sheet: Any) -> None:
    """For those who read on paper: all columns on a page across, their titles on each."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _titles(languages: Sequence[str]) -> list[str]:
    now, parts = [_NOW.format(each) for each in languages], [_PARTS.format(each) for each in languages]
    return [_KEY, _PART, _WHERE, *now, *parts, *_OPEN]


def _width(title: str) -> int:
    return _WIDTHS.get(title, _PARTS_WIDTH if title.startswith(_PARTS.format("")) else _TEXT_WIDTH)


def _values(wording: Wording, language: str, languages: Sequence[str]) -> dict[str, str | int | None]:
    values: dict[str, str | int | None] = {_KEY: wording.key, _PART: wording.part, _WHERE: wording.where}
    for each in languages:
        said = wording.said.get(each)
        values[_NOW.format(each)] = said.words if said else ""
        values[_PARTS.format(each)] = count(said.words) if said else None
    return values | {_COMMENT: "", _REVIEWED: YES if wording.said[language].reviewed else NO, _NEW: ""}


def _lines(sheet: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[Line]:
    columns = {_cell(title): place for place, title in enumerate(next(rows, ()))}
    if _KEY not in columns:
        return  # a sheet of the reviewer's own
    needed = (_KEY, _PART, _NOW.format(sheet), _COMMENT, _REVIEWED, _NEW)
    if missing := [title for title in needed if title not in columns]:
        raise NotAWorkbook(f"sheet {sheet} has no column {missing[0]}")
    for number, row in enumerate(rows, start=2):
        key, part, now, comment, reviewed, new = (
            _cell(row[columns[title]]) if columns[title] < len(row) else "" for title in needed
        )
        if key:
            yield Line(
                sheet=sheet, number=number, key=key, part=part, now=now,
                comment=comment.strip(), reviewed=reviewed.strip().lower(), new=new,
            )  # fmt: skip


def _cell(value: Any) -> str:
    """What a cell says; a line break is one character, however the program writes it."""
    return "" if value is None else str(value).replace("\r\n", "\n").replace("_x000D_\n", "\n")
