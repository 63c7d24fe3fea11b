"""The review: unclear messages as staff see them, the most frequent first, and what becomes of one that they label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BindParameter, Row, bindparam, delete, func, select, update

from bot.clock import Clock, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.errors import KeyUnknown, SealBroken
from bot.learning.labels import Label, Labels
from bot.learning.unclear import Guess
from bot.schema import unclear_messages, unclear_senders

_TIMES = func.sum(unclear_senders.c.times)
_WAITING = (
    select(unclear_messages, _TIMES.label("times"), func.count().label("people"))
    .join(unclear_senders, unclear_senders.c.unclear_id == unclear_messages.c.id)
    .where(unclear_messages.c.label == "")
    .group_by(unclear_messages.c.id)
    .order_by(_TIMES.desc(), unclear_messages.c.created_at, unclear_messages.c.id)
    .limit(bindparam("most"))
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SENDERS = (
    select(unclear_senders)
    .where(unclear_senders.c.unclear_id.in_(_IDS))
    .order_by(unclear_senders.c.at.desc(), unclear_senders.c.id)
)
_COUNT = select(func.count()).select_from(unclear_messages).where(unclear_messages.c.label == "")
_LABEL = (
    update(unclear_messages)
    .where(unclear_messages.c.id == bindparam("of_id"))
    .values(
        label=bindparam("of_label"),
        service=bindparam("of_service"),
        labelled_by=bindparam("by"),
        labelled_at=bindparam("at"),
    )
)
_DELETE = (
    delete(unclear_senders).where(unclear_senders.c.unclear_id == bindparam("of_id")),
    delete(unclear_messages).where(unclear_messages.c.id == bindparam("of_id")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlabelled:
    """An unclear message that nobody has labelled.

    It was said so many `times` by so many `people`; `guesses` and `model` are of the last time. `chosen` is
    the intent that people picked instead most often, and `service` what of; `corrected` when somebody
    said that they were understood wrongly. `channels` are their kinds.
    """

    id: str
    text: str
    language: str
    times: int
    people: int
    guesses: Sequence[Guess]
    model: str
    chosen: str
    service: str
    corrected: bool
    channels: Sequence[str]
    at: datetime


class Review:
    """Reads unclear messages, and keeps what is said of them, with the labels."""

    def __init__(
        self, *, db: Database, vault: Vault, clock: Clock, labels: Labels, languages: Collection[str]
    ) -> None:
        """`languages` are those of the pack, the first for words in none of them."""
        self._db = db
        self._vault = vault
        self._clock = clock
        self._labels = labels
        self._languages = tuple(languages)

    async def waiting(self, most: int) -> Sequence[Unlabelled]:
        """At most so many that nobody has labelled, the most frequent first; what cannot be opened is left out."""
        rows = await self._db.fetch(_WAITING, {"most": most})
        senders: dict[str, list[Row[Any]]] = {row.id: [] for row in rows}
        for each in await self._db.fetch(_SENDERS, {"ids": list(senders)}) if rows else ():
            senders[each.unclear_id].append(each)
        found = [(row, self._text(row)) for row in rows]
        return [_unlabelled(row, text, senders[row.id]) for row, text in found if text and senders[row.id]]

    async def count(self) -> int:
        """How many nobody has labelled."""
        row = await self._db.first(_COUNT)
        return int(row[0]) if row else 0

    async def label(
        self, message: Unlabelled, intent: str, by: str, *, service: str = "", words: str = ""
    ) -> None:
        """Make an example of it. The example first: cut off between the two, the message is shown again."""
        now = self._clock.now()
        self._labels.add(
            Label(
                text=message.text,
                intent=intent,
                language=self._language(message),
                service=service,
                words=words,
                by=by,
                at=now,
            )
        )
        await self._mark(message, intent, service, by, to_ms(now))

    async def reopen(self, message: Unlabelled) -> None:
        """Take back its label."""
        self._labels.remove(message.text, self._language(message))
        await self._mark(message, "", "", "", 0)

    async def delete(self, message: Unlabelled) -> None:
        """Erase it, and who said it: there is something personal in it."""
        writes = WriteSet()
        for statement in _DELETE:
            writes.add(statement, {"of_id": message.id})
        await self._db.commit(writes)
        await self._db.forget()

    async def _mark(self, message: Unlabelled, label: str, service: str, by: str, at: int) -> None:
        writes = WriteSet()
        values = {"of_label": label[:60], "of_service": service[:60], "by": by[:60], "at": at}
        writes.add(_LABEL, {"of_id": message.id, **values})
        await self._db.commit(writes)

    def _language(self, message: Unlabelled) -> str:
        return message.language if message.language in self._languages else self._languages[0]

    def _text(self, row: Row[Any]) -> str:
        try:
            return self._vault.open(row.text_sealed, f"unclear_messages:{row.id}").decode()
        except (KeyUnknown, SealBroken):
            return ""


def _unlabelled(row: Row[Any], text: str, senders: Sequence[Row[Any]]) -> Unlabelled:
    last = senders[0]
    chosen = Counter(
        (each.chosen, each.chosen_service) for each in senders if each.chosen or each.chosen_service
    )
    intent, service = chosen.most_common(1)[0][0] if chosen else ("", "")
    return Unlabelled(
        id=row.id,
        text=text,
        language=row.language,
        times=int(row.times),
        people=int(row.people),
        guesses=[(name, confidence) for name, confidence in orjson.loads(last.guesses)],
        model=last.model,
        chosen=intent,
        service=service,
        corrected=any(each.corrected for each in senders),
        channels=sorted({each.channel_kind for each in senders}),
        at=from_ms(last.at),
    )
