"""A statement does the same on its first execution, by SQLAlchemy, and on every later one, prepared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Executable,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import CompileError, StatementError

from bot.prepared import PreparedStatements

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("flag", Boolean, nullable=False),
    Column("sealed", LargeBinary),
    Column("count", Integer, nullable=False, default=7),
)
ROWS = [
    {"id": n, "name": f"ຊື່ {n}", "flag": n % 2 == 0, "sealed": bytes([n]), "count": n} for n in range(1, 6)
]
_upsert = sqlite_insert(things)

CASES: dict[str, tuple[Executable, Mapping[str, Any] | None]] = {
    "insert": (insert(things), {"id": 9, "name": "x", "flag": True, "sealed": b"\x00", "count": 1}),
    "insert with a default in Python": (insert(things), {"id": 9, "name": "x", "flag": False}),
    "upsert that inserts or updates": (
        _upsert.on_conflict_do_update(index_elements=["id"], set_={"name": _upsert.excluded.name}),
        {"id": 2, "name": "new", "flag": True, "sealed": None, "count": 0},
    ),
    "upsert that does nothing": (
        _upsert.on_conflict_do_nothing(index_elements=["id"]),
        {"id": 2, "name": "new", "flag": True, "sealed": None, "count": 0},
    ),
    "update by parameters": (
        update(things).where(things.c.id == bindparam("at")),
        {"at": 3, "sealed": b"new", "flag": True},
    ),
    "update with values and an expression": (
        update(things).where(things.c.flag.is_(True)).values(count=things.c.count + 1, name="same"),
        None,
    ),
    "update with a boolean value": (update(things).where(things.c.name != "x").values(flag=False), {}),
    "update with a list": (update(things).where(things.c.id.in_([1, 2, 3])).values(name="in"), None),
    "delete with a named list": (
        delete(things).where(things.c.id.in_(bindparam("ids", expanding=True))),
        {"ids": [1, 4]},
    ),
    "delete what is not there": (delete(things).where(things.c.id == bindparam("at")), {"at": 99}),
    "plain text": (text("UPDATE things SET count = :count WHERE id > :at"), {"count": 5, "at": 2}),
}


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        things.metadata.create_all(connection)
        yield connection
    engine.dispose()


@pytest.mark.parametrize("name", CASES)
def test_first_and_later_executions_agree(connection: Connection, name: str) -> None:
    statement, params = CASES[name]
    prepared = PreparedStatements()
    outcomes = []
    for _ in range(3):
        connection.execute(delete(things))
        connection.execute(insert(things), ROWS)
        rows = prepared.run(connection, statement, params)
        outcomes.append((rows, connection.execute(select(things).order_by(things.c.id)).all()))
    assert outcomes[1:] == outcomes[:1] * 2


def test_other_parameters_are_another_statement(connection: Connection) -> None:
    prepared = PreparedStatements()
    change = update(things).where(things.c.id == bindparam("at"))
    connection.execute(insert(things), ROWS)
    for params in ({"at": 1, "name": "a"}, {"at": 1, "count": 50}, {"at": 1, "name": "b", "count": 60}) * 2:
        assert prepared.run(connection, change, params) == 1
    found = connection.execute(select(things.c.name, things.c.count).where(things.c.id == 1)).one()
    assert tuple(found) == ("b", 60)


def test_a_missing_or_unknown_parameter_is_an_error_every_time(connection: Connection) -> None:
    prepared = PreparedStatements()
    change = update(things).where(things.c.id == bindparam("at"))
    for _ in range(3):
        with pytest.raises(StatementError):
            prepared.run(connection, change, {"name": "x"})
        with pytest.raises((CompileError, StatementError)):
            prepared.run(connection, change, {"at": 1, "colour": "x"})


def test_statements_built_anew_are_not_kept(connection: Connection) -> None:
    prepared = PreparedStatements()
    for number in range(50):
        prepared.run(connection, delete(things).where(things.c.id == number), None)
    assert len(prepared._known) <= 1


@pytest.mark.parametrize(
    "query",
    [
        select(things).order_by(things.c.id),
        select(things.c.name.label("who"), things.c.id).where(things.c.id == bindparam("at", 1)),
        select(things.c.id, things.c.id).limit(1),
        select(func.count()).select_from(things),
    ],
)
def test_rows_are_the_same_at_first_and_later(connection: Connection, query: Select[Any]) -> None:
    prepared = PreparedStatements()
    connection.execute(insert(things), ROWS)
    first, *later = [prepared.rows(connection, query, None) for _ in range(3)]
    assert [list(map(tuple, rows)) for rows in later] == [list(map(tuple, first))] * 2
    assert [getattr(row, "who", "") for row in later[0]] == [getattr(row, "who", "") for row in first]
