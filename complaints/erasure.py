"""What goes of the cases of a person who wants to be forgotten: those that are over, as after their years."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select, update

from bot.clock import to_ms
from bot.db import WriteSet
from bot.effects import EffectContext
from bot.erasure import ForgetPerson
from bot.errors import Duplicate
from bot.media import ERASED
from bot.schema import media
from complaints import audit
from complaints.cases import TERMINAL, ActorKind
from complaints.tables import case_events, cases

# An event of no case: only that somebody was forgotten, and when.
KIND = "forgotten"

_OVER = cases.c.contact_id == bindparam("of_contact"), cases.c.state.in_(tuple(TERMINAL))
_BLANK = (
    update(case_events)
    .where(case_events.c.case_id.in_(select(cases.c.id).where(*_OVER)))
    .values(content_sealed=None)
)
_ERASE_ATTACHED = update(media).where(media.c.subject.in_(select(cases.c.id).where(*_OVER))).values(ERASED)
_DELETE = delete(cases).where(*_OVER)
_EVENT = insert(case_events)


def erase_cases(_effect: ForgetPerson, context: EffectContext, writes: WriteSet) -> None:
    """Erase what is over of this person, and add to the audit chain that somebody was forgotten."""
    writes.add(_BLANK, {"of_contact": context.contact_id})
    for statement in (_ERASE_ATTACHED, _DELETE):
        writes.add(statement, {"of_contact": context.contact_id})
    event_id = context.chance.id(context.now)
    salt = context.chance.random.randbytes(audit.SALT_BYTES)
    content = {"reason": KIND}
    row = {
        "id": event_id,
        "case_id": event_id,
        "ordinal": 1,
        "effect_key": f"{context.cause}/{KIND}",
        "kind": KIND,
        "actor_kind": ActorKind.CITIZEN,
        "channel": context.channel,
        "at": to_ms(context.now),
        "digest": audit.content_digest(salt, content),
        "content_sealed": context.vault.seal_json(
            {"salt": salt.hex(), "content": content}, f"case_events:{event_id}"
        ),
        "chained": False,
    }
    writes.add(_EVENT, row, rows=1, otherwise=Duplicate)
