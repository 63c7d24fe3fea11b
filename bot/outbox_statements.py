"""What the outbox asks of the database and writes to it: constants, so that each is compiled once."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from bot.schema import goes_again, is_waiting, outbox, outbox_parts, urns

_head = outbox.alias("head")
_blocked = exists().where(
    _head.c.urn_lookup == outbox.c.urn_lookup,
    _head.c.channel == outbox.c.channel,
    _head.c.id < outbox.c.id,
    _head.c.priority <= outbox.c.priority,
    is_waiting(_head),
    or_(_head.c.state == "sending", _head.c.attempts == 0, _head.c.created_at > bindparam("head_since")),
)
_claimable = and_(
    is_waiting(),
    outbox.c.state == "queued",
    outbox.c.due_at <= bindparam("now"),
    outbox.c.channel == bindparam("channel"),
    ~_blocked,
)
# A look before the claim: an idle poll takes no write lock.
ANY_CLAIMABLE = select(outbox.c.id).where(_claimable).limit(1)
CLAIM = (
    select(outbox)
    .where(_claimable)
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=outbox)
)
START = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("row_ids", expanding=True)))
    .values(
        state="sending",
        attempts=outbox.c.attempts + 1,
        attempt_id=bindparam("attempt"),
        attempted_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
)
EXPIRE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"), outbox.c.state == "queued")
    .values(state="expired", error_code="expired", again_at=0, updated_at=bindparam("now"))
)
BURY = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"))
    .values(state="failed", error_code="unreadable", updated_at=bindparam("now"))
)
_lost = and_(is_waiting(), outbox.c.state == "sending", outbox.c.attempted_at <= bindparam("before"))
ANY_LOST = select(outbox.c.id).where(_lost).limit(1)
LOSE = (
    update(outbox).where(_lost).values(state="in_doubt", due_at=bindparam("now"), updated_at=bindparam("now"))
)
_doubtful = and_(
    is_waiting(),
    outbox.c.state == "in_doubt",
    outbox.c.due_at <= bindparam("now"),
    outbox.c.channel == bindparam("channel"),
)
ANY_DOUBTFUL = select(outbox.c.id).where(_doubtful).limit(1)
DOUBTFUL = (
    select(outbox)
    .where(_doubtful)
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
POSTPONE = update(outbox).where(outbox.c.id == bindparam("row_id")).values(due_at=bindparam("until"))
_new_state = bindparam("new_state", type_=String)
MARK = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("row_id"),
        outbox.c.attempt_id == bindparam("attempt"),
        # Not an IN list: SQLAlchemy would write the statement anew for every message.
        or_(outbox.c.state == "sending", outbox.c.state == "in_doubt"),
    )
    .values(
        state=bindparam("new_state"),
        # Of what has ended nothing goes again.
        again_at=case(
            (or_(_new_state == "failed", _new_state == "expired"), literal(0, BigInteger)),
            else_=outbox.c.again_at,
        ),
        due_at=bindparam("due"),
        error_code=bindparam("error"),
        updated_at=bindparam("now"),
    )
)
UNTRIED = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"), outbox.c.attempt_id == bindparam("attempt"))
    .values(attempts=outbox.c.attempts - 1)
)
_going_again = and_(
    goes_again(),
    outbox.c.again_at <= bindparam("now"),
    outbox.c.channel == bindparam("channel"),
    outbox.c.state == "sent",
)
ANY_AGAIN = select(outbox.c.id).where(_going_again).limit(1)
AGAIN = (
    select(outbox)
    .where(_going_again)
    .order_by(outbox.c.again_at)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
START_AGAIN = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("row_ids", expanding=True)))
    .values(attempt_id=bindparam("attempt"), attempted_at=bindparam("now"), again_at=bindparam("until"))
)
# Reports of parts look at this moment for whether anybody was here meanwhile.
_moment = bindparam("now", type_=BigInteger)
_later = case((outbox.c.updated_at >= _moment, outbox.c.updated_at + 1), else_=_moment)
_none = literal(0, BigInteger)
_waits = exists().where(
    outbox_parts.c.outbox_id == outbox.c.id,
    or_(outbox_parts.c.state == "queued", outbox_parts.c.state == "in_doubt"),
)
MARK_AGAIN = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"), outbox.c.attempt_id == bindparam("attempt"), goes_again())
    .values(
        again_at=case(
            (and_(outbox.c.state == "sent", _waits), bindparam("due", type_=BigInteger)), else_=_none
        ),
        state=case((outbox.c.state == "sent", bindparam("new_state", type_=String)), else_=outbox.c.state),
        error_code=bindparam("error"),
        updated_at=_later,
    )
)
GO_ON = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("row_id"),
        outbox.c.attempt_id == bindparam("attempt"),
        or_(outbox.c.state == "sending", goes_again()),
    )
    .values(
        attempted_at=bindparam("now"),
        again_at=case((goes_again(), bindparam("until", type_=BigInteger)), else_=_none),
        updated_at=_later,
    )
)
WAITING = (
    select(outbox.c.channel, func.count().label("number")).where(is_waiting()).group_by(outbox.c.channel)
)
URN_STATE = update(urns).where(urns.c.lookup == bindparam("urn")).values(state=bindparam("new_state"))
OF_CAUSE = select(outbox).where(outbox.c.cause == bindparam("of_cause")).order_by(outbox.c.id)
PULLABLE = (
    select(outbox)
    .where(
        outbox.c.urn_lookup == bindparam("urn"),
        outbox.c.channel == bindparam("channel"),
        is_waiting(),
        outbox.c.state == "queued",
    )
    .order_by(outbox.c.id)
    .limit(bindparam("count"))
)
PULLED = (
    update(outbox)
    .where(
        outbox.c.urn_lookup == bindparam("urn"),
        outbox.c.channel == bindparam("of_channel"),
        is_waiting(),
        outbox.c.state == "queued",
        outbox.c.id.in_(bindparam("row_ids", expanding=True)),
    )
    .values(state="sent", attempted_at=bindparam("now"), updated_at=bindparam("now"))
)
