"""What runs for every message finds its rows by an index, however many there are: SQLite tells how."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Executable
from sqlalchemy.dialects import sqlite

from bot import (
    contacts,
    correspondence,
    early_receipts,
    inbox,
    media,
    outbox_statements,
    parts_ledger,
    receipts,
    repeats,
    shelf,
    spending,
)
from bot.learning import kept
from complaints import follows

STATEMENTS = {
    "the person and whether older messages wait": contacts._LOAD,
    "messages that wait": inbox._PENDING,
    "a failed attempt": inbox._FAULT,
    "whether anything can be sent": outbox_statements.ANY_CLAIMABLE,
    "what can be sent": outbox_statements.CLAIM,
    "how many messages wait": outbox_statements.WAITING,
    "whether an attempt was lost": outbox_statements.ANY_LOST,
    "whether anything is in doubt": outbox_statements.ANY_DOUBTFUL,
    "the message of a provider's id": parts_ledger._OWNERS,
    "what a page has not fetched": outbox_statements.PULLABLE,
    "the parts of a day": spending._SENT_SINCE,
    "whether parts go again": outbox_statements.ANY_AGAIN,
    "sent messages of which parts go again": outbox_statements.AGAIN,
    "the parts of a message": parts_ledger._STATES,
    "what came early": early_receipts._MATCHED,
    "who said the same a moment ago": repeats._NAMED,
    "files to fetch": shelf._DUE,
    "the files of a case": shelf._OF_SUBJECT,
    "the pieces of a file": shelf._PIECES,
    "what somebody sent in a day": shelf._LATELY,
    "something that is attached": media._ATTACH,
    "what of somebody's is attached to nothing": media.FORGET_LOOSE,
    "what was sent to somebody who is linked": correspondence.HAND_OVER[0],
    "what followed that up": correspondence.HAND_OVER[1],
    "follow-ups that wait for somebody": correspondence._END_OF_PERSON,
    "follow-ups that wait for a phone": correspondence._END_AT,
    "where whoever filed a case is told": follows._FILED_FROM,
    "what they are to be told": follows._UNTOLD,
    "what they are to be told of one follower": follows._UNTOLD_ONE,
    "what is unclear of somebody forgotten": kept._FORGET[0],
    "that they said it": kept._FORGET[1],
    "what somebody chose instead": kept._CHOSEN,
    "a receipt's message": receipts._BY_ID,
    "a receipt's message by the provider's id": receipts._BY_PROVIDER_ID,
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_no_table_is_read_from_end_to_end(what: str, sqlite_url: str) -> None:
    steps = _plan(STATEMENTS[what], Path(sqlite_url.removeprefix("sqlite:///")))
    full = [
        step
        for step in steps
        if step.startswith("SCAN") and "USING" not in step and step not in ("SCAN CONSTANT ROW", "SCAN asked")
    ]
    assert not full, steps


@pytest.mark.parametrize("what", ["whether anything can be sent", "what can be sent"])
def test_what_is_most_urgent_is_found_without_sorting(what: str, sqlite_url: str) -> None:
    steps = _plan(STATEMENTS[what], Path(sqlite_url.removeprefix("sqlite:///")))
    assert any("outbox_waiting" in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize(
    ("what", "step"),
    [
        ("messages that wait", "SCAN inbox USING INDEX inbox_waiting"),
        ("whether anything can be sent", "SEARCH outbox USING INDEX outbox_waiting (channel=?)"),
        ("what can be sent", "SEARCH outbox USING INDEX outbox_waiting (channel=?)"),
        ("what can be sent", "SEARCH head USING INDEX outbox_head (urn_lookup=? AND channel=? AND id<?)"),
        ("whether anything is in doubt", "SEARCH outbox USING INDEX outbox_waiting (channel=?)"),
    ],
)
def test_what_waits_elsewhere_or_was_answered_is_not_gone_through(
    what: str, step: str, sqlite_url: str
) -> None:
    assert step in _plan(STATEMENTS[what], Path(sqlite_url.removeprefix("sqlite:///")))


def _plan(statement: Executable, path: Path) -> list[str]:
    """The steps by which SQLite would run it."""
    compiled = statement.compile(dialect=sqlite.dialect())  # type: ignore[attr-defined]  # every Executable compiles
    text = str(compiled)
    with sqlite3.connect(path) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {text}", [0] * text.count("?")).fetchall()
    connection.close()
    return [row[3] for row in rows]
