"""Registers: a record is shown to its applicant alone, and nothing tells whether another one exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.clock import to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.retention import purge
from bot.text.check_digits import SCHEMES, damm
from bot.yaml_read import read_yaml
from services import application_numbers
from services.register_files import COLUMNS, Application, Rules, counts, forget, import_applications, read
from services.registers import (
    ApplicationState,
    Asker,
    EmbeddedRegister,
    Found,
    NotFound,
    RegisterInfo,
    Unreachable,
    plain_secret,
)
from services.retention import service_rules
from services.tables import applications
from tests.pinned import START

TABLES: dict[str, Any] = read_yaml(Path(__file__).parent / "applications.yml")
KEPT = timedelta(days=365)
PHONE = "+8562055512345"
NUMBER = "PP202600123"
ROW = {
    "number": "PP-2026/00123",
    "service": "passport",
    "state": "ready",
    "since": "2026-02-20",
    "next_step": "collect",
    "office": "Passport Office",
    "missing": "",
    "phone": "020 5551 2345",
    "pin": "44-71",
    "birth_date": "",
}
RULES = Rules(
    services={"passport"},
    today=date(2026, 3, 2),
    check_digit="",
    phone=lambda text: PHONE if text == "020 5551 2345" else None,
)
APPLICATION = Application(
    key=NUMBER,
    number="PP-2026/00123",
    service="passport",
    state=ApplicationState.READY,
    since=date(2026, 2, 20),
    next_step="collect",
    office="Passport Office",
    missing="",
    phone=PHONE,
    secrets=("4471", "02031990"),
)


def file_of(
    folder: Path, *rows: Mapping[str, str], sign: str = ",", columns: tuple[str, ...] = COLUMNS
) -> Path:
    lines = [sign.join(columns), *(sign.join(f'"{row[name]}"' for name in columns) for row in rows)]
    path = folder / "list.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


async def tell(
    db: Database, vault: Vault, *rows: Application, name: str = "passports", at: datetime = START, **how: Any
) -> int:
    info = RegisterInfo(name=name, check_digit=how.pop("check_digit", ""), as_of=at)
    return await import_applications(db, vault, info, rows, kept=KEPT, whole=how.pop("whole", False))


@pytest.mark.parametrize(("written", "number"), TABLES["numbers"])
def test_a_number_is_the_same_however_it_is_written(written: str, number: str) -> None:
    assert application_numbers.normalise(written) == number


@pytest.mark.parametrize(("message", "number"), TABLES["messages"])
def test_the_number_in_a_message(message: str, number: str) -> None:
    assert application_numbers.find(message) == number


@pytest.mark.parametrize(("message", "number"), TABLES["answers"])
def test_the_number_in_an_answer(message: str, number: str) -> None:
    assert application_numbers.answer(message) == number


@given(st.text())
def test_any_text_is_read_and_none_is_an_error(text: str) -> None:
    for read_number in (
        application_numbers.normalise,
        application_numbers.find,
        application_numbers.answer,
        plain_secret,
    ):
        assert isinstance(read_number(text), str)


@pytest.mark.parametrize("case", TABLES["rows"])
def test_each_row_is_judged(case: dict[str, Any], tmp_path: Path) -> None:
    rows, problems = read(file_of(tmp_path, ROW | case["row"]), RULES)
    assert [problem.column for problem in problems] == case["wrong"]
    assert {problem.line for problem in problems} <= {2}
    assert len(rows) == 1


def test_a_row_is_read_whole(tmp_path: Path) -> None:
    for sign in ",;\t":
        rows, problems = read(file_of(tmp_path, ROW | {"birth_date": "2/3/1990"}, sign=sign), RULES)
        assert (list(rows), list(problems)) == ([APPLICATION], [])


def test_words_of_an_office_hide_and_reorder_nothing(tmp_path: Path) -> None:
    hostile = {"office": "\u202eoffice\x07 of \u200bPakse", "missing": "a\u2066 photo"}
    (row,), problems = read(file_of(tmp_path, ROW | hostile), RULES)
    assert (row.office, row.missing, list(problems)) == ("office of Pakse", "a photo", [])


def test_a_number_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    again = ROW | {"number": "pp 2026 00123"}
    _, (problem,) = read(file_of(tmp_path, ROW, again), RULES)
    assert str(problem) == "line 3: number: stands on line 2 too"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("number,state\n1234,ready\n", "since"),
        ("number,state,since,colour\n", "colour"),
        ("number,state,since,since\n", "heading"),
        ("number,state,since\n1234,ready\n", "row"),
        ('number,state,since\n"1234,ready\n', "file"),
        ('number,state,"since\n1234,ready\n', "file"),
        (f"number,state,{'x' * 200_000}\n", "file"),
        ("", "number"),
    ],
)
def test_a_file_that_is_no_list_is_refused(text: str, column: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    assert column in {problem.column for problem in read(path, RULES)[1]}


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("number,state,since\nລຂ15,ready,2026-02-20\n", encoding="utf-16")
    assert [problem.column for problem in read(path, RULES)[1]] == ["file"]


def test_a_wrong_check_digit_in_a_file_is_told(tmp_path: Path) -> None:
    rules = replace(RULES, check_digit="damm")
    assert not read(file_of(tmp_path, ROW | {"number": "5724"}), rules)[1]
    assert [each.column for each in read(file_of(tmp_path, ROW | {"number": "5725"}), rules)[1]] == ["number"]


@pytest.mark.parametrize(("typed", "opens"), TABLES["secrets"])
async def test_the_secret_on_the_receipt_opens(db: Database, vault: Vault, typed: str, opens: bool) -> None:
    await tell(db, vault, APPLICATION)
    answer = await EmbeddedRegister(db, vault).look_up(NUMBER, Asker(secret=typed))
    assert isinstance(answer, Found) is opens


async def test_the_applicants_phone_opens_and_no_other(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    register = EmbeddedRegister(db, vault)
    found = await register.look_up(NUMBER, Asker(phone=PHONE))
    assert found == Found(
        number="PP-2026/00123",
        service="passport",
        state=ApplicationState.READY,
        since=date(2026, 2, 20),
        next_step="collect",
        office="Passport Office",
        missing="",
        as_of=START,
    )
    assert await register.of_holder(PHONE) == [found]
    assert await register.of_holder("") == []
    for asker in (Asker(), Asker(phone="+8562055599999"), Asker(phone="", secret="")):
        assert await register.look_up(NUMBER, asker) == NotFound(as_of=START)


async def test_a_number_that_is_not_there_answers_like_anothers(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    register = EmbeddedRegister(db, vault)
    for asker in (Asker(secret="9999"), Asker(phone="+8562055599999")):
        assert await register.look_up(NUMBER, asker) == await register.look_up("PP202600124", asker)


async def test_an_application_without_a_phone_belongs_to_nobodys_phone(db: Database, vault: Vault) -> None:
    await tell(db, vault, replace(APPLICATION, phone=""))
    register = EmbeddedRegister(db, vault)
    assert isinstance(await register.look_up(NUMBER, Asker(phone=PHONE)), NotFound)
    assert await register.of_holder(PHONE) == []


async def test_a_record_that_nobody_can_open_is_not_reachable(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    writes = WriteSet()
    writes.add(update(applications).values(record_sealed=b"broken" * 20))
    await db.commit(writes)
    register = EmbeddedRegister(db, vault)
    assert await register.look_up(NUMBER, Asker(phone=PHONE)) == Unreachable()
    assert await register.of_holder(PHONE) == []


async def test_told_again_it_is_the_same_at_a_later_moment(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    later = START + timedelta(hours=5)
    await tell(db, vault, APPLICATION, at=later)
    assert [held for _, held in await counts(db)] == [1]
    found = await EmbeddedRegister(db, vault).look_up(NUMBER, Asker(phone=PHONE))
    assert isinstance(found, Found)
    assert found.as_of == later


async def test_an_older_file_changes_nothing_that_a_newer_one_told(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    older = replace(APPLICATION, state=ApplicationState.RECEIVED)
    await tell(db, vault, older, at=START - timedelta(days=1))
    found = await EmbeddedRegister(db, vault).look_up(NUMBER, Asker(phone=PHONE))
    assert isinstance(found, Found)
    assert (found.state, found.as_of) == (ApplicationState.READY, START)


async def test_a_whole_register_takes_out_what_it_does_not_name(db: Database, vault: Vault) -> None:
    other = replace(APPLICATION, key="PP202600124", number="PP-2026/00124")
    await tell(db, vault, APPLICATION, other)
    await tell(db, vault, APPLICATION, name="licences")
    assert await tell(db, vault, other, at=START + timedelta(hours=1), whole=True) == 1
    assert [(info.name, held) for info, held in await counts(db)] == [("licences", 1), ("passports", 1)]


async def test_a_register_is_forgotten_with_all_it_holds(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    register = EmbeddedRegister(db, vault)
    assert await register.connected()
    assert await forget(db, "licences") is None
    assert await forget(db, "passports") == 1
    assert not await register.connected()
    assert await register.look_up(NUMBER, Asker(phone=PHONE)) == NotFound()
    assert await db.fetch(select(applications)) == []


async def test_what_is_not_told_again_goes_after_its_days(db: Database, vault: Vault) -> None:
    await tell(db, vault, APPLICATION)
    assert (await purge(db, START + KEPT - timedelta(seconds=1), service_rules()))["applications"] == 0
    assert (await purge(db, START + KEPT, service_rules()))["applications"] == 1


async def test_nothing_of_a_person_lies_open_in_the_table(db: Database, vault: Vault) -> None:
    # Long enough not to stand in sealed bytes or in a digest by chance.
    await tell(db, vault, replace(APPLICATION, secrets=("44718802", "02031990")))
    for row in await db.fetch(select(applications)):
        for value in row:
            stored = value if isinstance(value, bytes) else str(value).encode()
            for secret in (b"44718802", b"2026/00123", b"55512345", b"02031990", b"Passport Office"):
                assert secret not in stored or isinstance(value, int)
        assert row.as_of == to_ms(START)


async def test_only_where_every_register_checks_itself_is_a_number_mistyped(
    db: Database, vault: Vault
) -> None:
    register = EmbeddedRegister(db, vault)
    assert not await register.mistyped("5725")
    await tell(db, vault, replace(APPLICATION, key="5724"), name="checked", check_digit="damm")
    assert await register.mistyped("5725")
    assert not await register.mistyped("5724")
    await tell(db, vault, APPLICATION, name="unchecked")
    assert not await register.mistyped("5725")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(body=st.integers(10**5, 10**6 - 1), place=st.integers(0, 6), shift=st.integers(1, 9))
async def test_a_wrong_digit_never_opens_another_record(
    db: Database, vault: Vault, body: int, place: int, shift: int
) -> None:
    """Every number near the right one is in the register under the same phone and PIN: none opens."""
    number = f"{body}{damm(str(body))}"
    wrong = f"{number[:place]}{(int(number[place]) + shift) % 10}{number[place + 1 :]}"
    near = replace(APPLICATION, key=wrong, number=wrong)
    await tell(db, vault, replace(APPLICATION, key=number, number=number), near, check_digit="damm")
    register = EmbeddedRegister(db, vault)
    assert await register.mistyped(wrong)
    assert isinstance(await register.look_up(wrong, Asker(phone=PHONE, secret="4471")), NotFound)


@given(body=st.integers(1, 10**9), place=st.integers(0, 20), shift=st.integers(1, 9))
def test_every_scheme_notices_every_wrong_digit(body: int, place: int, shift: int) -> None:
    for scheme, holds in SCHEMES.items():
        number = next(each for each in (f"{body}{check:02d}" for check in range(100)) if holds(each))
        at = place % len(number)
        wrong = f"{number[:at]}{(int(number[at]) + shift) % 10}{number[at + 1 :]}"
        assert not holds(wrong), scheme


@pytest.mark.parametrize(
    ("scheme", "number", "right"),
    [
        ("luhn", "79927398713", True),
        ("luhn", "79927398710", False),
        ("mod97-10", "79444", True),
        ("mod97-10", "79445", False),
        ("damm", "5724", True),
        ("damm", "57A4", False),
    ],
)
def test_the_schemes_are_the_standards(scheme: str, number: str, right: bool) -> None:
    assert SCHEMES[scheme](number) is right
