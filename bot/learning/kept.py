"""Keeps unclear messages for staff, in the commit of their turn; of whoever asks to be forgotten, or to be left alone, none.

Equal words are one row, with one row beside it for each person, under a pseudonym that leads back to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, exists, select, update

from bot.clock import to_ms
from bot.consent import Purpose, stand
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.erasure import ForgetPerson
from bot.learning.redacted import redacted
from bot.learning.unclear import Unclear
from bot.messages import Capabilities
from bot.nlu.normalise import compact
from bot.retention import Rule, by_date
from bot.schema import unclear_messages, unclear_senders

_OWN = unclear_senders.c.sender == bindparam("of_sender")
_other = unclear_senders.alias("other")
_SAID_BY_OTHERS = exists().where(
    _other.c.unclear_id == unclear_messages.c.id, _other.c.sender != bindparam("of_sender")
)
_FORGET = (
    delete(unclear_messages).where(
        unclear_messages.c.id.in_(select(unclear_senders.c.unclear_id).where(_OWN)), ~_SAID_BY_OTHERS
    ),
    delete(unclear_senders).where(_OWN),
)
_HAND_OVER = update(unclear_senders).where(_OWN).values(sender=bindparam("to_sender"))
_SAID = unclear_senders.c.id == bindparam("of_id")
_CORRECTED = update(unclear_senders).where(_SAID).values(corrected=True)
_CHOSEN = (
    update(unclear_senders)
    .where(_SAID)
    .values(chosen=bindparam("of_intent"), chosen_service=bindparam("of_service"))
)
# Who wants no messages but answers is not listened to either.
_REFUSALS = frozenset((purpose, "") for purpose in (Purpose.AWARENESS, Purpose.SURVEYS))


class KeptMessages:
    """Adds what is unclear to a write-set."""

    def __init__(
        self, *, db: Database, vault: Vault, kept: timedelta, model: Callable[[], str] = lambda: ""
    ) -> None:
        """`model` names the model that understands now."""
        self._db = db
        self._vault = vault
        self._kept = kept
        self._model = model
        message = db.insert(unclear_messages)
        self._message = message.on_conflict_do_update(
            index_elements=["id"], set_={"purge_at": message.excluded.purge_at}
        )
        sender = db.insert(unclear_senders)
        renewed = ("channel_kind", "model", "guesses", "at", "purge_at")
        self._sender = sender.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "times": unclear_senders.c.times + 1,
                **{name: sender.excluded[name] for name in renewed},
            },
        )

    async def add(
        self,
        contact_id: str,
        unclear: Sequence[Unclear],
        can: Capabilities,
        now: datetime,
        writes: WriteSet,
    ) -> None:
        """Add what a person's turn tells; nothing for those who refused. Reads the ledger, so only where there is something."""
        if not unclear or _REFUSALS & (await stand(self._db, contact_id)).refused:
            return
        sender = self._sender_of(contact_id)
        for each in unclear:
            words = redacted(each.text)
            key = compact(words)
            if not key:
                continue
            row_id = self._vault.lookup(f"unclear:{key}")
            said = self._vault.lookup(f"{row_id}:{sender}")
            if not each.again:
                writes.add(self._message, self._message_row(row_id, words, each.language, now))
                about = {"id": said, "unclear_id": row_id, "sender": sender, "channel_kind": _kind(can)}
                writes.add(self._sender, {**about, **self._sender_row(each, now)})
            if each.corrected:
                writes.add(_CORRECTED, {"of_id": said})
            if each.chosen or each.service:
                writes.add(
                    _CHOSEN, {"of_id": said, "of_intent": each.chosen[:60], "of_service": each.service[:60]}
                )

    def _message_row(self, row_id: str, words: str, language: str, now: datetime) -> dict[str, Any]:
        return {
            "id": row_id,
            "language": language,
            "text_sealed": self._vault.seal(words.encode(), f"unclear_messages:{row_id}"),
            "label": "",
            "service": "",
            "labelled_by": "",
            "labelled_at": 0,
            "created_at": to_ms(now),
            "purge_at": to_ms(now + self._kept),
        }

    def _sender_row(self, unclear: Unclear, now: datetime) -> dict[str, Any]:
        return {
            "times": 1,
            "model": self._model(),
            "guesses": orjson.dumps(unclear.guesses).decode(),
            "chosen": "",
            "chosen_service": "",
            "corrected": False,
            "at": to_ms(now),
            "purge_at": to_ms(now + self._kept),
        }

    def erase(self, _effect: ForgetPerson, context: EffectContext, writes: WriteSet) -> None:
        """Erase what the person alone said, and that they said what others said too."""
        for statement in _FORGET:
            writes.add(statement, {"of_sender": self._sender_of(context.contact_id)})

    def join(self, lost: str, kept: str, writes: WriteSet) -> None:
        """Hand over what one said to the other, as whom they turned out to be one."""
        writes.add(_HAND_OVER, {"of_sender": self._sender_of(lost), "to_sender": self._sender_of(kept)})

    def _sender_of(self, contact_id: str) -> str:
        return self._vault.lookup(f"unclear sender:{contact_id}")


def unclear_rules() -> tuple[Rule, ...]:
    """The rules for `bot.retention.purge`."""
    return tuple(
        Rule(name=name, erase=by_date(table, table.c.id))
        for name, table in (("unclear senders", unclear_senders), ("unclear messages", unclear_messages))
    )


def _kind(can: Capabilities) -> str:
    if can.session:
        return "session"
    return "sms" if can.sms else "chat"
