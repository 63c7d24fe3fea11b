"""The consent ledger: who agreed to be written to about what, and the proof of it; nothing is ever changed.

An entry comes only from an effect that names its proof. Answering a service question, filing a
case or coming back after a year adds none, so nothing but a person's own word subscribes them again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, insert, select

from bot.clock import from_ms, to_ms
from bot.correspondence import end_follow_ups
from bot.db import Database, WriteSet
from bot.effects import EffectContext
from bot.errors import Duplicate
from bot.schema import consents


class Purpose(StrEnum):
    """What a message that the person did not just ask for is about."""

    AWARENESS = "awareness"
    SURVEYS = "surveys"
    OWN_CASE = "own_case"
    # What could not be delivered where the person writes may be sent to their phone.
    FOLLOW_UP = "follow_up"


class ProofKind(StrEnum):
    """Where the proof of a consent is to be found."""

    MESSAGE = "message"  # the key of the inbound message
    STAFF = "staff"  # the staff member who entered it
    FORM = "form"  # the signed form's number
    PROVIDER = "provider"  # the provider's own opt-out code


# News of one's own case was asked for by filing it; everything else needs a yes.
_WITHOUT_A_WORD = {
    Purpose.AWARENESS: False,
    Purpose.SURVEYS: False,
    Purpose.OWN_CASE: True,
    Purpose.FOLLOW_UP: False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordConsent:
    """Effect: the person said yes or no to a purpose; without `proof`, their message is the proof.

    `topic` is the id of the one public service that they spoke of; empty for the purpose as a whole.
    """

    purpose: Purpose
    granted: bool
    topic: str = ""
    proof: str = ""
    proof_kind: ProofKind = ProofKind.MESSAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One entry of the ledger."""

    purpose: Purpose
    topic: str
    granted: bool
    channel: str
    proof_kind: ProofKind
    proof: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Stand:
    """Where a person stands: what the last word is no to (purpose and topic), what they ever said yes to."""

    refused: frozenset[tuple[Purpose, str]] = frozenset()
    agreed: frozenset[Purpose] = frozenset()


_INSERT = insert(consents)
_OF_CONTACT = (
    select(consents.c.purpose, consents.c.topic, consents.c.granted)
    .where(consents.c.contact_id == bindparam("contact_id"))
    .order_by(consents.c.at, consents.c.granted.desc(), consents.c.id)
)
_OF_PURPOSE = (
    select(consents)
    .where(consents.c.contact_id == bindparam("contact_id"), consents.c.purpose == bindparam("purpose"))
    # Of a yes and a no in the same millisecond the no counts.
    .order_by(consents.c.at.desc(), consents.c.granted, consents.c.id)
)


def write_consent(effect: RecordConsent, context: EffectContext, writes: WriteSet) -> None:
    """Add the entry; its id follows from the message and the purpose, so a redelivery adds none.

    A no to follow-ups ends those that wait for the morning.
    """
    identity = f"{context.cause}\n{context.contact_id}\n{effect.purpose}\n{effect.granted}"
    if effect.topic:
        identity += f"\n{effect.topic}"
    entry = {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:26],
        "contact_id": context.contact_id,
        "purpose": effect.purpose,
        "topic": effect.topic,
        "channel": context.channel,
        "granted": effect.granted,
        "proof_kind": effect.proof_kind,
        "proof": (effect.proof or context.cause)[:180],
        "at": to_ms(context.now),
    }
    writes.add(_INSERT, entry, rows=1, otherwise=Duplicate)
    if effect.purpose is Purpose.FOLLOW_UP and not effect.granted:
        end_follow_ups(context.contact_id, context.now, writes)


async def history(db: Database, contact_id: str, purpose: Purpose) -> Sequence[Consent]:
    """Every word of the person on this purpose, the latest first."""
    rows = await db.fetch(_OF_PURPOSE, {"contact_id": contact_id, "purpose": purpose})
    return [
        Consent(
            purpose=Purpose(row.purpose),
            topic=row.topic,
            granted=row.granted,
            channel=row.channel,
            proof_kind=ProofKind(row.proof_kind),
            proof=row.proof,
            at=from_ms(row.at),
        )
        for row in rows
    ]


async def stand(db: Database, contact_id: str) -> Stand:
    """All that a person last said, by purpose and topic."""
    last: dict[tuple[Purpose, str], bool] = {}
    agreed = set()
    for row in await db.fetch(_OF_CONTACT, {"contact_id": contact_id}):
        last[Purpose(row.purpose), row.topic] = row.granted
        if row.granted:
            agreed.add(Purpose(row.purpose))
    refused = frozenset(about for about, granted in last.items() if not granted)
    return Stand(refused=refused, agreed=frozenset(agreed))


def kept_refusals(one: Stand, other: Stand) -> Sequence[tuple[Purpose, str]]:
    """The no of either that a yes of the other might outdo when two turn out to be one person."""
    kept = {
        (purpose, topic)
        for mine, theirs in ((one, other), (other, one))
        for purpose, topic in mine.refused
        if purpose in theirs.agreed
    }
    return sorted(kept)


async def current(
    db: Database, contact_id: str, purpose: Purpose, channel: str = "", topic: str = ""
) -> bool:
    """Whether the person may be written to on this purpose, and on this topic of it if one is named.

    With a channel, only what was said there counts for a yes, but a later no anywhere counts too:
    who stops on one channel is not reached on another by an older yes. A word on the purpose as a
    whole counts for each topic; one on a topic counts for no other.
    """
    for consent in await history(db, contact_id, purpose):
        if consent.topic not in ("", topic):
            continue
        if not consent.granted or not channel or consent.channel == channel:
            return consent.granted
    return _WITHOUT_A_WORD[purpose]
