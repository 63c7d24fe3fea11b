"""The store of cases: what effects write, what dialogs and staff read, and the PIN's guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from bot.clock import Clock, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext, EffectWriters
from bot.errors import Duplicate, Stale, Taken
from bot.guesses import GUESSES_A_DAY, Guesses
from bot.media import attach
from complaints import audit, masking, pins
from complaints.cases import (
    TERMINAL,
    ActorKind,
    Case,
    CaseKind,
    CaseState,
    Event,
    EventKind,
    Protection,
    transition,
)
from complaints.errors import NotOffered
from complaints.filing import AddToCase, ConfirmCase, FileCase, IssuePin, ReopenCase, WithdrawCase
from complaints.tables import case_events, cases

# The `purge_at` of a case that is not over: it is kept however long it takes.
NEVER = to_ms(datetime(9999, 1, 1, tzinfo=UTC))
_OPEN_CASES_SHOWN = 5

_INSERT_CASE = insert(cases)
_INSERT_EVENT = insert(case_events)
_MOVE = update(cases).where(cases.c.id == bindparam("of_case"), cases.c.version == bindparam("was"))
_REKEY = update(cases).where(cases.c.id == bindparam("of_case"))
_BY_REFERENCE = select(cases).where(cases.c.reference == bindparam("reference"))
_BY_ID = select(cases).where(cases.c.id == bindparam("case_id"))
_OF_CONTACT = (
    select(cases)
    .where(cases.c.contact_id == bindparam("contact_id"))
    .order_by(cases.c.id.desc())
    .limit(_OPEN_CASES_SHOWN)
)
_EVENTS = (
    select(case_events).where(case_events.c.case_id == bindparam("case_id")).order_by(case_events.c.ordinal)
)
_PIN_OF = select(cases.c.pin_hash).where(cases.c.reference == bindparam("reference"))


class CaseWriters:
    """Turns effects into statements; `keep` is how long a case stays after it is over."""

    def __init__(self, keep: timedelta) -> None:
        self._keep = keep

    def by_effect(self) -> EffectWriters:
        """The writer of each effect of complaints/filing.py."""
        return {
            FileCase: self.write_case,
            AddToCase: self.write_addition,
            WithdrawCase: self.write_withdrawal,
            ConfirmCase: self.write_confirmation,
            ReopenCase: self.write_reopening,
            IssuePin: self.write_pin,
        }

    def write_case(self, effect: FileCase, context: EffectContext, writes: WriteSet) -> None:
        """File: Duplicate if this message filed before, Taken if the reference is in use."""
        if effect.protection is not Protection.NAMED:
            raise NotOffered
        case, event = _filed(effect, context)
        # The event first: its key tells a redelivery from a reference drawn twice.
        _write_event(writes, context, case, event, _particulars(case, effect))
        row = _row(case, NEVER) | {
            "id": case.id,
            "effect_key": context.cause,
            "urn_lookup": context.vault.lookup(str(context.urn)) if context.urn else "",
            "pin_hash": pins.sealed(context.vault, effect.reference, effect.pin),
        }
        writes.add(_INSERT_CASE, row, rows=1, otherwise=Taken)
        attach(effect.attachments, context.contact_id, case.id, writes)

    def write_addition(self, effect: AddToCase, context: EffectContext, writes: WriteSet) -> None:
        """Add what the citizen said; Stale if the case moved on meanwhile."""
        event = _citizen(EventKind.ADDED, context, text=effect.text, attachments=effect.attachments)
        self.write_change(effect.case, event, context, writes)
        attach(effect.attachments, context.contact_id, effect.case.id, writes)

    def write_withdrawal(self, effect: WithdrawCase, context: EffectContext, writes: WriteSet) -> None:
        """Withdraw; Stale if the case moved on meanwhile."""
        event = _citizen(EventKind.WITHDRAWN, context, reason=effect.reason)
        self.write_change(effect.case, event, context, writes)

    def write_confirmation(self, effect: ConfirmCase, context: EffectContext, writes: WriteSet) -> None:
        """Close as solved; Stale if the case moved on meanwhile."""
        self.write_change(effect.case, _citizen(EventKind.CONFIRMED, context), context, writes)

    def write_reopening(self, effect: ReopenCase, context: EffectContext, writes: WriteSet) -> None:
        """Reopen; Stale if the case moved on meanwhile."""
        event = _citizen(
            EventKind.REOPENED,
            context,
            text=effect.text,
            desk=effect.desk,
            promised_at=effect.promised_at,
        )
        self.write_change(effect.case, event, context, writes)

    def write_pin(self, effect: IssuePin, context: EffectContext, writes: WriteSet) -> None:
        """Put another PIN in the place of the lost one; Stale if the case moved on meanwhile."""
        self.write_change(effect.case, _citizen(EventKind.REKEYED, context), context, writes)
        sealed = pins.sealed(context.vault, effect.case.reference, effect.pin)
        writes.add(_REKEY, {"of_case": effect.case.id, "pin_hash": sealed}, rows=1)

    def write_change(self, case: Case, event: Event, context: EffectContext, writes: WriteSet) -> None:
        """Any event on an existing case; raises what `transition` raises."""
        moved = transition(case, event)
        over = moved.state in TERMINAL or moved.state is CaseState.DUPLICATE
        purge_at = to_ms(moved.updated_at + self._keep) if over else NEVER
        # The row first: of two changes at once the later is Stale and runs again on the new version.
        writes.add(
            _MOVE, _row(moved, purge_at) | {"of_case": case.id, "was": case.version}, rows=1, otherwise=Stale
        )
        _write_event(writes, context, moved, event, {})


class PinOutcome(StrEnum):
    """What became of a guess."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, kw_only=True, slots=True)
class PinCheck:
    """The outcome, and how many wrong guesses are left today."""

    outcome: PinOutcome
    left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseView:
    """A case as found; `own` means that the person asking filed it and needs no PIN."""

    case: Case
    own: bool


class Cases:
    """The reader."""

    def __init__(self, db: Database, vault: Vault, clock: Clock, guesses_each: int = GUESSES_A_DAY) -> None:
        """`guesses_each` are the wrong PINs a day of one guesser, more where many people may be behind one."""
        self._db = db
        self._vault = vault
        self._guesses = Guesses(db, vault, clock, each=guesses_each)

    async def find(self, reference: str, contact_id: str = "") -> CaseView | None:
        """The case with this reference (its digits, as `references.check` gives them)."""
        row = await self._db.first(_BY_REFERENCE, {"reference": reference})
        return _view(row, contact_id) if row else None

    async def get(self, case_id: str, contact_id: str = "") -> CaseView | None:
        """The case with this id."""
        row = await self._db.first(_BY_ID, {"case_id": case_id})
        return _view(row, contact_id) if row else None

    async def of_contact(self, contact_id: str) -> Sequence[CaseView]:
        """The person's latest cases that they may see without a PIN, the last one first."""
        rows = await self._db.fetch(_OF_CONTACT, {"contact_id": contact_id})
        return [view for view in (_view(row, contact_id) for row in rows) if view.own]

    async def events(self, case_id: str) -> Sequence[Event]:
        """The history, oldest first; an erased event keeps its kind, time and channel only."""
        rows = await self._db.fetch(_EVENTS, {"case_id": case_id})
        return [_event(row, self._vault) for row in rows]

    async def check_pin(self, reference: str, pin: str, guesser: str) -> PinCheck:
        """Judge one guess of a person (their contact id).

        A wrong one stays counted, on the person and on the reference; after GUESSES_A_DAY on either,
        even the right PIN is LOCKED until tomorrow. A reference that does not exist answers like one
        whose PIN is wrong, today and after the last guess.
        """
        at = f"case:{reference}"
        left = await self._guesses.take(guesser, at)
        row = await self._db.first(_PIN_OF, {"reference": reference})
        right = pins.matches(self._vault, reference, pin, row.pin_hash if row else "")
        if left is None:
            return PinCheck(outcome=PinOutcome.LOCKED, left=0)
        if not right:
            return PinCheck(outcome=PinOutcome.WRONG, left=left)
        await self._guesses.give_back(guesser, at)
        return PinCheck(outcome=PinOutcome.RIGHT, left=left + 1)


def _filed(effect: FileCase, context: EffectContext) -> tuple[Case, Event]:
    masked = masking.mask(effect.description)
    case = Case(
        id=context.chance.id(context.now),
        reference=effect.reference,
        kind=CaseKind(effect.kind),
        category=effect.category,
        state=CaseState.RECEIVED,
        service=effect.service,
        place=effect.place,
        office=effect.office,
        desk=effect.desk,
        language=effect.language,
        channel=effect.channel,
        contact_id=context.contact_id,
        protection=effect.protection,
        summary=masking.summary(masked),
        description=masked,
        filed_at=effect.filed_at,
        promised_at=effect.promised_at,
        updated_at=effect.filed_at,
    )
    event = Event(
        kind=EventKind.FILED,
        actor_kind=ActorKind.CITIZEN,
        actor=context.contact_id,
        at=effect.filed_at,
        channel=context.channel,
        reason=effect.source,
        told=effect.told,
        text=effect.description,
        desk=effect.desk,
        promised_at=effect.promised_at,
        attachments=effect.attachments,
    )
    return case, event


def _particulars(case: Case, effect: FileCase) -> dict[str, str]:
    # What the case was filed as: later rows may differ, the filing does not.
    names = ("kind", "category", "service", "place", "office", "language")
    return {"reference": case.reference, **{name: str(getattr(effect, name)) for name in names}}


def _citizen(kind: EventKind, context: EffectContext, **particulars: Any) -> Event:
    return Event(
        kind=kind,
        actor_kind=ActorKind.CITIZEN,
        actor=context.contact_id,
        at=context.now,
        channel=context.channel,
        **particulars,
    )


def _write_event(
    writes: WriteSet,
    context: EffectContext,
    case: Case,
    event: Event,
    particulars: dict[str, str],
) -> None:
    event_id = context.chance.id(event.at)
    salt = context.chance.random.randbytes(audit.SALT_BYTES)
    content = _content(event) | particulars
    row = {
        "id": event_id,
        "case_id": case.id,
        "ordinal": case.version,
        "effect_key": context.cause,
        "kind": event.kind,
        "actor_kind": event.actor_kind,
        "channel": event.channel,
        "at": to_ms(event.at),
        "digest": audit.content_digest(salt, content),
        "content_sealed": context.vault.seal_json(
            {"salt": salt.hex(), "content": content}, f"case_events:{event_id}"
        ),
        "chained": False,
    }
    writes.add(_INSERT_EVENT, row, rows=1, otherwise=Duplicate)


def _content(event: Event) -> dict[str, Any]:
    attached = {"attachments": list(event.attachments)} if event.attachments else {}
    return {
        **attached,
        "actor": event.actor,
        "reason": event.reason,
        "told": event.told,
        "text": event.text,
        "desk": event.desk,
        "promised_at": to_ms(event.promised_at) if event.promised_at else None,
        "family_id": event.family_id,
    }


def _event(row: Row[Any], vault: Vault) -> Event:
    content: dict[str, Any] = {}
    if row.content_sealed:
        content = vault.open_json(row.content_sealed, f"case_events:{row.id}")["content"]
    promised_at = content.get("promised_at")
    return Event(
        kind=EventKind(row.kind),
        actor_kind=ActorKind(row.actor_kind),
        actor=content.get("actor", ""),
        at=from_ms(row.at),
        channel=row.channel,
        reason=content.get("reason", ""),
        told=content.get("told", ""),
        text=content.get("text", ""),
        desk=content.get("desk", ""),
        promised_at=from_ms(promised_at) if promised_at else None,
        family_id=content.get("family_id", ""),
        attachments=tuple(content.get("attachments", ())),
    )


def _row(case: Case, purge_at: int) -> dict[str, Any]:
    row = asdict(case)
    del row["id"]
    for name in ("filed_at", "promised_at", "updated_at", "closed_at"):
        row[name] = to_ms(row[name]) if row[name] else None
    return row | {
        "contact_id": case.contact_id or None,
        "family_id": case.family_id or None,
        "purge_at": purge_at,
    }


def _view(row: Row[Any], contact_id: str) -> CaseView:
    case = case_of(row)
    own = bool(contact_id) and case.contact_id == contact_id and case.protection is Protection.NAMED
    return CaseView(case=case, own=own)


def case_of(row: Row[Any]) -> Case:
    """The case of a row."""
    return Case(
        id=row.id,
        reference=row.reference,
        kind=CaseKind(row.kind),
        category=row.category,
        state=CaseState(row.state),
        service=row.service,
        place=row.place,
        office=row.office,
        desk=row.desk,
        language=row.language,
        channel=row.channel,
        contact_id=row.contact_id or "",
        protection=Protection(row.protection),
        summary=row.summary,
        description=row.description,
        filed_at=from_ms(row.filed_at),
        promised_at=from_ms(row.promised_at),
        updated_at=from_ms(row.updated_at),
        closed_at=from_ms(row.closed_at) if row.closed_at else None,
        family_id=row.family_id or "",
        priority=row.priority,
        version=row.version,
    )
