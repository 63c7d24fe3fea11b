"""The file in which an office tells how its applications stand: read row by row, taken whole or not at all."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, func, select

from bot.clock import to_ms
from bot.crypto import Vault
from bot.db import Database, Insert
from bot.schema import meta
from bot.text.clean import clean
from bot.text.digits import ascii_digits
from services import application_numbers
from services.registers import (
    META,
    ApplicationState,
    RegisterInfo,
    holder_of,
    lookup_of,
    plain_secret,
    registers,
    secret_of,
    western_year,
)
from services.tables import applications

COLUMNS = (
    "number", "service", "state", "since", "next_step", "office", "missing", "phone", "pin", "birth_date",
)  # fmt: skip
_NEEDED = ("number", "state", "since")
# What a register may be called.
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MOST_ROWS = 200_000
# Code points that an answer by SMS has room for.
_ROOM = {"number": 60, "next_step": 60, "office": 40, "missing": 60}
_PIN = re.compile(r"(?=.*[0-9])[0-9A-Z]{4,12}")
_DAY = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")
_SIGNS = ",;\t"

_COUNTS = select(applications.c.register, func.count().label("held")).group_by(applications.c.register)
_DELETE = delete(applications).where(applications.c.register == bindparam("of_register"))
_DELETE_OLDER = _DELETE.where(applications.c.as_of < bindparam("told_at"))
_UNDECLARE = delete(meta).where(meta.c.key == bindparam("of_key"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """One row: `key` is the normalised number, `secrets` what opens it besides the phone."""

    key: str
    number: str
    service: str
    state: ApplicationState
    since: date
    next_step: str
    office: str
    missing: str
    phone: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RowProblem:
    """What is wrong with a row; never what stands in it."""

    line: int
    column: str
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.column}: {self.problem}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What rows are judged by: known services, the day of today, the check digits, how a phone is read."""

    services: Collection[str]
    today: date
    check_digit: str
    phone: Callable[[str], str | None]


def read(path: Path, rules: Rules) -> tuple[Sequence[Application], Sequence[RowProblem]]:
    """The rows of a CSV file (UTF-8, parted by comma, semicolon or tab), and everything wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return [], [RowProblem(line=1, column="file", problem="is not UTF-8")]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_sign(text), restkey="", strict=True)
    try:
        columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    except csv.Error as error:
        return [], [_no_csv(reader, error)]
    reader.fieldnames = columns
    problems = list(_heading(columns))
    if problems:
        return [], problems
    return _rows(reader, rules)


async def import_applications(
    db: Database,
    vault: Vault,
    info: RegisterInfo,
    rows: Sequence[Application],
    *,
    kept: timedelta,
    whole: bool,
) -> int:
    """Store all rows as told at `info.as_of`, in one transaction; how many applications were taken out.

    The same file again changes nothing but that moment, and an older file changes nothing that a
    newer one told. `whole`: the file is the register, so what it does not name is no longer in it.
    """
    told = {"as_of": to_ms(info.as_of), "purge_at": to_ms(info.as_of + kept)}
    sealed = [_row(vault, info.name, each) | told for each in rows]
    add, declare = _upsert(db), _declaration(db)
    declared = {"check_digit": info.check_digit, "as_of": told["as_of"]}

    def store(connection: Connection) -> int:
        if sealed:
            connection.execute(add, sealed)
        connection.execute(declare, {"key": f"{META}{info.name}", "value": orjson.dumps(declared).decode()})
        if not whole:
            return 0
        older = {"of_register": info.name, "told_at": told["as_of"]}
        return connection.execute(_DELETE_OLDER, older).rowcount

    taken_out = await db.run(store)
    if taken_out:
        await db.forget()
    return taken_out


async def counts(db: Database) -> Sequence[tuple[RegisterInfo, int]]:
    """Every register, and how many applications it holds."""
    held = {row.register: row.held for row in await db.fetch(_COUNTS)}
    return [(info, held.get(info.name, 0)) for info in await registers(db)]


async def forget(db: Database, name: str) -> int | None:
    """Take a register out with all its applications: how many; None if there is none of that name."""

    def erase(connection: Connection) -> int | None:
        if not connection.execute(_UNDECLARE, {"of_key": f"{META}{name}"}).rowcount:
            return None
        return connection.execute(_DELETE, {"of_register": name}).rowcount

    erased = await db.run(erase)
    if erased:
        await db.forget()
    return erased


def _upsert(db: Database) -> Insert:
    row = db.insert(applications)
    told = ("holder_lookup", "record_sealed", "as_of", "purge_at")
    return row.on_conflict_do_update(
        index_elements=[applications.c.lookup],
        set_={name: getattr(row.excluded, name) for name in told},
        where=row.excluded.as_of >= applications.c.as_of,
    )


def _declaration(db: Database) -> Insert:
    row = db.insert(meta)
    return row.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": row.excluded.value})


def _row(vault: Vault, register: str, told: Application) -> dict[str, Any]:
    lookup = lookup_of(vault, register, told.key)
    # The id follows from the number, so that told again it seals the same row.
    row_id = lookup[:26]
    record = {
        "number": told.number,
        "service": told.service,
        "state": told.state,
        "since": told.since.isoformat(),
        "next_step": told.next_step,
        "office": told.office,
        "missing": told.missing,
        "secrets": [secret_of(vault, lookup, each) for each in told.secrets],
    }
    return {
        "id": row_id,
        "register": register,
        "lookup": lookup,
        "holder_lookup": holder_of(vault, told.phone) if told.phone else "",
        "record_sealed": vault.seal_json(record, f"applications:{row_id}"),
    }


def _sign(text: str) -> str:
    """What parts the cells: the sign that the first line has most of."""
    first = text.partition("\n")[0]
    return max(_SIGNS, key=first.count)


def _heading(columns: Sequence[str]) -> Iterator[RowProblem]:
    for name in _NEEDED:
        if name not in columns:
            yield RowProblem(line=1, column=name, problem="is missing")
    for name in columns:
        if name not in COLUMNS:
            yield RowProblem(line=1, column=name or "?", problem=f"is none of {', '.join(COLUMNS)}")
    if len(set(columns)) < len(columns):
        yield RowProblem(line=1, column="heading", problem="has a column twice")


def _rows(reader: csv.DictReader[str], rules: Rules) -> tuple[Sequence[Application], Sequence[RowProblem]]:
    rows: list[Application] = []
    problems: list[RowProblem] = []
    lines: dict[str, int] = {}
    try:
        for cells in reader:
            line = reader.line_num
            if len(rows) + len(problems) >= MOST_ROWS:
                problem = f"has more than {MOST_ROWS} rows: send it in parts"
                return rows, [*problems, RowProblem(line=line, column="file", problem=problem)]
            row = _Row(line, cells, rules)
            told = row.read()
            first = lines.setdefault(told.key, line)
            if told.key and first != line:
                row.wrong("number", f"stands on line {first} too")
            rows.append(told)
            problems += row.problems
    except csv.Error as error:
        problems.append(_no_csv(reader, error))
    return rows, problems


def _no_csv(reader: csv.DictReader[str], error: csv.Error) -> RowProblem:
    return RowProblem(line=max(1, reader.line_num), column="file", problem=f"is no CSV: {error}")


class _Row:
    """One row being read; what is wrong with it is collected, and an empty value stands in its place."""

    def __init__(self, line: int, cells: dict[str, Any], rules: Rules) -> None:
        self.problems: list[RowProblem] = []
        self._line = line
        self._rules = rules
        if "" in cells or None in cells.values():
            self.wrong("row", "has another number of cells than the heading")
        self._cells = {name: (each or "").strip() for name, each in cells.items() if name}

    def wrong(self, column: str, problem: str) -> None:
        """Note what is wrong."""
        self.problems.append(RowProblem(line=self._line, column=column, problem=problem))

    def read(self) -> Application:
        """The row, as far as it is right."""
        told = Application(
            key=self._number(),
            number=self._words("number"),
            service=self._service(),
            state=self._state(),
            since=self._since(),
            next_step=self._words("next_step"),
            office=self._words("office"),
            missing=self._words("missing"),
            phone=self._phone(),
            secrets=tuple(filter(None, (self._pin(), self._birth_date()))),
        )
        if not self.problems and not told.phone and not told.secrets:
            self.wrong("phone", "is empty, and so are pin and birth_date: nobody could ever see it")
        return told

    def _cell(self, name: str) -> str:
        return str(self._cells.get(name, ""))

    def _words(self, name: str) -> str:
        words = " ".join(clean(self._cell(name)).split())
        if len(words) > _ROOM[name]:
            self.wrong(name, f"has more than {_ROOM[name]} letters")
        return words

    def _number(self) -> str:
        number = application_numbers.normalise(self._cell("number"))
        if not number:
            self.wrong("number", "is no number: 3 to 40 letters and digits, one digit at least")
        elif not application_numbers.holds(self._rules.check_digit, number):
            self.wrong("number", f"has a wrong check digit ({self._rules.check_digit})")
        return number

    def _service(self) -> str:
        service = self._cell("service")
        if service and service not in self._rules.services:
            self.wrong("service", "is none of the catalogue")
        return service

    def _state(self) -> ApplicationState:
        if self._cell("state") in set(ApplicationState):
            return ApplicationState(self._cell("state"))
        self.wrong("state", f"is none of {', '.join(ApplicationState)}")
        return ApplicationState.RECEIVED

    def _since(self) -> date:
        day = _day(self._cell("since"))
        if day is None:
            self.wrong("since", "is no day: 2026-03-02 or 2/3/2026")
        elif day > self._rules.today:
            self.wrong("since", "is still to come")
        return day or self._rules.today

    def _phone(self) -> str:
        written = self._cell("phone")
        phone = self._rules.phone(written) if written else ""
        if phone is None:
            self.wrong("phone", "is no phone number")
        return phone or ""

    def _pin(self) -> str:
        pin = plain_secret(self._cell("pin"))
        if pin and not _PIN.fullmatch(pin):
            self.wrong("pin", "is not 4 to 12 Latin letters and digits, one digit at least")
        return pin

    def _birth_date(self) -> str:
        written = self._cell("birth_date")
        day = _day(written)
        if written and (day is None or day > self._rules.today):
            self.wrong("birth_date", "is no day of birth: 1990-03-02 or 2/3/1990")
        return f"{day:%d%m}{day.year:04d}" if day else ""


def _day(text: str) -> date | None:
    """A day written as 2026-03-02 or 2/3/2026, in any digits; None for what is none."""
    written = ascii_digits(text)
    parts = _DAY.fullmatch(written)
    try:
        if parts:
            return date(western_year(int(parts[3])), int(parts[2]), int(parts[1]))
        return date.fromisoformat(written)
    except ValueError:
        return None
