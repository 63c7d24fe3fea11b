"""What is erased of a case that is long over: all words and every pointer to a person, not its links.

The events keep their headers and digests, so that the audit chain stays whole; nothing in those
tells what was said or by whom.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, delete, select, update

from bot.media import erase_of
from bot.retention import Rule
from complaints.cases import OPEN, CaseState
from complaints.tables import case_events, case_follows, cases

_DUE = (
    select(cases.c.id)
    .where(cases.c.purge_at <= bindparam("now"))
    .order_by(cases.c.purge_at)
    .limit(bindparam("batch"))
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_BLANK = update(case_events).where(case_events.c.case_id.in_(_IDS)).values(content_sealed=None)
_UNFOLLOW = delete(case_follows).where(case_follows.c.case_id.in_(_IDS))
_DELETE = delete(cases).where(cases.c.id.in_(_IDS))
_HOLDING = tuple(OPEN | {CaseState.RESOLVED, CaseState.DUPLICATE})


def case_rule() -> Rule:
    """The rule for `bot.retention.purge`."""
    return Rule(name="cases", erase=_erase)


def held_contacts() -> Select[Any]:
    """The people who still wait for something: they are remembered until their cases are over."""
    return select(cases.c.contact_id).where(cases.c.contact_id.is_not(None), cases.c.state.in_(_HOLDING))


def _erase(connection: Connection, now: int, batch: int) -> int:
    ids = list(connection.execute(_DUE, {"now": now, "batch": batch}).scalars())
    if ids:
        erase_of(ids, connection)
        connection.execute(_UNFOLLOW, {"ids": ids})
        connection.execute(_BLANK, {"ids": ids})
        connection.execute(_DELETE, {"ids": ids})
    return len(ids)
